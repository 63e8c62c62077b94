// Flow maps of text and of points on manifolds. Its numbers are those of docs/spaces.md.
//
//   npm run spaces                     what is missing, then the page
//   npm run spaces -- words sphere     these parts alone
//   npm run spaces -- --seeds=1        the first seed alone
//   npm run spaces -- --report         the page alone, from what is there
//
// Stop it at any time: the same command goes on where it was. What was measured is kept in docs/spaces.json.

import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { experiment, keptMetrics, measureRows } from '../experiment.mjs'
import { isTrained } from '../trained.mjs'
import { PARTS, SEEDS, STEPS } from './plan.mjs'
import { writePage } from './report.mjs'

const own = experiment('spaces', Object.keys(PARTS))
const { ROOT, OUT, results, oxbow, isReport } = own

const slug = text => text.replaceAll(/[^a-z0-9.]+/gi, '-')

/** Cities around which places of the CSV lie, and how far in degrees. */
const CITIES = [
  [52.5, 13.4, 6],
  [35.7, 139.7, 4],
  [-33.9, 18.4, 5],
  [40.7, -74, 8],
]

/** A file as a user has one: latitudes and longitudes, four clouds of them. @returns its path */
function places() {
  const file = join(OUT, 'places.csv')
  if (existsSync(file)) return file
  let state = 1
  const uniform = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const lines = Array.from({ length: 4000 }, (_, i) => {
    const [latitude, longitude, spread] = CITIES[i % CITIES.length]
    return [latitude + spread * normal(), longitude + spread * normal()].map(x => x.toFixed(3)).join()
  })
  writeFileSync(file, `latitude,longitude\n${lines.join('\n')}\n`)
  return file
}

/** Trains a run, or what is left of it. @returns its folder, and milliseconds of a step where it was trained now */
function trained(part, { name, objective, args }, seed) {
  const { data, places: isFile, args: shared } = PARTS[part]
  const run = join(OUT, `${slug(`${part} ${name}`)}-seed${seed}`)
  if (isTrained(run)) return { run }
  const isBegun = existsSync(join(run, 'config.json'))
  const own = ['--data', isFile ? places() : data, ...(isFile ? ['--space', 'sphere'] : [])]
  const asked = [...own, '--objective', objective, ...shared, ...args, '--seed', `${seed}`]
  const text = oxbow('train', ...(isBegun ? ['--resume'] : asked), '--out', run, '--json')
  return { run, ms: isBegun ? undefined : JSON.parse(text).msPerStep }
}

function measured(part, row, seed) {
  const { run, ms } = trained(part, row, seed)
  const words = ['--metrics', PARTS[part].metrics.join(), '--steps', STEPS.join(), '--count', '3000']
  const how = ['--method', row.method ?? 'auto', '--weights', 'ema', '--no-report', '--json']
  const { rows } = JSON.parse(oxbow('evaluate', run, ...words, ...how))
  return {
    ...(ms !== undefined && { ms }),
    rows: rows.map(({ steps, metrics }) => ({ steps, metrics: keptMetrics(metrics) })),
  }
}

if (!isReport) measureRows(own, { parts: PARTS, seeds: SEEDS }, measured)
writePage(ROOT, results)
