import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/config/dataset.ts'
import type { UserConfig } from '../../src/config/index.ts'
import { type EvaluationRequest, evaluateRun } from '../../src/evaluation/evaluate.ts'
import { type Objective, objectives } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { load } from '../../src/serialization/load.ts'
import { encodeModelFile, encodeOnnxModel } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'
import { expectSamePoints } from '../helpers/points.ts'
import { metricsOf, mixture, quick } from '../helpers/training.ts'

const folder = temporaryFolder('objectives')
const mapTeacher = join(folder, 'map-teacher')
const velocity = join(folder, 'velocity')
const weighed = join(folder, 'weighed.csv')

/** With times in every layer, so that a velocity can become a decoupled map. */
const layered = { ...quick.network, injection: 'layers' } as const

/** What 300 steps in the plane need that is not the row's default, and why. */
const OWN: Record<string, UserConfig> = {
  // A weight of 1/(r^2 + c) leaves no force to undo what the first hundred steps did wrong.
  meanflow: { loss: { adaptive: null } },
  imf: { loss: { adaptive: null } },
  soflow: { loss: { adaptive: null } },
  // An average over many steps holds a map back that is compared with itself a small step away.
  ct: { target: 'student', options: { delta: 1 / 8 } },
  ctm: { target: 'student' },
  // Its Euler step from m to t is short where m is near t.
  'lmd-discrete': { times: { between: [0.05, 0.3] } },
  gft: { condition: { kind: 'class' } },
  // As its paper trains it: a velocity whose later layers are shown the target time, and at a lower rate.
  dmf: {
    initFrom: velocity,
    network: { ...layered, conditioning: 'decoupled' },
    optimizer: { learningRate: 3e-3 },
  },
  // A tilt so small that the map of the data itself is still the measure.
  itm: { options: { beta: 0.1 } },
  'mfm-ft': { options: { beta: 0.1 }, posterior: { steps: 2 } },
  // The same data as a file, of equal weights.
  'weighted-flow-matching': {
    data: { csv: { path: weighed, condition: 'logWeight' } },
    standardize: 'none',
  },
  // Of several modes it would seek one.
  'reverse-kl': { data: { gaussian: { mean: [1, 0.5], std: [0.4, 0.7] } } },
  // The data's own deviation, as the paper has it.
  imm: { options: { sigmaData: 1.3 }, optimizer: { learningRate: 2e-3 }, steps: 900 },
  // Normalised apart, modes of unlike weights take thousands of steps.
  drifting: { options: { normalisation: 'joint' }, optimizer: { learningRate: 2e-3 }, steps: 900 },
  // On coordinates it would see two moments; a long memory lags behind so fast a training.
  frechet: { features: 'random:32', options: { beta: 0.5 } },
  // Two players chase each other: slower, and the first moment kept short.
  gan: { optimizer: { learningRate: 3e-3, beta1: 0 }, steps: 900 },
  'self-e': { options: { scale: 'weights' }, steps: 900 },
  'dmd-steps': { options: { times: [0.5] }, optimizer: { learningRate: 3e-3 }, steps: 900 },
  moment: { steps: 600 },
  'tmd-head': { steps: 900 },
  // From a random start, which it is not made for: a single outer step.
  tmd: { options: { times: [] }, optimizer: { learningRate: 3e-3 }, steps: 900 },
  // Its critic alone is quick: the map may not run ahead of it.
  cafm: {
    optimizer: { learningRate: 1e-4, beta1: 0, beta2: 0.95 },
    players: { critic: { learningRate: 3e-3 } },
  },
  // Held so short that it learns the map that it is held to.
  'reward-backprop': { options: { beta: 0.01, leash: 1 } },
}

/** Rows that are measured in several jumps, and why one is not enough. */
const JUMPS: Record<string, number> = {
  // Trained for such steps, and as samples of all of them together.
  'dmd-steps': 2,
  moment: 4,
  // One jump from noise has no data point to hold it.
  'self-e': 4,
  'tmd-head': 4,

  // Its target takes an Euler step of a fifth of the jump or more, whatever the training.
  'emd-discrete': 4,
}

/** Rows that the exact map of all data does not measure, and what does. */
const METRICS: Record<string, string> = {
  // Told classes, its samples are only together those of the data.
  gft: 'slicedWasserstein',
  // Its data is a file.
  'weighted-flow-matching': 'slicedWasserstein',
  // Some map of the law, whatever its flow.
  'reverse-kl': 'slicedWasserstein',
  imm: 'slicedWasserstein',
  drifting: 'slicedWasserstein',
  frechet: 'slicedWasserstein',
  dmd: 'slicedWasserstein',
  'dmd-steps': 'slicedWasserstein',
  sid: 'slicedWasserstein',
  moment: 'slicedWasserstein',
  gan: 'slicedWasserstein',
  'self-e': 'slicedWasserstein',
  'tmd-head': 'slicedWasserstein',
  tmd: 'slicedWasserstein',
}

/** Part of the first error that may be left. */
const LEFT = 0.6

/** Rows that are slow from a random start, which they are not made for. */
const LEAST: Record<string, number> = { cafm: 1, 'dmd-steps': 0.8 }

/** What makes a training of a row possible at all. */
function configFor({ id, needs, parts }: Objective): UserConfig {
  const teacher = needs.includes('flow-map-teacher') ? mapTeacher : needs.includes('teacher') ? 'exact' : null
  const network = parts ? quick.network : ({ ...quick.network, conditioning: 's' } as const)
  return { ...quick, coupling: { pairs: 4096 }, network, objective: id, teacher, ...OWN[id] }
}

/** Distance to the exact flow map, or of samples to the data, after eight steps of the velocity or, for a map, as few jumps as it is made for. */
async function errorOf(directory: string, { id, parts, jumps, sampler }: Objective): Promise<number> {
  const way: Pick<EvaluationRequest, 'method' | 'steps'> = parts
    ? { method: sampler || (jumps === 'to-data' && JUMPS[id]) ? 'auto' : 'jump', steps: [JUMPS[id] ?? 1] }
    : { method: 'heun', steps: [8] }
  const metric = METRICS[id] ?? 'trajectoryError'
  const { rows } = await evaluateRun(directory, {
    ...way,
    count: 200,
    seed: 1,
    weights: ['ema'],
    metrics: [metric],
  })
  return rows[0].metrics[metric].value!
}

/** The method that `auto` takes in two steps, where a row can take two. */
const TWO_STEPS = { any: 'jump', 'both-ways': 'jump', 'to-data': 'renoise', 'from-noise': undefined } as const

beforeAll(async () => {
  const points = new Float32Array(8000)
  generatedDataset(mixture).sample(random(1, 'weighed'), points)
  const rows = Array.from({ length: 4000 }, (_, i) => `${points[2 * i]},${points[2 * i + 1]},0`)
  writeFileSync(weighed, ['x0,x1,logWeight', ...rows].join('\n'))
  await train({ ...quick, objective: 'psd', steps: 1000 }, { directory: mapTeacher })
  const network = { ...layered, conditioning: 's' } as const
  await train({ ...quick, objective: 'flow-matching', network, steps: 1000 }, { directory: velocity })
})

/** Rows of symbols are trained in symbols.test.ts. */
const ofPoints = [...objectives.values()].filter(({ parameterization }) => parameterization !== 'simplex')

describe.each(some(ofPoints).map(row => [row.id, row] as const))('%s', (id, row) => {
  const directory = join(folder, id)

  test('trains in float32 without a number that is not finite, and comes much nearer the exact map', async () => {
    await train(configFor(row), { directory, shouldStop: () => true })
    const before = await errorOf(directory, row)
    const { finished, verdict } = await train({}, { directory, resume: true })
    expect(finished).toBe(true)
    expect(verdict!.diverged, verdict!.text).toBe(false)
    const lines = metricsOf(directory)
    const numbers = lines.flatMap(({ loss, gradientNorm, terms }) => [
      loss,
      gradientNorm,
      ...Object.values(terms).flatMap(term => [term.loss, term.residual]),
    ])
    expect(numbers.every(Number.isFinite)).toBe(true)
    expect(await errorOf(directory, row)).toBeLessThan((LEAST[id] ?? LEFT) * before)

    const { diagonal } = lines[0].terms
    // What a critic makes of a velocity is no residual.
    if (diagonal && id !== 'cafm')
      expect(lines.at(-1)!.terms.diagonal.residual).toBeLessThan(0.8 * diagonal.residual)
  })

  test('is read again as it was written, and samples the same points from every form', async () => {
    const { model: file, onnx } = paths(directory)
    const model = readModel(directory)
    expect(Buffer.compare(encodeModelFile(readModel(file)), readFileSync(file))).toBe(0)
    expect(Buffer.compare(encodeOnnxModel(model), readFileSync(onnx))).toBe(0)

    const noise = drawNoise(100, 2, 3)
    const method = row.parts ? TWO_STEPS[row.jumps] && (row.sampler ?? TWO_STEPS[row.jumps]) : 'jump'
    const grid = method ? [1, 0.5, 0] : [1, 0]
    const samples = []
    for (const path of [directory, file, onnx]) {
      const map = await load(path)
      samples.push(await sample(map, noise, { grid, seed: 4 }))
      await map.close()
    }
    for (const { points, method: used } of samples) {
      expect(used).toBe(method ?? 'jump')
      expectSamePoints(points, samples[0].points)
    }
    expect(samples[1].points).toEqual(samples[0].points)
    expect(samples[0].points.every(Number.isFinite)).toBe(true)
    expect(samples[0].points).not.toEqual(noise)
  })
})
