// Every way to steer, on worlds whose tilted law is known.
import { openDataset } from '../../dist/config/dataset.js'
import { prepareMetrics } from '../../dist/metric/prepare.js'
import { rewardSchema } from '../../dist/objective/reward.js'
import { quadraticOf } from '../../dist/objective/reward-quadratic.js'
import { rewardValue } from '../../dist/objective/reward-value.js'
import { random } from '../../dist/random/random.js'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { drawNoise, uniformGrid } from '../../dist/sampler/sampler.js'
import { load } from '../../dist/serialization/load.js'
import { openReward } from '../../dist/serialization/point-reward.js'
import { steerable } from '../../dist/serialization/steerable.js'
import { steer } from '../../dist/steering/steer.js'
import { exactMap, exactPosterior, logNormaliser, modeShares, totalVariation, WORLDS } from './worlds.mjs'

export const COUNT = 2000
/** Draws for what is not in closed form. */
const DRAWS = 400_000

const particles = (kernel, lookAhead, more = {}) => ({ method: 'particles', kernel, lookAhead, ...more })
const guided = (lookAhead, more = {}) => ({ method: 'guided', lookAhead, ...more })

/** Rows of the table: how they are called, and what is asked of `steer`. */
export const METHODS = [
  ['unsteered', { method: 'filter', kernel: 'noise', steps: 1, beta: 0 }],
  ['best of 4', { method: 'best', kernel: 'noise', steps: 1, samples: 4 }],
  ['filter', { method: 'filter', kernel: 'noise', steps: 1 }],
  ['filter, 9 candidates', { method: 'filter', kernel: 'noise', steps: 1, samples: 9 }],
  ['guided, here', guided('here', { schedule: 'one' })],
  ['guided, denoiser', guided('denoiser')],
  ['guided, jump, one', guided('jump', { schedule: 'one' })],
  ['guided, jump, linear', guided('jump')],
  ['guided, posterior 4', guided('posterior', { samples: 4 })],
  ['guided, posterior 16', guided('posterior', { samples: 16 })],
  ['guided, posterior 64', guided('posterior', { samples: 64 })],
  ['particles, jump kernel, jump', particles('jump', 'jump')],
  ['the same, 2 moves', particles('jump', 'jump', { moves: 2 })],
  ['particles, renoise, denoiser', particles('renoise', 'denoiser')],
  ['particles, renoise, jump, one', particles('renoise', 'jump', { schedule: 'one' })],
  ['particles, renoise, jump, linear', particles('renoise', 'jump')],
  ['noise space, 8 temperatures', { method: 'particles', kernel: 'noise', steps: 8 }],
  ['noise space, 16 temperatures, 2 moves', { method: 'particles', kernel: 'noise', steps: 16, moves: 2 }],
  ['particles, posterior kernel, denoiser', particles('posterior', 'denoiser')],
  ['particles, posterior kernel, jump, one', particles('posterior', 'jump', { schedule: 'one' })],
  ['particles, posterior kernel, posterior 4', particles('posterior', 'posterior', { samples: 4 })],
  ['particles, euler-maruyama, denoiser', particles('euler-maruyama', 'denoiser')],
  ['particles, renoise, weighted 4', particles('renoise', 'weighted', { samples: 4 })],
].map(([name, options]) => ({ name, options }))

/** The exact law of a world, and how samples stand to it. */
export async function targetOf(name, seed, count = COUNT) {
  const world = WORLDS[name]
  const { data, reward, beta } = world
  const law = await openDataset({ tilted: { data, reward, beta } })
  const value = rewardValue(rewardSchema.parse(reward), [2])
  const exact = new Float64Array(2 * DRAWS)
  law.sample(random(seed, 'law'), exact)
  const rewards = points =>
    Float64Array.from({ length: points.length / 2 }, (_, i) => value(points.subarray(2 * i, 2 * i + 2)))
  const mean = values => values.reduce((sum, each) => sum + each, 0) / values.length
  const measures = prepareMetrics(law, { count, seed, names: ['slicedWasserstein'] })
  const shares = modeShares(world, exact)
  return {
    meanReward: mean(rewards(exact)),
    logZ: logNormaliser(world, value),
    floor: measures.floors.slicedWasserstein,
    measure: points => ({
      reward: mean(rewards(points)),
      distance: measures.evaluate(Float32Array.from(points)).slicedWasserstein,
      modes: totalVariation(modeShares(world, points), shares),
    }),
  }
}

/** A reward of the exact map's points in float64, with its gradient. */
function exactReward({ reward: block }) {
  const reward = rewardSchema.parse(block)
  const value = rewardValue(reward, [2])
  const e = 1e-5
  return {
    value: async x =>
      Float64Array.from({ length: x.length / 2 }, (_, i) => value(x.subarray(2 * i, 2 * i + 2))),
    gradient: async x =>
      x.map((_, i) => {
        const [row, axis] = [i - (i % 2), i % 2]
        const moved = sign => value([0, 1].map(d => x[row + d] + (d === axis ? sign * e : 0)))
        return (moved(1) - moved(-1)) / (2 * e)
      }),
    quadratic: quadraticOf(reward, 2),
  }
}

/** A map to steer: the exact one, or a run. Close it when done. */
export async function openWorld(name, run) {
  const world = WORLDS[name]
  if (run === undefined) {
    return {
      map: exactMap(world),
      reward: exactReward(world),
      posterior: seed => exactPosterior(world, seed),
      noise: (count, seed) => Float64Array.from(drawNoise(count, 2, seed)),
      inData: points => points,
      close: async () => {},
    }
  }
  const runtime = nodeRuntime()
  const loaded = await load(run, { runtime })
  const reward = await openReward(rewardSchema.parse(world.reward), loaded, runtime)
  const by = loaded.standardization
  return {
    map: steerable(loaded),
    reward,
    posterior: () => undefined,
    noise: (count, seed) => drawNoise(count, 2, seed),
    inData: points => (by ? points.map((value, i) => value * by.scale[i % 2] + by.shift[i % 2]) : points),
    close: async () => {
      await reward.close()
      await loaded.close()
    },
  }
}

/** One row with one seed. */
export async function measureMethod(
  worldName,
  { map, reward, posterior, noise, inData },
  target,
  options,
  seed,
) {
  const { beta } = WORLDS[worldName]
  const { steps = 16, samples, method } = options
  const candidates = method === 'filter' ? (samples ?? 1) : method === 'best' ? (samples ?? 4) : 1
  const started = performance.now()
  const found = await steer(map, reward, noise(COUNT * candidates, seed), {
    beta,
    ...options,
    grid: uniformGrid(steps),
    posterior: posterior(seed),
    seed,
  })
  const seconds = (performance.now() - started) / 1000
  const { forward, backward } = found.evaluations
  return {
    ...target.measure(inData(found.points)),
    ...(found.logZ !== undefined &&
      options.beta !== 0 && { logZ: found.logZ - target.logZ, logZError: found.logZError }),
    distinct: found.distinct,
    leastEss: found.ess.length > 0 ? Math.min(...found.ess) : null,
    forward: forward / COUNT,
    backward: backward / COUNT,
    seconds: Number(seconds.toFixed(2)),
  }
}
