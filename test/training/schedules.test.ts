import { describe, expect, test } from 'vitest'
import { type Config, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { scheduledValuesOf } from '../../src/config/scheduled-values.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { fromVelocity } from '../../src/model/index.ts'
import { type Annealed, valueAt } from '../../src/objective/index.ts'
import { compile } from '../../src/runtime/node.ts'
import { batchSource } from '../../src/training/batches.ts'
import { buildStep } from '../../src/training/step.ts'
import { plane } from '../helpers/plane.ts'

const STEPS = 40
const small = {
  network: { hidden: 8, layers: 1, frequencies: 2 },
  batch: 64,
  steps: STEPS,
  chunk: STEPS,
} as const satisfies UserConfig

const teachers = { teacher: fromVelocity(x => x.neg()) }
const dataset = generatedDataset('ring')

/** What is fed to the step graph beside the state, by name: an array for each step. */
function fed(config: Config, first = 1, count = STEPS): Record<string, Float32Array[]> {
  const { graph, state, turns } = buildStep(config, plane, teachers)
  const arrays = batchSource(config, dataset, turns).draw(first, count)
  const names = graph.inputs.slice(state.length).map(({ params: { name } }) => name)
  expect(arrays).toHaveLength(names.length)
  return Object.fromEntries(
    (arrays as Float32Array[]).map((array, i) => {
      const size = array.length / count
      return [names[i], Array.from({ length: count }, (_, k) => array.slice(k * size, (k + 1) * size))]
    }),
  )
}

/** The metrics of one step from fixed parameters, by name, with some inputs replaced. */
async function metricsAt(config: Config, step: number, replaced: Record<string, ArrayLike<number>> = {}) {
  const { graph, state, metrics } = buildStep(config, plane, teachers)
  const drawn = fed(config, step, 1)
  const inputs = graph.inputs.map(({ shape, params: { name } }) => {
    const size = shape.reduce((a, b) => a * b, 1)
    if (replaced[name]) return Float32Array.from(replaced[name])
    return drawn[name]?.[0] ?? Float32Array.from({ length: size }, (_, i) => 0.3 * Math.abs(Math.sin(i)))
  })
  expect(state.length).toBeGreaterThan(2)
  const program = await compile(graph)
  const values = (await program.run(inputs)).at(-1) as Float32Array
  await program.close()
  return Object.fromEntries(metrics.map((name, i) => [name, values[i]]))
}

describe('a scheduled option', () => {
  const alpha: Annealed = { kind: 'sigmoid', from: 1, to: 0.01, start: 0.2, end: 0.8 }
  const config = resolveConfig({ ...small, objective: 'alphaflow', options: { alpha } })

  test('is fed to the graph as it is at each step', () => {
    const { moments } = fed(config)
    expect(moments).toHaveLength(STEPS)
    moments.forEach((values, i) => {
      expect([...values]).toEqual([Math.fround(valueAt(alpha, (i + 1) / STEPS))])
    })
    expect(moments[0][0]).toBe(1)
    expect(moments.at(-1)![0]).toBeCloseTo(0.01, 6)
    expect(new Set(moments.map(String)).size).toBeGreaterThan(15)
  })

  test('does not depend on where the drawing begins', () => {
    const [whole, part] = [fed(config), fed(config, 23, 5)]
    for (const [name, arrays] of Object.entries(part)) expect(arrays, name).toEqual(whole[name].slice(22, 27))
  })

  test('acts like the same number said outright', async () => {
    const fixed = (value: number) => resolveConfig({ ...config, options: { alpha: value } })
    expect(scheduledValuesOf(fixed(0.5))).toEqual([])
    expect(fed(fixed(0.5))).not.toHaveProperty('moments')
    const { moments } = fed(config)
    for (const step of [1, 20, STEPS]) {
      const scheduled = await metricsAt(config, step)
      const outright = await metricsAt(fixed(moments[step - 1][0]), step)
      expect(scheduled.loss).toBeCloseTo(outright.loss, 4)
      expect(scheduled.gradientNorm / outright.gradientNorm).toBeCloseTo(1, 4)
    }
    expect((await metricsAt(config, 20)).loss).not.toBeCloseTo((await metricsAt(fixed(1), 20)).loss, 2)
  })

  test('has a place of its own beside others: of the objective, of its diagonal term, of the gap weight', async () => {
    const falls: Annealed = { kind: 'linear', from: 0.2, to: 0.1 }
    const rises: Annealed = { kind: 'linear', from: 0, to: 2 }
    const mixed = resolveConfig({
      ...small,
      objective: 'soflow',
      teacher: 'any',
      options: { d: falls },
      diagonal: { objective: 'itm', fraction: 0.5, options: { beta: rises } },
      loss: { gapWeight: 1, adaptive: null },
    })
    expect(scheduledValuesOf(mixed).map(({ name }) => name)).toEqual([
      'options.d',
      'diagonal.options.beta',
      'left',
    ])
    const { moments } = fed(mixed)
    expect([...moments[9]]).toEqual([0.175, 0.5, 0.75].map(Math.fround))
    const base = await metricsAt(mixed, 10)
    const nudged = async (i: number) =>
      metricsAt(mixed, 10, { moments: moments[9].map((value, k) => (k === i ? 0.9 * value : value)) })
    const [d, beta, left] = [await nudged(0), await nudged(1), await nudged(2)]
    expect(d.consistencyResidual).not.toBe(base.consistencyResidual)
    expect(d.diagonal).toBe(base.diagonal)
    expect(beta.diagonal).not.toBe(base.diagonal)
    expect(beta.consistency).toBe(base.consistency)
    expect(left.consistency).not.toBe(base.consistency)
    expect([left.consistencyResidual, left.diagonal]).toEqual([base.consistencyResidual, base.diagonal])
  })
})

describe('a schedule that is wrong is refused', () => {
  test.each<[unknown, RegExp]>([
    [
      'fast',
      /^options\.alpha: expected a number from .* to 1 or \{kind, from, to, start, end\} with kind one of linear, cosine, .*, found "fast"$/,
    ],
    [{ kind: 'bent', from: 1, to: 0.1 }, /^options\.alpha: expected a number/],
    [{ kind: 'linear', from: 1 }, /^options\.alpha: expected a number/],
    [{ kind: 'linear', from: 2, to: 0.1 }, /^options\.alpha\.from: expected number to be <=1, found 2$/],
    [
      { kind: 'linear', from: 1, to: 0.1, start: 0.5, end: 0.5 },
      /^options\.alpha: expected start before end, found \{/,
    ],
    [{ kind: 'halving', from: 0.1, to: 1 }, /^options\.alpha: expected to at most from, found \{/],
    [{ kind: 'linear', from: 1, to: 0.1, over: 3 }, /^options\.alpha\.over: alphaflow has no such option$/],
  ])('%j', (alpha, message) => {
    expect(() => resolveConfig({ objective: 'alphaflow', options: { alpha } })).toThrow(message)
  })
})

describe('growing gaps', () => {
  const gap = { kind: 'linear', from: 0.1, to: 1, end: 0.5 } as const
  const times = (config: UserConfig) => {
    const all = fed(resolveConfig({ ...small, objective: 'psd', ...config }))
    const of = (name: string) => all[`terms.consistency.${name}`]
    return { s: of('s'), t: of('t'), m: of('m') }
  }
  const [free, grown] = [times({}), times({ times: { gap } })]

  test("are the law's own times the gap of the step", () => {
    for (const step of [1, 5, 10, 20, STEPS]) {
      const i = step - 1
      const part = valueAt(gap, step / STEPS)
      expect(grown.s[i]).toEqual(free.s[i])
      grown.s[i].forEach((s, k) => {
        expect(s - grown.t[i][k]).toBeCloseTo(part * (free.s[i][k] - free.t[i][k]), 5)
        expect(s - grown.m[i][k]).toBeCloseTo(part * (free.s[i][k] - free.m[i][k]), 5)
      })
    }
  })

  test('grow over the training', () => {
    const longest = ({ s, t }: typeof free, i: number) => Math.max(...s[i].map((value, k) => value - t[i][k]))
    expect(longest(grown, 0)).toBeLessThan(0.13)
    expect(longest(grown, STEPS - 1)).toBeGreaterThan(0.7)
    expect(longest(grown, STEPS - 1)).toBe(longest(free, STEPS - 1))
  })
})

describe('the anchor of tvm', () => {
  const config = (anchor: UserConfig['anchor']) => resolveConfig({ ...small, objective: 'tvm', anchor })
  const own = config({ law: 'logit-normal', mean: 3, deviation: 0.5 })
  const mean = (values: Float32Array[]) =>
    values.flatMap(array => [...array]).reduce((a, b) => a + b) / (STEPS * 64)

  test('draws its times by a law of its own, and the others stay', () => {
    const [alone, shared] = [fed(own), fed(config({}))]
    expect(shared).not.toHaveProperty(['terms.consistency.anchor'])
    expect(mean(alone['terms.consistency.anchor'])).toBeGreaterThan(0.93)
    expect(mean(alone['terms.consistency.t'])).toBeLessThan(0.4)
    expect(mean(alone['terms.consistency.t'])).toBeCloseTo(mean(shared['terms.consistency.t']), 1)
  })

  test('is trained at those, the terminal part at its own', async () => {
    const base = await metricsAt(own, 3)
    const moved = await metricsAt(own, 3, { 'terms.consistency.anchor': new Float32Array(64).fill(0.2) })
    expect(moved.terminal).toBe(base.terminal)
    expect(moved.anchor).not.toBeCloseTo(base.anchor, 3)
  })

  test('is trained at the target times where it has none', async () => {
    const { 'terms.consistency.t': t } = fed(config({}), 3, 1)
    const given = await metricsAt(own, 3, { 'terms.consistency.anchor': t[0], 'terms.consistency.t': t[0] })
    const replaced = {
      'terms.consistency.t': t[0],
      'terms.consistency.s': fed(own, 3, 1)['terms.consistency.s'][0],
    }
    const none = await metricsAt(config({}), 3, replaced)
    expect(given.anchor).toBeCloseTo(none.anchor, 4)
  })
})

describe('the smallest source time', () => {
  const smallest = (objective: string, name: string) => {
    const config = resolveConfig({ ...small, objective, teacher: objective === 'ct' ? null : 'any' })
    return Math.min(...fed(config)[`terms.consistency.${name}`].flatMap(array => [...array]))
  }

  test('bounds the times that a jump starts from, and those at which samples are made noisy', () => {
    expect(smallest('ct', 's')).toBeGreaterThanOrEqual(0.05)
    expect(smallest('freeflow', 'r')).toBeGreaterThanOrEqual(0.05)
  })

  test.each(['pid', 'freeflow'])('does not keep %s from the data', objective => {
    expect(smallest(objective, 's')).toBe(1)
    expect(smallest(objective, 't')).toBeLessThan(0.01)
  })
})

describe('where no data is asked for', () => {
  const silent = {
    ...dataset,
    sample: () => {
      throw new Error('data was drawn')
    },
  }
  const drawn = (objective: string) => {
    const config = resolveConfig({ ...small, objective, teacher: 'any' })
    const { terms, turns } = buildStep(config, plane, teachers)
    return {
      inputs: terms.flatMap(({ inputs }) => inputs),
      draw: () => batchSource(config, silent, turns).draw(1, 3),
    }
  }

  test.each(['freeflow', 'pid'])('%s draws none', objective => {
    const { inputs, draw } = drawn(objective)
    expect(inputs).not.toContain('x0')
    expect(inputs).toContain('eps')
    draw()
  })

  test('others do', () => {
    expect(drawn('lmd').draw).toThrow('data was drawn')
  })

  test.each(['reflow', 'itm', 'cmt'] as const)('%s draws from its pool alone', objective => {
    const config = resolveConfig({ ...small, objective, teacher: 'any' })
    const { turns } = buildStep(config, plane, teachers)
    const points = [0, 1, 2].map(i => new Float32Array(20).fill(i))
    const kind = config.coupling.kind as 'reflow'
    const arrays = batchSource(config, silent, turns, { kind, dimension: 2, pairs: 10, points }).draw(1, 3)
    const first = objective === 'cmt' ? [0, 1] : [2]
    expect(first).toContain(arrays[0][0])
  })
})
