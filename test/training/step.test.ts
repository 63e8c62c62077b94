import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { metricsOf, newestCheckpoint, stopAfter, tiny } from '../helpers/training.ts'
import { stepOf } from '../runtime/cpu/steps.ts'

const folder = temporaryFolder('step')
let runs = 0

/** A run of a few steps, one checkpoint and one line of metrics for each. */
async function steps(count: number, config: UserConfig = {}) {
  const directory = join(folder, `run-${runs++}`)
  const every = { ...tiny, ...config, steps: count, chunk: 1, logEvery: 1, checkpointEvery: 1 }
  await train(every, { directory, shouldStop: () => true })
  const states = [newestCheckpoint(directory)]
  for (let i = 0; i < count; i++) {
    await train({}, { directory, resume: true, shouldStop: stopAfter(1) })
    states.push(newestCheckpoint(directory))
  }
  return { states, lines: metricsOf(directory) }
}

const rowsOf = (config: UserConfig) =>
  Object.fromEntries(
    buildStep(resolveConfig({ ...tiny, ...config }), plane, undefined).terms.map(({ name, rows }) => [
      name,
      rows,
    ]),
  )

describe('the batch', () => {
  test.each<[UserConfig, Record<string, number>]>([
    [{ batch: 100 }, { diagonal: 30, consistency: 70 }],
    [
      { batch: 10, diagonal: { fraction: 0.25 } },
      { diagonal: 2, consistency: 8 },
    ],
    [
      { batch: 100, consistency: { fraction: 0.25 } },
      { diagonal: 30, consistency: 17 },
    ],
    [
      { batch: 4, consistency: { fraction: 0.01 } },
      { diagonal: 1, consistency: 1 },
    ],
    [{ batch: 100, objective: 'ct' }, { consistency: 100 }],
    [{ batch: 100, objective: 'flow-matching' }, { diagonal: 100 }],
    [{ batch: 100, objective: 'meanflow' }, { consistency: 100 }],
  ])('%j is divided into %j', (config, rows) => {
    expect(rowsOf(config)).toEqual(rows)
  })
})

describe('the loss', () => {
  test.each<[string, UserConfig, number, number]>([
    ['weighs each term by its part of the batch', { diagonal: { fraction: 0.25 } }, 0.25, 0.75 * 0.02],
    [
      'or not',
      { diagonal: { fraction: 0.25, weight: 3 }, consistency: { weight: 5 }, termWeights: 'plain' },
      3,
      5,
    ],
  ])('%s', async (_, config, diagonal, consistency) => {
    const { lines } = await steps(2, config)
    for (const { loss, terms } of lines) {
      const sum = diagonal * terms.diagonal.loss + consistency * terms.consistency.loss
      expect(Math.abs(loss - sum)).toBeLessThan(1e-5 * Math.abs(sum))
      expect(terms.diagonal.loss).toBe(terms.diagonal.residual)
    }
  })

  test('is weighted, the residual beside it never', async () => {
    const plain = await steps(1)
    const huber = await steps(1, { loss: { kind: 'pseudo-huber' } })
    const [before, after] = [plain.lines[0].terms.diagonal, huber.lines[0].terms.diagonal]
    expect(after.residual).toBeCloseTo(before.residual, 4)
    expect(after.loss).toBeLessThan(0.9 * before.loss)
  })
})

describe('the average', () => {
  test('follows the parameters at its decay', async () => {
    const { states } = await steps(3, { ema: 0.9 })
    expect(states[0]['map.average'].data).toEqual(states[0]['map.parameters'].data)
    for (let i = 1; i < states.length; i++) {
      const before = states[i - 1]['map.average']
      const { 'map.parameters': parameters, 'map.average': ema } = states[i]
      ema.data.forEach((value, k) => {
        expect(Math.abs(value - (0.9 * before.data[k] + 0.1 * parameters.data[k]))).toBeLessThan(1e-6)
      })
    }
    expect(states[3]['map.average'].data).not.toEqual(states[3]['map.parameters'].data)
  })

  test('is left out where it is not wanted', async () => {
    const { states } = await steps(1, { ema: 0, target: 'student' })
    expect(states[1]['map.average']).toBeUndefined()
  })
})

describe('a transformer', () => {
  const network = { kind: 'dit', patch: 4, width: 32, depth: 2, heads: 2 } as const
  const attentionsOf = (objective: string) =>
    stepOf({ objective, data: { glyphs: { size: 12 } }, network, batch: 4 }).graph.nodes.filter(
      ({ op }) => op === 'softmax',
    ).length

  test('is evaluated once where an objective asks for its value and its derivative', () => {
    expect(attentionsOf('meanflow')).toBe(network.depth)
  })
})

describe('clipping', () => {
  /** With a huge epsilon Adam's first step is the gradient itself, scaled. */
  const plain: UserConfig = { optimizer: { epsilon: 1e4, learningRate: 1e3 } }
  const moved = ({ states }: Awaited<ReturnType<typeof steps>>) =>
    Math.hypot(...states[1]['map.parameters'].data.map((p, i) => p - states[0]['map.parameters'].data[i]))

  test('shortens the step to the limit, and logs the norm before', async () => {
    const free = await steps(1, plain)
    const norm = free.lines[0].gradientNorm
    const limit = norm / 4
    const clipped = await steps(1, { optimizer: { ...plain.optimizer, clip: limit } })
    expect(clipped.lines[0].gradientNorm).toBeCloseTo(norm, 4)
    expect(moved(clipped) / moved(free)).toBeCloseTo(0.25, 2)
  })

  test('leaves a shorter gradient alone', async () => {
    const [free, loose] = [
      await steps(1, plain),
      await steps(1, { optimizer: { ...plain.optimizer, clip: 1e6 } }),
    ]
    expect(moved(loose)).toBeCloseTo(moved(free), 5)
  })
})
