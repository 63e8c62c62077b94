// Writes the tables of docs/sampling.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { solverOf } from '../../dist/sampler/solvers/table.js'
import { BASELINES, COLUMNS, SEEDS } from './baselines.mjs'
import { EVALUATIONS, GRIDS, METHODS, PATHS } from './exact.mjs'

const line = cells => `| ${cells.join(' | ')} |`
const table = (head, rows) =>
  [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')

function exactTable(results) {
  const rows = PATHS.flatMap(path =>
    METHODS.flatMap(method =>
      GRIDS.map(grid => [
        `${path}, \`${method}\`, ${grid}`,
        ...EVALUATIONS.map(n => results[`exact/${path}/${method}/${grid}/${n}`] ?? ''),
      ]),
    ),
  )
  return table(['path, method, grid', ...EVALUATIONS.map(n => `${n} evaluations`)], rows)
}

/** The best of each number of evaluations. */
function bestTable(results) {
  const rows = PATHS.map(path => [
    path,
    ...EVALUATIONS.map(n => {
      const found = METHODS.flatMap(method =>
        GRIDS.map(grid => ({ method, grid, error: results[`exact/${path}/${method}/${grid}/${n}`] })),
      ).filter(({ error }) => error !== undefined)
      if (found.length === 0) return ''
      const { method, grid, error } = found.reduce((best, each) => (each.error < best.error ? each : best))
      return `\`${method}\`, ${grid} (${error})`
    }),
  ])
  return table(['path', ...EVALUATIONS.map(n => `${n} evaluations`)], rows)
}

const spread = values => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(1, values.length - 1))
  return values.length > 1 ? `${mean.toFixed(3)} ± ${sd.toFixed(3)}` : `${mean.toFixed(3)} (one seed)`
}

function baselineTable(results) {
  const names = COLUMNS.map(([method, steps]) => `${method} ${steps * (solverOf(method).evaluations ?? 1)}`)
  const rows = BASELINES.flatMap(name => {
    const found = SEEDS.flatMap(seed => results[`baseline/${name}/${seed}`] ?? [])
    if (found.length === 0) return []
    return [
      [
        `[\`${name}\`](../examples/diffusion/${name}.yaml)`,
        ...names.map(column => spread(found.map(row => row[column]))),
      ],
    ]
  })
  const floor = SEEDS.flatMap(seed => results[`floor/${seed}`] ?? [])
  return `${table(['configuration', ...names.map(name => `\`${name.replace(' ', '` ')}`)], rows)}\n\nData against data: ${spread(floor)}.`
}

const TABLES = { exact: exactTable, best: bestTable, baselines: baselineTable }

/** Puts each table between its marks. */
export function writeReport(root, results) {
  const file = join(root, 'docs', 'sampling.md')
  let text = readFileSync(file, 'utf8')
  for (const [name, make] of Object.entries(TABLES)) {
    const mark = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- /${name} -->)`)
    text = text.replace(mark, (_, open, close) => `${open}\n${make(results)}\n\n${close}`)
  }
  writeFileSync(file, text)
}
