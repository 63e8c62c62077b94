// A stochastic map of two Gaussians beside the exact posterior: its spread, and the value that it gives.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { covarianceOfLaw, exactAhead, posterior } from '../../dist/model/exact-tilt.js'
import { rewardSchema } from '../../dist/objective/reward.js'
import { quadraticOf } from '../../dist/objective/reward-quadratic.js'
import { rewardValue } from '../../dist/objective/reward-value.js'
import { random } from '../../dist/random/random.js'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { load } from '../../dist/serialization/load.js'
import { statePosterior } from '../../dist/serialization/steerable.js'
import { lookAhead } from '../../dist/steering/look-ahead.js'
import { isTrained } from '../trained.mjs'
import { exactMap, exactPosterior, WORLDS } from './worlds.mjs'

const TIMES = [0.3, 0.6, 0.9]
/** Noisy points of each time, and samples of each point. */
const [POINTS, SAMPLES] = [100, 1000]
/** Samples of a value. */
const FEW = 16

const world = WORLDS.two
const mixture = {
  components: world.components.map(({ weight, mean, sd }) => ({ weight, mean, scales: [sd, sd] })),
}
const norm = matrix => Math.hypot(...matrix.flat())

function covarianceOf(points) {
  const n = points.length / 2
  const mean = [0, 1].map(d => points.reduce((sum, value, i) => sum + (i % 2 === d ? value / n : 0), 0))
  return [0, 1].map(a =>
    [0, 1].map(b => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += ((points[2 * i + a] - mean[a]) * (points[2 * i + b] - mean[b])) / n
      return sum
    }),
  )
}

/** Noisy data of a time. */
function noisy(tau, seed) {
  const source = random(seed, 'noisy', tau)
  return Float32Array.from({ length: 2 * POINTS }, () => 0).map((_, i, all) => {
    if (i % 2 === 1) return all[i]
    const { mean, sd } = world.components[source.uniform() < world.components[0].weight ? 0 : 1]
    for (const d of [0, 1]) all[i + d] = (1 - tau) * (mean[d] + sd * source.normal()) + tau * source.normal()
    return all[i]
  })
}

async function measure(run, seed) {
  const map = await load(run, { runtime: nodeRuntime() })
  try {
    const reward = rewardSchema.parse(world.reward)
    const value = rewardValue(reward, [2])
    const ofPoints = {
      value: async x =>
        Float64Array.from({ length: x.length / 2 }, (_, i) => value(x.subarray(2 * i, 2 * i + 2))),
    }
    const quadratic = quadraticOf(reward, 2)
    const draw = statePosterior(
      map,
      { dimension: 2, standardization: map.standardization },
      random(seed, 'draw'),
    )
    const prior = norm(covarianceOfLaw({ components: covariances(mixture) }))
    const exact = exactMap(world)
    const row = {}
    for (const tau of TIMES) {
      const points = noisy(tau, seed)
      let [error, floor] = [0, 0]
      const exactDraw = exactPosterior(world, seed)
      for (let i = 0; i < POINTS; i++) {
        const x = points.subarray(2 * i, 2 * i + 2)
        const many = Float32Array.from({ length: 2 * SAMPLES }, (_, k) => x[k % 2])
        const wanted = covarianceOfLaw(posterior(mixture, [...x], 1 - tau, tau))
        const off = found => norm(found.map((line, a) => line.map((each, b) => each - wanted[a][b]))) / prior
        error += off(covarianceOf(await draw(many, tau))) / POINTS
        floor += off(covarianceOf(await exactDraw(many, tau))) / POINTS
      }
      const values = Array.from(
        { length: POINTS },
        (_, i) => exactAhead(mixture, quadratic, [...points.subarray(2 * i, 2 * i + 2)], 1 - tau, tau).value,
      )
      const ahead = async (kind, more = {}) => {
        const options = { map: exact, reward: ofPoints, beta: 1, schedule: 'one', ...more }
        const found = await lookAhead(kind, options).value(
          more.posterior ? points : Float64Array.from(points),
          tau,
        )
        return found.reduce((sum, each, i) => sum + Math.abs(each - values[i]) / POINTS, 0)
      }
      row[tau] = {
        covariance: error,
        covarianceFloor: floor,
        posterior: await ahead('posterior', { posterior: draw, samples: FEW }),
        denoiser: await ahead('denoiser'),
        jump: await ahead('jump'),
      }
    }
    return row
  } finally {
    await map.close()
  }
}

const covariances = ({ components }) =>
  components.map(({ weight, mean, scales }) => ({
    weight,
    mean,
    covariance: [
      [scales[0] ** 2, 0],
      [0, scales[1] ** 2],
    ],
  }))

/** Trains and measures what is missing. */
export async function stochasticRows({ OUT, SEEDS, oxbow, results, keep }) {
  for (const seed of SEEDS) {
    const key = `stochastic/${seed}`
    if (results[key]) continue
    const run = join(OUT, `stochastic-${seed}`)
    if (!isTrained(run)) {
      const resume = existsSync(run) ? ['--resume'] : []
      oxbow(
        ...['train', '--config', 'examples/steering/stochastic.yaml', '--seed', String(seed)],
        ...['--out', run, ...resume],
      )
    }
    keep(key, await measure(run, seed))
    console.error(`stochastic map, seed ${seed}`)
  }
}
