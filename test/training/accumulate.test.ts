import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import { DivergenceError, type TrainOptions } from '../../src/training/train-options.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { plane } from '../helpers/plane.ts'
import { metricsOf, newestCheckpoint, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('accumulate')
let runs = 0

async function trained(config: UserConfig, options: Partial<TrainOptions> = {}): Promise<string> {
  const directory = join(folder, `run-${runs++}`)
  await train({ ...tiny, ...config }, { directory, ...options })
  return directory
}

/** One term, so that the samples of some batches are those of one large batch. */
const base: UserConfig = {
  objective: 'flow-matching',
  network: { ...tiny.network, conditioning: 's' },
  batch: 12,
  steps: 30,
  logEvery: 10,
  averages: { fast: 0.9 },
  powerAverages: [0.1],
  checkpointEvery: 10,
}

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])))

describe('an update of several batches', () => {
  test.each<[string, UserConfig['optimizer']]>([
    ['adam', {}],
    ['adamw with clipping', { name: 'adamw', weightDecay: 0.1, clip: 0.5 }],
    ['radam', { name: 'radam' }],
    ['muon', { name: 'muon', learningRate: 1e-2 }],
  ])('is that of one batch of as many samples: %s', async (_, optimizer) => {
    const network = { ...base.network, layers: 2 }
    const one = await trained({ ...base, network, batch: 48, optimizer })
    const four = await trained({ ...base, network, optimizer: { ...optimizer, accumulate: 4 } })
    const [whole, gathered] = [one, four].map(newestCheckpoint)
    for (const vector of ['parameters', 'first', 'second', 'average', 'average_fast', 'power_0_1']) {
      const name = `map.${vector}`
      expect(farthest(gathered[name].data, whole[name].data), name).toBeLessThan(2e-4)
    }
    expect(gathered['map.gradient'].data.every(x => x === 0)).toBe(true)
    const [lines, expected] = [four, one].map(metricsOf)
    expect(lines.map(({ step }) => step)).toEqual([1, 10, 20, 30])
    lines.forEach(({ loss, gradientNorm, learningRate }, i) => {
      expect(loss / expected[i].loss).toBeCloseTo(1, 4)
      expect(gradientNorm / expected[i].gradientNorm).toBeCloseTo(1, 3)
      expect(learningRate).toBe(expected[i].learningRate)
    })
  })

  test('is not that of one of them', async () => {
    const [one, four] = [await trained(base), await trained({ ...base, optimizer: { accumulate: 4 } })].map(
      run => newestCheckpoint(run)['map.parameters'].data,
    )
    expect(farthest(one, four)).toBeGreaterThan(1e-2)
  })

  const two: UserConfig = { objective: 'psd', steps: 60, checkpointEvery: 20, optimizer: { accumulate: 7 } }

  test('is the same however many batches run at once, and after a stop', async () => {
    const states = [
      await trained(two),
      await trained({ ...two, chunk: 3 }),
      await trained({ ...two, chunk: 16 }, { shouldStop: stopAfter(8) }),
    ]
    await train({}, { directory: states[2], resume: true })
    const [straight, ...others] = states.map(newestCheckpoint)
    for (const other of others) expect(other).toEqual(straight)
    expect(metricsOf(states[1])).toEqual(metricsOf(states[0]))
  })

  test('costs no larger graph', () => {
    const nodes = [2, 16].map(
      accumulate =>
        buildStep(resolveConfig({ ...tiny, optimizer: { accumulate } }), plane).graph.nodes.length,
    )
    expect(nodes[1]).toBe(nodes[0])
  })

  test('that diverges is told by its step', async () => {
    const wild = { ...base, chunk: 3, steps: 50, optimizer: { learningRate: 1e12, accumulate: 5 } }
    await expect(trained(wild)).rejects.toThrow(DivergenceError)
    await expect(trained(wild)).rejects.toThrow(/^step [23]: /)
  })
})
