import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { evaluate, spec, trace } from '../../src/autodiff/index.ts'
import type { UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { twoClasses } from '../../src/model/exact-guided.ts'
import { extrapolate, interpolants, mixtureVelocity } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { asMap } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { withoutSites } from '../objective/setting.ts'

/** Two classes in the plane that overlap, so that guidance leads far away from them. */
const CLASSES = { a: [0.9, -0.4], sigma: 0.5 }
const DATA = {
  mixture: {
    components: [1, -1].map(sign => ({
      weight: 1,
      mean: CLASSES.a.map(v => sign * v),
      std: CLASSES.sigma,
    })),
  },
}
const W = 3
const { mixture } = generatedDataset(DATA)

const folder = temporaryFolder('guided-plane')

const base = {
  data: DATA,
  standardize: 'none',
  condition: { kind: 'class', drop: 0.2 },
  objective: 'flow-matching',
  network: { hidden: 64, layers: 2, frequencies: 2, conditioning: 's' },
  batch: 256,
  steps: 600,
  ema: 0.98,
  optimizer: { learningRate: 5e-3 },
  schedule: { kind: 'cosine' },
  seed: 1,
} as const satisfies UserConfig

const COUNT = 256
/** Points of the path at times 0.1 to 0.95, with their classes. */
function points() {
  const source = random(5, 'points')
  const rows = Array.from({ length: COUNT }, () => {
    const [k, t] = [source.uniform() < 0.5 ? 0 : 1, 0.1 + 0.85 * source.uniform()]
    const { mean, scales } = mixture!.components[k]
    const x = mean.map((m, d) => (1 - t) * (m + scales[d] * source.normal()) + t * source.normal())
    return { k, t, x }
  })
  const of = (data: number[], width: number) => ({ shape: [COUNT, width], data: Float64Array.from(data) })
  return {
    x: of(
      rows.flatMap(({ x }) => x),
      2,
    ),
    s: of(
      rows.map(({ t }) => t),
      1,
    ),
    c: { shape: [COUNT], data: Float64Array.from(rows, ({ k }) => k) },
  }
}
const at = points()

/** The scale that a trained velocity has come to at some scale that it is told, and how far it is from two exact ones. */
function measure(name: string, w: number) {
  const model = readModel(join(folder, name))
  const graph = trace(
    ({ x, s, c }) => {
      const all = s.mul(0).add(w)
      const V = asMap(model, 'float64', { class: c, scale: all }).velocity(x, s)
      const [told, untold] = [c, undefined].map(k =>
        mixtureVelocity(mixture!, interpolants.linear, k).velocity(x, s),
      )
      const direction = told.sub(untold)
      const scale = V.sub(untold).mul(direction).sum().div(direction.square().sum())
      const size = (v: typeof V) => v.square().mean().sqrt()
      return { scale, guided: size(V.sub(extrapolate(untold, told, all))), plain: size(V.sub(told)) }
    },
    { x: spec([COUNT, 2], 'float64'), s: spec([COUNT, 1], 'float64'), c: spec([COUNT], 'int64') },
  )
  const [scale, guided, plain] = evaluate(
    graph,
    graph.inputs.map(({ params }) => at[params.name as keyof typeof at]),
  ).map(({ data }) => data[0])
  return { scale, guided, plain }
}

describe('a velocity that is trained under a rule comes to the exact guided one', () => {
  test.each<[string, UserConfig]>([
    ['linear', { guidance: { rule: 'linear', scale: W } }],
    ['mix', { guidance: { rule: 'mix', omega: 1, kappa: 2 / 3 } }],
    ['mix without kappa', { guidance: { rule: 'mix', omega: W, kappa: 0 } }],
    ['model', { guidance: { rule: 'model', omega: 2 / 3 } }],
    ['teacher', { teacher: 'exact', guidance: { rule: 'teacher', scale: W } }],
  ])('%s', async (name, user) => {
    await train({ ...base, ...user }, { directory: join(folder, name) })
    const { scale, guided, plain } = measure(name, W)
    expect(Math.abs(scale - W)).toBeLessThan(0.4)
    expect(guided).toBeLessThan(0.6 * plain)
  })

  test.each<[string, UserConfig]>([
    ['none', {}],
    // The weaker model is told the same: where it is as good as the teacher there is nothing to lead away from.
    ['auto', { teacher: 'exact', guidance: { rule: 'auto', scale: W, weak: 'exact' } }],
  ])('%s: to that of its class', async (name, user) => {
    await train({ ...base, ...user }, { directory: join(folder, name) })
    expect(Math.abs(measure(name, 1).scale - 1)).toBeLessThan(0.1)
  })

  const drawn: [string, UserConfig][] = [
    ['random', { guidance: { rule: 'random', range: [1, 4] } }],
    ['linear at drawn scales', { guidance: { rule: 'linear', law: 'inverse-uniform', range: [1, 4] } }],
    ['gft', { objective: 'gft', guidance: { range: [1, 4] } }],
  ]
  test.each(drawn)('%s: at the scale that it is told', async (name, user) => {
    await train({ ...base, ...user, steps: 1000 }, { directory: join(folder, name) })
    for (const w of [1, 2]) expect(Math.abs(measure(name, w).scale - w), `w = ${w}`).toBeLessThan(0.35)
    const { guided, plain } = measure(name, 2)
    expect(guided).toBeLessThan(0.6 * plain)
  })

  long.each(drawn)('%s: and at larger ones, in a longer training', async (name, user) => {
    await train({ ...base, ...user, steps: 3000 }, { directory: join(folder, `${name} for long`) })
    for (const w of [1, 2, 3]) {
      expect(Math.abs(measure(`${name} for long`, w).scale - w), `w = ${w}`).toBeLessThan(0.3)
    }
  })
})

test('one jump of a map that learns from a guided teacher is that of the guided flow, and not guidance of jumps', async () => {
  const network = { ...base.network, conditioning: 's,t' } as const
  const guidance = { rule: 'teacher', scale: W } as const
  const directory = join(folder, 'map')
  await train(
    { ...base, network, objective: 'lmd', teacher: 'exact', guidance, steps: 800, times: { full: 0.25 } },
    { directory },
  )
  const model = readModel(directory)
  const graph = withoutSites(() =>
    trace(
      ({ x, c }) => {
        const [noise, data] = [1, 0].map(t => x.slice(1, 0, 1).mul(0).add(t))
        const sign = c.cast('float64').reshape([COUNT, 1]).mul(-2).add(1)
        const flow = twoClasses(CLASSES, sign)
        const jump = (w: number) => flow.guided(noise.mul(w)).jump(x, noise, data)
        const found = asMap(model, 'float64', { class: c }).jump(x, noise, data)
        const size = (v: typeof x) => v.square().sum(-1).sqrt().mean()
        const wrong = extrapolate(jump(0), jump(1), noise.mul(W))
        return {
          guided: size(found.sub(jump(W))),
          plain: size(found.sub(jump(1))),
          wrong: size(found.sub(wrong)),
        }
      },
      { x: spec([COUNT, 2], 'float64'), c: spec([COUNT], 'int64') },
    ),
  )
  const noise = random(6, 'noise')
  const [guided, plain, wrong] = evaluate(graph, [
    { shape: [COUNT, 2], data: Float64Array.from({ length: 2 * COUNT }, () => noise.normal()) },
    at.c,
  ]).map(({ data }) => data[0])
  expect(guided).toBeLessThan(0.25)
  expect(plain).toBeGreaterThan(0.5)
  expect(wrong).toBeGreaterThan(1)
})
