// Likelihoods in 1 to 32 evaluations on a skewed mixture: by a divergence head, by the determinant of the same map from data to
// noise, and by Euler's steps of the exact velocity with its exact divergence.
//
//   f2d2Rows({ OUT, oxbow, results, keep })   trains what is missing, and keeps what is measured as `f2d2/WAY/STEPS/SEED`
//   f2d2Table(results)                               its table

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gaussianMixture } from '../../dist/data/gaussian-mixture.js'
import { baseLogDensity } from '../../dist/density/base.js'
import { determinants } from '../../dist/density/determinant.js'
import { headLogDensity, planeMass } from '../../dist/density/head.js'
import { linearize } from '../../dist/density/linearize.js'
import { mixtureLogDensity } from '../../dist/metric/density.js'
import { divergenceOf, fromVelocity, interpolants, mixtureVelocity } from '../../dist/model/index.js'
import { divergences } from '../../dist/objective/divergence.js'
import { random } from '../../dist/random/random.js'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { uniformGrid } from '../../dist/sampler/sampler.js'
import { asRowMap } from '../../dist/serialization/model.js'
import { readModel } from '../../dist/serialization/model-files.js'
import { isTrained } from '../trained.mjs'

/** The mixture of the golden densities. */
const COMPONENTS = [
  { weight: 0.5, mean: [-1.5, 0.3], std: 0.3 },
  { weight: 0.3, mean: [1, 1.2], std: 0.5 },
  { weight: 0.2, mean: [0.8, -1.4], std: 0.4 },
]
const DATA = { mixture: { components: COMPONENTS } }
const POINTS = 2000
const STEPS = [1, 2, 4, 8, 32]
const SEEDS = [0, 1, 2]
/** Beyond it the mixture has nothing. */
const BOX = { low: [-5, -5], high: [5, 5] }

const WAYS = {
  head: 'divergence head',
  determinant: 'determinant of the same map',
  euler: 'Euler on the exact velocity, exact divergence',
}

const TRAINING = [
  ...['--objective', 'f2d2:shortcut', '--teacher', 'exact', '--steps', '4000', '--batch', '256'],
  ...['--network.layers', '3', '--network.hidden', '64'],
]

/** `log N(x_1) + sum log |det J F|` on the way from data to noise. */
async function byDeterminant(runtime, map, points, grid) {
  const program = await linearize(runtime, map.jump, 2)
  const logs = new Float64Array(points.length / 2)
  let x = points
  try {
    const rising = grid.toReversed()
    for (let k = 1; k < rising.length; k++) {
      const { values, jacobian } = await program.run(x, rising[k - 1], rising[k])
      determinants(jacobian, 2).log.forEach((log, i) => {
        logs[i] += log
      })
      x = values
    }
  } finally {
    await program.close()
  }
  return baseLogDensity(x, 2).map((value, i) => value + logs[i])
}

/** Euler's steps as a map, with the divergence where each begins. */
function eulerMap(field) {
  const velocity = (x, s) => field.velocity(x, s)
  return {
    ...fromVelocity(velocity),
    divergence: divergenceOf((x, s) => divergences.exact(field, x, s), 1),
  }
}

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length

function correlation(a, b) {
  const [ma, mb] = [mean(a), mean(b)]
  const product = (f, g) => a.reduce((sum, _, i) => sum + f(i) * g(i), 0)
  const [da, db] = [i => a[i] - ma, i => b[i] - mb]
  return product(da, db) / Math.sqrt(product(da, da) * product(db, db))
}

/** What a way to a density says of held-out points, and its mass. */
async function measure(logDensity, points, truth) {
  const found = await logDensity(points)
  const { mass } = await planeMass(logDensity, BOX)
  return {
    nll: -mean(found),
    error: mean(found.map((value, i) => Math.abs(value - truth[i]))),
    correlation: correlation(found, truth),
    mass,
    truth: -mean(truth),
  }
}

export async function f2d2Rows({ OUT, oxbow, results, keep }) {
  const runtime = nodeRuntime()
  const { mixture, sample } = gaussianMixture(DATA.mixture)
  const points = new Float64Array(2 * POINTS)
  sample(random(11, 'held out'), points)
  const truth = mixtureLogDensity(mixture, points)
  const euler = eulerMap(mixtureVelocity(mixture, interpolants.linear))
  for (const seed of SEEDS) {
    const missing = Object.keys(WAYS).flatMap(way =>
      STEPS.filter(() => way !== 'euler' || seed === SEEDS[0])
        .filter(steps => !results[`f2d2/${way}/${steps}/${seed}`])
        .map(steps => ({ way, steps })),
    )
    if (missing.length === 0) continue
    const run = join(OUT, `f2d2-${seed}`)
    if (!isTrained(run)) {
      const resume = existsSync(run) ? ['--resume'] : []
      oxbow(
        'train',
        '--data',
        JSON.stringify(DATA),
        ...TRAINING,
        '--seed',
        `${seed}`,
        '--out',
        run,
        ...resume,
      )
    }
    const map = asRowMap(readModel(run, 'ema'))
    for (const { way, steps } of missing) {
      const grid = uniformGrid(steps)
      const ways = {
        head: x => headLogDensity(runtime, map, x, 2, grid),
        determinant: x => byDeterminant(runtime, map, x, grid),
        euler: x => headLogDensity(runtime, euler, x, 2, grid),
      }
      const row = await measure(ways[way], points, truth)
      keep(`f2d2/${way}/${steps}/${seed}`, row)
      console.error(`f2d2 ${way}, ${steps} evaluations, seed ${seed}: ${JSON.stringify(row)}`)
    }
  }
}

/** The mean over seeds, and how far the seeds are from it. */
function over(rows, key, digits) {
  const values = rows.map(row => row[key])
  const middle = mean(values)
  const spread = Math.max(...values.map(value => Math.abs(value - middle)))
  return `${middle.toFixed(digits)}${values.length > 1 ? ` ± ${spread.toFixed(digits)}` : ''}`
}

export function f2d2Table(results) {
  const line = cells => `| ${cells.join(' | ')} |`
  const rowsOf = (way, steps) =>
    Object.keys(results)
      .filter(key => key.startsWith(`f2d2/${way}/${steps}/`))
      .map(key => results[key])
  const lines = Object.entries(WAYS).flatMap(([way, name]) =>
    STEPS.flatMap(steps => {
      const rows = rowsOf(way, steps)
      if (rows.length === 0) return []
      const cells = [over(rows, 'nll', 3), over(rows, 'error', 3), over(rows, 'correlation', 3)]
      return [line([name, steps, ...cells, over(rows, 'mass', 2)])]
    }),
  )
  return [
    line(['density by', 'evaluations', 'NLL', 'mean absolute error', 'correlation', 'mass']),
    line(['---', ...new Array(5).fill('---:')]),
    ...lines,
  ].join('\n')
}
