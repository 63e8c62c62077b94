// Diffusion baselines on the ring, by solver.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDataset } from '../../dist/config/dataset.js'
import { energyEstimate } from '../../dist/metric/energy-distance.js'
import { interpolants, ratioAt } from '../../dist/model/index.js'
import { random } from '../../dist/random/random.js'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { drawNoise } from '../../dist/sampler/sampler.js'
import { noiseAt, takeThrough } from '../../dist/sampler/sampling.js'
import { solverOf } from '../../dist/sampler/solvers/table.js'
import { seededNoise } from '../../dist/sampler/through.js'
import { load } from '../../dist/serialization/load.js'
import { isTrained } from '../trained.mjs'

const COUNT = 5000
export const SEEDS = [0, 1, 2]

/** Rows: the committed configurations. */
export const BASELINES = ['ddpm', 'score-sde', 'cosine-v', 'edm', 'rectified-flow', 'data-prediction']

/** Columns: a solver, its steps, and whether its grid is uniform in time. */
export const COLUMNS = [
  ['ddim', 10],
  ['dpm++2m', 10],
  ['heun', 5],
  ['edm', 9],
  ['sde-dpm++2m', 25],
  ['ancestral', 50],
  ['ddim', 100],
]

/** Times from .999 to .001, where every prediction has a velocity; `dpm++` and `edm` in their own spacing. */
function timesOf(method, steps, path) {
  const [first, last] = [0.999, 0.001]
  if (!['dpm++2m', 'sde-dpm++2m', 'edm'].includes(method)) {
    return Array.from({ length: steps + 1 }, (_, i) => first + ((last - first) * i) / steps)
  }
  const largest = Math.min(80, ratioAt(path, first))
  const least = Math.max(0.005, ratioAt(path, last))
  const to = method === 'edm' ? r => r ** (1 / 7) : Math.log
  const from = method === 'edm' ? y => y ** 7 : Math.exp
  return Array.from({ length: steps + 1 }, (_, i) =>
    path.timeOfRatio(from(to(largest) + ((to(least) - to(largest)) * i) / steps)),
  )
}

/** Trains and measures what is missing. */
export async function baselineRows({ OUT, oxbow, results, keep }) {
  const dataset = await openDataset('ring')
  const draw = seed => {
    const points = new Float32Array(2 * COUNT)
    dataset.sample(random(seed, 'reference'), points)
    return points
  }
  for (const seed of SEEDS) {
    const reference = draw(seed)
    if (!(`floor/${seed}` in results))
      keep(`floor/${seed}`, energyEstimate(draw(seed + 100), reference, 2, COUNT).value)
    for (const name of BASELINES) {
      if (`baseline/${name}/${seed}` in results) continue
      const run = join(OUT, `${name}-${seed}`)
      if (!existsSync(run) || !isTrained(run)) {
        const resume = existsSync(run) ? ['--resume'] : []
        oxbow(
          ...['train', '--config', `examples/diffusion/${name}.yaml`, '--seed', String(seed)],
          ...['--out', run, ...resume],
        )
      }
      const map = await load(run, { runtime: nodeRuntime() })
      const path = interpolants[map.interpolant]
      const row = {}
      for (const [method, steps] of COLUMNS) {
        const grid = timesOf(method, steps, path)
        const start = noiseAt(map, drawNoise(COUNT, 2, seed), grid[0])
        const end = await takeThrough(map, { method }, start, grid, seededNoise(method, seed))
        row[`${method} ${steps * (solverOf(method).evaluations ?? 1)}`] = Number(
          energyEstimate(end, reference, 2, COUNT).value.toPrecision(3),
        )
      }
      await map.close()
      keep(`baseline/${name}/${seed}`, row)
      console.error(`${name}, seed ${seed}`)
    }
  }
}
