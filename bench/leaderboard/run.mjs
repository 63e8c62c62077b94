// Trains and measures every objective at equal compute, then writes docs/leaderboard.md.
//
//   npm run leaderboard                     everything that is missing, about an hour on two cores
//   npm run leaderboard -- ring             one dataset
//   npm run leaderboard -- --rows 'dmd; sid'   these rows, which take the place of those that are published
//   npm run leaderboard -- --again          all rows, also those that are published
//   npm run leaderboard -- --seeds 3 ring   with three seeds, of which those that are there are kept
//   npm run leaderboard -- --jobs 1         one training at a time instead of two
//
// What is published in docs/leaderboard.json is kept, and rows that are missing there are trained.
// Stop it at any time: the same command goes on where it was. Runs are in runs/leaderboard.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compare } from '../compare.mjs'
import { BOARDS, comparisonOf, LABELS } from './plan.mjs'
import { publishedOf, writeReport } from './report.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const OUT = join(ROOT, 'runs', 'leaderboard')

const { values, positionals: asked } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    rows: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    again: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const seeds = Number(values.seeds)
if (!(Number.isInteger(seeds) && seeds > 0)) {
  console.error(`leaderboard: --seeds: expected a whole number above 0, found ${values.seeds}`)
  process.exit(2)
}
const unknown = asked.find(name => !BOARDS.some(({ data }) => data === name))
if (unknown) {
  console.error(`leaderboard: no board ${unknown}; known: ${BOARDS.map(({ data }) => data).join(', ')}`)
  process.exit(2)
}
const rows = values.rows?.split(/ *; */)
const strange = rows?.find(label => !LABELS.includes(label))
if (strange) {
  console.error(`leaderboard: --rows: no row ${strange}; known: ${LABELS.join('; ')}`)
  process.exit(2)
}
/** Rows of a board that are asked for. */
const chosenOf = data => {
  if (rows) return rows
  const there = values.again ? {} : (publishedOf(ROOT, data)?.methods ?? {})
  return LABELS.filter(label => !(label in there))
}
mkdirSync(OUT, { recursive: true })
for (const board of BOARDS.filter(({ data }) => asked.length === 0 || asked.includes(data))) {
  const labels = chosenOf(board.data)
  if (labels.length === 0) continue
  const config = join(OUT, `${board.data}.json`)
  writeFileSync(config, `${JSON.stringify(comparisonOf(board, seeds, labels), null, 2)}\n`)
  const result = await compare(ROOT, config, join(OUT, board.data), values.jobs).catch(error => {
    console.error(`leaderboard: ${board.data}: ${error.message}`)
    process.exit(1)
  })
  const file = join(OUT, `${board.data}.result.json`)
  writeFileSync(`${file}.pending`, JSON.stringify({ ...result, seeds, labels }))
  renameSync(`${file}.pending`, file)
}
writeReport(ROOT, OUT)
