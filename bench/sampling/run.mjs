// Solvers, grids and diffusion baselines, measured; then writes the tables of docs/sampling.md.
//
//   npm run sampling                everything that is missing: about ten minutes on two cores
//   npm run sampling -- exact       solvers and grids with the exact velocity
//   npm run sampling -- baselines   trained baselines by solver
//   npm run sampling -- --report    the page alone, from what is there
//
// Stop it at any time: the same command goes on where it was. What was measured is kept in docs/sampling.json.

import { experiment } from '../experiment.mjs'
import { baselineRows } from './baselines.mjs'
import { exactRows } from './exact.mjs'
import { writeReport } from './report.mjs'

const PARTS = { exact: exactRows, baselines: baselineRows }

const { ROOT, OUT, chosen, isReport, results, keep, oxbow } = experiment('sampling', Object.keys(PARTS))

if (!isReport) for (const part of chosen) await PARTS[part]({ OUT, oxbow, results, keep })
writeReport(ROOT, results)
