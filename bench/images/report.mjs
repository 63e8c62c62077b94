// Writes docs/images.md from the results.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const line = cells => `| ${cells.join(' | ')} |`
const percent = ({ value } = {}) =>
  value === undefined || value === null ? '' : `${(100 * value).toFixed(1)}`
const number = ({ value } = {}) =>
  value === undefined || value === null ? '' : Number(value.toPrecision(3)).toString()

/** Floors are of the data: the same for all rows of a dataset but for their noise. */
const floorOf = (rows, name, show) =>
  show({ value: rows.find(row => row.metrics[name])?.metrics[name].floor })

export function tableOf(results) {
  const rows = results.flatMap(({ name, set, config, seconds, rows = [] }) =>
    rows.map(row => ({ name: name.slice(set.length + 1), config, seconds, ...row })),
  )
  if (rows.length === 0) return ''
  const head = [
    'row',
    'sampled by',
    'guidance',
    'class accuracy, %',
    'Frechet',
    'coverage, %',
    'memorised, %',
  ]
  const body = rows.map(({ name, steps, method, guidance, metrics }) => [
    name,
    `${steps} ${method}`,
    guidance ?? '',
    percent(metrics.classAccuracy),
    number(metrics.featureFrechetDistance),
    percent(metrics.classCoverage),
    percent(metrics.memorised),
  ])
  const floors = [
    'data',
    '',
    '',
    floorOf(rows, 'classAccuracy', percent),
    floorOf(rows, 'featureFrechetDistance', number),
    floorOf(rows, 'classCoverage', percent),
    floorOf(rows, 'memorised', percent),
  ]
  return [
    line(head),
    line(head.map((_, i) => (i < 2 ? '---' : '---:'))),
    line(floors),
    ...body.map(line),
  ].join('\n')
}

/** Fills the generated regions of the page, which stand between `<!-- images SET -->` and `<!-- end -->`. */
export function writeReport(root, out, all) {
  const page = join(root, 'docs', 'images.md')
  const results = all.flatMap(({ name }) => {
    const file = join(out, `${name}.result.json`)
    return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : []
  })
  const text = readFileSync(page, 'utf8').replace(
    /(<!-- images (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start, set, end) => `${start}\n${tableOf(results.filter(row => row.set === set))}\n\n${end}`,
  )
  writeFileSync(page, text)
}
