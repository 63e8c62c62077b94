// Rows that match distributions, on the ring: three seeds each. Its numbers are those of docs/distributions.md.
//
//   npm run distributions                     what is missing, then the page
//   npm run distributions -- ring modes       these parts alone
//   npm run distributions -- --report         the page alone, from what is there
//
// Stop it at any time: the same command goes on where it was. What was measured is kept in docs/distributions.json.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { experiment, keptMetrics, measureRows } from '../experiment.mjs'
import { isTrained } from '../trained.mjs'
import { BATCH, PARTS, SEEDS, STARTS } from './plan.mjs'
import { writePage } from './report.mjs'

const own = experiment('distributions', Object.keys(PARTS))
const { ROOT, OUT, results, oxbow, isReport } = own

const METRICS = ['modeCoverage', 'recall', 'coverage', 'strays', 'modeJS', 'slicedWasserstein']

const slug = text => text.replaceAll(/[^a-z0-9.]+/gi, '-')

/** Trains a run, or what is left of it. @returns its folder */
function trained(name, seed, args) {
  const run = join(OUT, `${slug(name)}-seed${seed}`)
  if (isTrained(run)) return run
  const isBegun = existsSync(join(run, 'config.json'))
  const common = ['--batch', `${BATCH}`, '--seed', `${seed}`, '--out', run, '--json']
  oxbow('train', ...(isBegun ? ['--resume', '--out', run, '--json'] : [...args, ...common]))
  return run
}

const started = (start, seed) => trained(`start ${start}`, seed, STARTS[start])

/** The run of progressive distillation that samples in so many steps. @returns its folder */
function halved({ start, halvings, steps }, rung, seed) {
  const out = join(OUT, `progressive-from-${start}-seed${seed}`)
  const run = join(out, `steps-${rung}`)
  if (!isTrained(run))
    oxbow(
      'progressive',
      started(start, seed),
      '--halvings',
      `${halvings}`,
      '--steps',
      `${steps}`,
      '--out',
      out,
    )
  return run
}

function runOf(part, row, seed) {
  if (row.halved) return halved(row.halved, row.steps, seed)
  const { name, objective, args, of = name, start } = row
  const from = start ? ['--init-from', started(start, seed)] : []
  return trained(`${part} ${of}`, seed, ['--data', 'ring', '--objective', objective, ...args, ...from])
}

function measured(part, row, seed) {
  const { steps = 1, trajectory } = row
  const run = runOf(part, row, seed)
  const names = [...METRICS, ...(trajectory ? ['trajectoryError'] : [])]
  const words = [
    '--metrics',
    names.join(','),
    '--steps',
    `${steps}`,
    '--count',
    '20000',
    '--weights',
    'ema',
    '--no-report',
    '--json',
  ]
  const { rows } = JSON.parse(oxbow('evaluate', run, ...words))
  return keptMetrics(rows[0].metrics)
}

if (!isReport) measureRows(own, { parts: PARTS, seeds: SEEDS }, measured)
writePage(ROOT, results)
