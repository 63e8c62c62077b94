// Maps whose own density is used, on energies whose log Z is known; then writes the tables of docs/likelihood.md.
//
//   npm run likelihood                 everything that is missing: about half an hour on two cores
//   npm run likelihood -- falcon       the return term on the double well, three weights
//   npm run likelihood -- many-well    32 dimensions
//   npm run likelihood -- reverse-kl   a collapse, and the polish of a trained map
//   npm run likelihood -- rounds       rounds of weighing and training by weights, from a wide start
//   npm run likelihood -- f2d2         a divergence head beside the determinant and Euler's steps
//   npm run likelihood -- --report     the page alone, from what is there
//
// Stop it at any time: the same command goes on where it was. What was measured is kept in docs/likelihood.json.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { experiment } from '../experiment.mjs'
import { isTrained } from '../trained.mjs'
import { f2d2Rows } from './f2d2.mjs'
import { falconRows } from './falcon.mjs'
import { manyWellRows } from './many-well.mjs'
import { writeReport } from './report.mjs'
import { reverseRows } from './reverse-kl.mjs'
import { roundRows } from './rounds.mjs'

const PARTS = {
  falcon: falconRows,
  'many-well': manyWellRows,
  'reverse-kl': reverseRows,
  rounds: roundRows,
  f2d2: f2d2Rows,
}

const { ROOT, OUT, chosen, isReport, results, keep, oxbow } = experiment('likelihood', Object.keys(PARTS))

/** Trains a run, or what is left of it. */
function trained(name, ...args) {
  const run = join(OUT, name)
  if (isTrained(run)) return run
  oxbow('train', ...args, '--out', run, ...(existsSync(run) ? ['--resume'] : []))
  return run
}

/** What `oxbow weigh` says of a run, the numbers that the tables show. */
function weighed(run, energy, steps, ...args) {
  const started = performance.now()
  const words = ['--energy', energy, '--steps', String(steps), '--seed', '1', '--json', ...args]
  const found = JSON.parse(oxbow('weigh', run, ...words))
  return {
    count: found.count,
    logZ: found.logNormalizer,
    error: found.error,
    known: found.known,
    share: found.effectiveShare,
    clipped: found.clipped.effectiveShare,
    target: found.effectiveShareFromTarget,
    missed: found.target?.missed ?? null,
    folded: found.folded,
    paretoK: found.paretoK,
    right: found.means.right?.value ?? null,
    evaluations: found.evaluations,
    seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
    ...(found.samples && { part: found.samples.part }),
  }
}

/** Measures what is not there yet. */
function measure(key, make) {
  if (results[key]) return
  keep(key, make())
  console.error(`${key}: ${JSON.stringify(results[key])}`)
}

if (!isReport) {
  for (const part of chosen) await PARTS[part]({ ROOT, OUT, results, keep, measure, oxbow, trained, weighed })
}
writeReport(ROOT, results)
