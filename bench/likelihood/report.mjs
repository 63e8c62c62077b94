// Writes the tables of docs/likelihood.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { f2d2Table } from './f2d2.mjs'
import { SEEDS, STEPS, WEIGHTS } from './falcon.mjs'
import { MANY_STEPS } from './many-well.mjs'
import { ROUNDS } from './rounds.mjs'

const line = cells => `| ${cells.join(' | ')} |`
const number = (value, digits = 2) => (typeof value === 'number' ? value.toFixed(digits) : '')
const signed = value => `${value > 0 ? '+' : ''}${value.toFixed(3)}`
const percent = value =>
  typeof value === 'number' ? `${(100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %` : ''

/** What the specification's reference had, one or two seeds: share, with the largest weights lowered, log Z off, folded. */
const EXPECTED = {
  0: [
    '.10 (.19), +.369, 33 %; .08 (.42), +.475, 37 %',
    '.41, +.245, 18 %; .44, +.094, 13 %',
    '.52, +.003, 1.5 %; .64, .000, 0 %',
    '.87, -.002, 0 %; .90, +.002, 0 %',
  ],
  1: ['.07 (.41), +.010, 12 %', '.53, +.122, 4 %', '.59, +.006, 0 %', '.82, -.003, 0 %'],
  10: [
    '.65 (.66), -.004, 0 %; .14 (.66), +.017, .7 %',
    '.79, +.007, .7 %; .85, -.003, 0 %',
    '.73, +.003, 0 %; .69, +.006, 0 %',
    '.83, +.001, 0 %; .86, -.002, 0 %',
  ],
}

function falconTable(results) {
  const cell = (weight, steps) =>
    SEEDS.flatMap(seed => results[`falcon/${weight}/${steps}/${seed}`] ?? [])
      .map(
        ({ share, clipped, logZ, known, folded, paretoK }) =>
          `${number(share)} (${number(clipped)}), ${signed(logZ - known)}, ${percent(folded)}, k ${number(paretoK)}`,
      )
      .join('<br>')
  return [
    line(['weight of the return', ...STEPS.map(steps => `${steps} jump${steps > 1 ? 's' : ''}`)]),
    line(['---', ...STEPS.map(() => '---')]),
    ...WEIGHTS.flatMap(weight => [
      line([`${weight}`, ...STEPS.map(steps => cell(weight, steps))]),
      line(['expected', ...EXPECTED[weight]]),
    ]),
  ].join('\n')
}

const HEAD = [
  'log Z',
  'known',
  'effective',
  'lowered',
  'by the target',
  'folded',
  'Pareto k',
  'right',
  'evaluations',
]
const cellsOf = row => [
  `${number(row.logZ, 3)} ± ${number(row.error, 3)}`,
  number(row.known, 3),
  percent(row.share),
  percent(row.clipped),
  row.target === null ? '' : row.target < 1e-3 ? row.target.toExponential(0) : percent(row.target),
  percent(row.folded),
  number(row.paretoK),
  number(row.right, 3),
  number(row.evaluations, 0),
]

function rowsTable(first, rows) {
  const found = rows.filter(([, row]) => row)
  if (found.length === 0) return 'Not measured.'
  return [
    line([first, ...HEAD]),
    line(['---', ...HEAD.map(() => '---:')]),
    ...found.map(([name, row]) => line([name, ...cellsOf(row)])),
  ].join('\n')
}

/** Puts tables between their marks. */
export function writeReport(root, results) {
  const file = join(root, 'docs', 'likelihood.md')
  let text = readFileSync(file, 'utf8')
  const put = (mark, table) => {
    const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`]
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < 0) throw new Error(`docs/likelihood.md: no marks ${begin}`)
    text = `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`
  }
  put('falcon', falconTable(results))
  put('f2d2', f2d2Table(results))
  put(
    'many-well',
    rowsTable(
      'jumps',
      MANY_STEPS.map(steps => [String(steps), results[`many-well/${steps}`]]),
    ),
  )
  put(
    'reverse-kl',
    rowsTable('training', [
      ['one well, by its samples', results['reverse-kl/narrow/before']],
      ['and then by the energy, 1500 steps of 0.001', results['reverse-kl/narrow/after']],
      ['both wells, by their samples', results['reverse-kl/polish/before']],
      ['and then by the energy, 150 steps of 0.0001', results['reverse-kl/polish/short']],
      ['and then by the energy, 1500 steps of 0.0003', results['reverse-kl/polish/after']],
    ]),
  )
  put(
    'rounds',
    rowsTable(
      'round',
      Array.from({ length: ROUNDS + 1 }, (_, round) => [
        round === 0 ? 'a wide Gaussian' : String(round),
        results[`rounds/${round}`],
      ]),
    ),
  )
  writeFileSync(file, text)
}
