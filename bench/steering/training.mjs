// Maps that learn the tilted law of the ring, by the configurations of examples/steering.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { drawNoise, jumpThrough, uniformGrid } from '../../dist/sampler/sampler.js'
import { load } from '../../dist/serialization/load.js'
import { isTrained } from '../trained.mjs'
import { targetOf } from './methods.mjs'

const CONFIGS = 'examples/steering'
/** Points of each measurement: the floor of the distance falls with their number. */
const COUNT = 10_000

const oneStage = (...more) => ({
  stages: [() => ['--config', `${CONFIGS}/one-stage.yaml`, ...more]],
  // As published: the student itself, not its average.
  weights: 'raw',
})
const backprop = (steps, ...more) => ({
  stages: [
    ({ base }) => [
      ...['--data', 'ring', '--objective', 'reward-backprop', '--teacher', base, '--init-from', base],
      ...['--options.beta', '4', '--options.reward', '{kind: gaussian, center: [4, 0], scale: 2.5}'],
      ...['--lr', '0.0005', '--steps', String(steps), ...more],
    ],
  ],
  weights: 'raw',
  seeds: 1,
})

/** Options of a term are given whole: one that is named replaces all of the file's. */
const TILT = [
  ...['--diagonal.options.beta', '4'],
  ...['--diagonal.options.reward', '{kind: gaussian, center: [4, 0], scale: 2.5}'],
]

/** Rows of the table, by their names: the stages of a training, each told the run of the one before. */
export const TRAININGS = {
  'one stage': oneStage(),
  'one stage, reward centred': oneStage(...TILT, '--diagonal.options.center', 'true'),
  'one stage, fresh posterior samples': {
    ...oneStage(...TILT, '--diagonal.options.draw', 'posterior'),
    seeds: 1,
  },
  'two stages: a map of the untilted data, then one stage from it': {
    stages: [
      () => ['--config', `${CONFIGS}/untilted-map.yaml`],
      ({ before }) => ['--config', `${CONFIGS}/one-stage.yaml`, '--steps', '2500', '--init-from', before],
    ],
    weights: 'raw',
  },
  'tilted velocity, then a map of its trajectories': {
    stages: [
      () => ['--config', `${CONFIGS}/tilted-velocity.yaml`],
      ({ before }) => [
        ...['--config', `${CONFIGS}/tilted-map.yaml`],
        ...['--teacher', before, '--init-from', before],
      ],
    ],
    weights: 'ema',
  },
  'reward-backprop, no leash, 100 steps': backprop(100, '--options.leash', '0'),
  'reward-backprop, no leash, 1000 steps': backprop(1000, '--options.leash', '0'),
  'reward-backprop, leash l2 0.1, 1000 steps': backprop(1000, '--options.leash', '0.1'),
}

async function measure(run, weights, seed) {
  const map = await load(run, { weights, runtime: nodeRuntime() })
  try {
    const target = await targetOf('ring', seed, COUNT)
    const row = { floor: target.floor.value, exact: target.meanReward }
    for (const steps of [1, 2, 4, 8]) {
      const points = await jumpThrough(map.jump, drawNoise(COUNT, 2, seed), uniformGrid(steps))
      row[steps] = target.measure(points)
    }
    return row
  } finally {
    await map.close()
  }
}

/** Trains and measures what is missing. */
export async function trainingRows({ OUT, SEEDS, oxbow, results, keep, trainedRun }) {
  for (const [name, { stages, weights, seeds = SEEDS.length }] of Object.entries(TRAININGS)) {
    for (const seed of SEEDS.slice(0, seeds)) {
      const key = `training/${name}/${seed}`
      if (results[key]) continue
      const base = name.startsWith('reward-backprop') ? trainedRun('ring') : undefined
      let before
      const started = performance.now()
      for (const [k, stage] of stages.entries()) {
        const run = join(OUT, `${name.replace(/[^a-z0-9]+/g, '-')}-${seed}-${k}`)
        if (!isTrained(run)) {
          const resume = existsSync(run) ? ['--resume'] : []
          oxbow('train', ...stage({ base, before }), '--seed', String(seed), '--out', run, ...resume)
        }
        before = run
      }
      const minutes = (performance.now() - started) / 60_000
      keep(key, { ...(await measure(before, weights, seed)), minutes: Number(minutes.toFixed(1)) })
      console.error(`${name}, seed ${seed}: ${minutes.toFixed(1)} min`)
    }
  }
}
