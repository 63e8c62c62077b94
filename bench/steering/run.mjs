// Steers samples in every way on worlds whose tilted law is known, then writes the tables of docs/steering.md.
//
//   npm run steering                  everything that is missing: exact maps, then trained ones; about half an hour on two cores
//   npm run steering -- exact         exact maps alone
//   npm run steering -- trained       trained maps, which it trains first (runs/steering)
//   npm run steering -- training      maps that learn the tilted law
//   npm run steering -- stochastic    a stochastic map beside the exact posterior
//   npm run steering -- adapter       noise adapters for a trained map, which it trains first
//   npm run steering -- digits        MNIST; with the map of "npm run images -- mnist mnist-psd"
//   npm run steering -- speed         10,000 particles
//   npm run steering -- --report      the page alone, from what is there
//
// Stop it at any time: the same command goes on where it was. What was measured is kept in docs/steering.json.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { uniformGrid } from '../../dist/sampler/sampler.js'
import { steer } from '../../dist/steering/steer.js'
import { experiment } from '../experiment.mjs'
import { isTrained } from '../trained.mjs'
import { adapterRows } from './adapter.mjs'
import { digitRows } from './digits.mjs'
import { COUNT, METHODS, measureMethod, openWorld, targetOf } from './methods.mjs'
import { writeReport } from './report.mjs'
import { stochasticRows } from './stochastic.mjs'
import { trainingRows } from './training.mjs'
import { WORLDS } from './worlds.mjs'

const SEEDS = [0, 1, 2]
const PARTS = ['exact', 'trained', 'training', 'stochastic', 'adapter', 'digits', 'speed']

const { ROOT, OUT, chosen, isReport, results, keep, oxbow } = experiment('steering', PARTS)

/** The default recipe on the data of a world. */
function trainedRun(world) {
  const run = join(OUT, world)
  if (isTrained(run)) return run
  const { data } = WORLDS[world]
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  oxbow('train', '--data', text, '--seed', '1', '--out', run, ...(existsSync(run) ? ['--resume'] : []))
  return run
}

/** A map of few steps that takes half a minute: distilled from the exact velocity. */
function distilledRun(world) {
  const run = join(OUT, `${world}-semigroup`)
  if (isTrained(run)) return run
  const { data } = WORLDS[world]
  const text = typeof data === 'string' ? data : JSON.stringify(data)
  oxbow(
    ...['train', '--data', text, '--teacher', 'exact', '--objective', 'semigroup', '--steps', '3000'],
    ...['--seed', '1', '--out', run, ...(existsSync(run) ? ['--resume'] : [])],
  )
  return run
}

async function steerAll(kind) {
  for (const world of Object.keys(WORLDS)) {
    const missing = SEEDS.flatMap(seed =>
      METHODS.filter(({ name, options }) => {
        // Only an exact map knows the densities that this look-ahead takes.
        if (kind === 'trained' && options.lookAhead === 'weighted') return false
        // Without exact posterior samples, 64 of the inner flow for each step take minutes.
        if (kind === 'trained' && options.lookAhead === 'posterior' && options.samples === 64) return false
        return !results[`${kind}/${world}/${name}/${seed}`]
      }).map(method => ({ ...method, seed })),
    )
    if (missing.length === 0) continue
    const opened = await openWorld(world, kind === 'exact' ? undefined : distilledRun(world))
    try {
      for (const seed of SEEDS) {
        const rows = missing.filter(row => row.seed === seed)
        if (rows.length === 0) continue
        const target = await targetOf(world, seed)
        keep(`target/${world}/${seed}`, {
          reward: target.meanReward,
          logZ: target.logZ,
          floor: target.floor.value,
          floorLow: target.floor.low,
          floorHigh: target.floor.high,
          count: COUNT,
        })
        for (const { name, options } of rows) {
          const row = await measureMethod(world, opened, target, options, seed)
          keep(`${kind}/${world}/${name}/${seed}`, row)
          console.error(`${kind} ${world}, ${name}, seed ${seed}: ${row.seconds} s`)
        }
      }
    } finally {
      await opened.close()
    }
  }
}

/** Seconds that 10,000 particles take through 16 steps on the trained ring: the least of three. */
async function timeParticles() {
  const opened = await openWorld('ring', distilledRun('ring'))
  const { beta } = WORLDS.ring
  let seconds = Infinity
  for (let k = 0; k < 3; k++) {
    const started = performance.now()
    await steer(opened.map, opened.reward, opened.noise(10_000, k), { beta, grid: uniformGrid(16), seed: k })
    seconds = Math.min(seconds, (performance.now() - started) / 1000)
  }
  await opened.close()
  keep('speed/10000', Number(seconds.toFixed(2)))
}

if (!isReport) {
  if (chosen.includes('exact')) await steerAll('exact')
  if (chosen.includes('trained')) await steerAll('trained')
  if (chosen.includes('stochastic')) await stochasticRows({ OUT, SEEDS, oxbow, results, keep })
  if (chosen.includes('adapter'))
    await adapterRows({ OUT, SEEDS, oxbow, trainedRun, distilledRun, results, keep })
  if (chosen.includes('digits')) await digitRows({ ROOT, OUT, oxbow, results, keep })
  if (chosen.includes('speed') && !results['speed/10000']) await timeParticles()
  if (chosen.includes('training')) await trainingRows({ OUT, SEEDS, oxbow, results, keep, trainedRun })
}
writeReport(ROOT, results)
