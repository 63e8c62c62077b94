import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { paths } from '../../src/serialization/run.ts'
import { batchSource } from '../../src/training/batches.ts'
import { buildStep } from '../../src/training/step.ts'
import { train } from '../../src/training/train.ts'
import type { TrainOptions } from '../../src/training/train-options.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'
import { plane } from '../helpers/plane.ts'
import { metricsOf, newestCheckpoint, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('resume')
let runs = 0

/** Trains in a directory of its own. */
async function trained(config: UserConfig, options: Partial<TrainOptions> = {}): Promise<string> {
  const directory = join(folder, `run-${runs++}`)
  await train(config, { directory, ...options })
  return directory
}

const files = (directory: string) =>
  [paths(directory).model, paths(directory).onnx].map(path => readFileSync(path))

/** Same model files, same tensors, same lines. */
function expectSame(one: string, other: string): void {
  files(one).forEach((bytes, i) => {
    expect(bytes.equals(files(other)[i])).toBe(true)
  })
  expect(newestCheckpoint(one)).toEqual(newestCheckpoint(other))
  expect(metricsOf(one)).toEqual(metricsOf(other))
}

const configs: Record<string, UserConfig> = {
  lsd: { ...tiny, steps: 400 },
  'psd with AdamW, a cosine, warm-up and clipping': {
    ...tiny,
    steps: 400,
    objective: 'psd',
    optimizer: { name: 'adamw', weightDecay: 0.01, clip: 1 },
    schedule: { kind: 'cosine', warmup: 30 },
  },
  radam: { ...tiny, steps: 400, optimizer: { name: 'radam', beta2: 0.95 } },
  'muon with two hidden matrices': {
    ...tiny,
    steps: 400,
    network: { ...tiny.network, layers: 3 },
    optimizer: { name: 'muon', weightDecay: 0.01 },
  },
  'lmd without averaging, on the exact velocity': {
    ...tiny,
    steps: 400,
    objective: 'lmd',
    teacher: 'exact',
    ema: 0,
    target: 'student',
  },
  'alphaflow, whose alpha falls': { ...tiny, steps: 400, objective: 'alphaflow' },
  'freeflow with its auxiliary velocity': { ...tiny, steps: 400, objective: 'freeflow', teacher: 'exact' },
  'cmt on stored trajectories': {
    ...tiny,
    steps: 400,
    objective: 'cmt',
    teacher: 'exact',
    coupling: { pairs: 300, steps: 8 },
  },
  'scm with a tangent that warms up': { ...tiny, steps: 400, objective: 'scm' },
  'psd with a learned weight, a gap weight and growing gaps': {
    ...tiny,
    steps: 400,
    objective: 'psd',
    loss: { learned: true, gapWeight: 1 },
    times: { gap: { kind: 'cosine', from: 0.1, to: 1 } },
  },
  'meanflow on reflow pairs': {
    ...tiny,
    steps: 400,
    objective: 'meanflow',
    coupling: { kind: 'reflow', teacher: 'exact', pairs: 300, steps: 8 },
  },
}

describe.each(some(Object.entries(configs)))('%s', (_, config) => {
  let straight: string
  beforeAll(async () => {
    straight = await trained(config)
  })

  test('gives the same bytes twice', async () => {
    expectSame(await trained(config), straight)
  })

  test('continues from the middle to the same bytes', async () => {
    const directory = await trained(config, { shouldStop: stopAfter(9) })
    const half = checkpointSteps(directory).at(-1)!
    expect(half).toBeGreaterThan(100)
    expect(half).toBeLessThan(300)
    await train({}, { directory, resume: true })
    expectSame(directory, straight)
  })
})

test('200 steps and 200 more are 400', async () => {
  const directory = await trained({ ...tiny, steps: 200 })
  await train({ steps: 400 }, { directory, resume: true })
  expectSame(directory, await trained({ ...tiny, steps: 400 }))
})

test('any interruptions, at any chunk size, lead to the same bytes', async () => {
  const base: UserConfig = { ...tiny, steps: 150, logEvery: 20, checkpointEvery: 35 }
  const straight = await trained(base)
  const plan = fc.record({
    chunk: fc.integer({ min: 1, max: 40 }),
    stops: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ chunk, stops: [first, ...stops] }) => {
      const directory = await trained({ ...base, chunk }, { shouldStop: stopAfter(first) })
      for (const stop of stops) await train({}, { directory, resume: true, shouldStop: stopAfter(stop) })
      await train({ chunk: 25 }, { directory, resume: true })
      expectSame(directory, straight)
    }),
    { numRuns: 8, seed: 1 },
  )
})

test('another seed is another run, so the comparisons above can fail', async () => {
  const [one, other] = [await trained({ ...tiny, steps: 60 }), await trained({ ...tiny, steps: 60, seed: 1 })]
  expect(newestCheckpoint(one)).not.toEqual(newestCheckpoint(other))
  expect(metricsOf(one)).not.toEqual(metricsOf(other))
})

test('the lines of the metrics have neither gaps nor repeats', async () => {
  const directory = await trained(
    { ...tiny, steps: 130, logEvery: 20, checkpointEvery: 1000, chunk: 7 },
    { shouldStop: stopAfter(8) },
  )
  // What a process leaves that was killed after its last checkpoint, in the middle of a line.
  appendFileSync(paths(directory).metrics, '{"step":60,"loss":1}\n{"step":80,"lo')
  await train({}, { directory, resume: true })
  expect(metricsOf(directory).map(line => line.step)).toEqual([1, 20, 40, 60, 80, 100, 120, 130])
})

describe('seeds', () => {
  const initial = async (seeds: UserConfig['seeds']) => {
    const directory = await trained({ ...tiny, seeds }, { shouldStop: () => true })
    return newestCheckpoint(directory)['map.parameters']
  }
  /** The drawn inputs of three steps by their names in the step's graph. */
  const drawn = (seeds: UserConfig['seeds']) => {
    const config = resolveConfig({ ...tiny, seeds })
    const { graph, state, turns } = buildStep(config, plane, undefined)
    const arrays = batchSource(config, generatedDataset('ring'), turns).draw(1, 3)
    const names = graph.inputs.slice(state.length).map(({ params }) => params.name)
    const of = (pattern: RegExp) => arrays.filter((_, i) => pattern.test(names[i]))
    return { data: of(/x0$/), noise: of(/eps$/), times: of(/\b[stm]$/) }
  }

  test('the initialisation has one of its own', async () => {
    const base = await initial({ initialization: 3 })
    expect(await initial({ initialization: 3, noise: 7, data: 8 })).toEqual(base)
    expect(await initial({ initialization: 4 })).not.toEqual(base)
  })

  test('the noise has one of its own, shared with the times', () => {
    const { data, noise, times } = drawn({ noise: 3 })
    expect([data.length, noise.length, times.length]).toEqual([2, 2, 4])
    expect(drawn({ noise: 3, initialization: 9 })).toEqual({ data, noise, times })
    const other = drawn({ noise: 4 })
    expect(other.data).toEqual(data)
    other.noise.forEach((array, i) => {
      expect(array).not.toEqual(noise[i])
    })
    other.times.forEach((array, i) => {
      expect(array).not.toEqual(times[i])
    })
  })

  test('the data has one of its own', () => {
    const { data, noise, times } = drawn({ data: 3 })
    const other = drawn({ data: 4 })
    expect([other.noise, other.times]).toEqual([noise, times])
    other.data.forEach((array, i) => {
      expect(array).not.toEqual(data[i])
    })
  })
})
