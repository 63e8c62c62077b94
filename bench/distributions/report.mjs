import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PARTS, SEEDS } from './plan.mjs'

const HEAD = ['', 'seeds', 'modes', 'recall', 'coverage', 'off the data', 'SW', 'specification: SW']

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = values =>
  Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / Math.max(1, values.length - 1),
  )

/** The mean over seeds with the standard deviation; of one seed its value. */
function text(values, digits) {
  if (values.length === 0) return '-'
  const [middle, off] = [mean(values), deviation(values)]
  return values.length === 1 ? middle.toFixed(digits) : `${middle.toFixed(digits)} ± ${off.toFixed(digits)}`
}

function lineOf(part, { name, said, trajectory }, results) {
  const found = SEEDS.flatMap(seed => results[`${part}/${name}/${seed}`] ?? [])
  const failed = found.filter(({ failed }) => failed).length
  const values = metric => found.flatMap(each => (each[metric] ? [each[metric].value] : []))
  const cells = [
    name,
    found.length,
    text(
      values('modeCoverage').map(x => 8 * x),
      1,
    ),
    text(values('recall'), 2),
    text(values('coverage'), 2),
    text(
      values('strays').map(x => 100 * x),
      0,
    ) + (values('strays').length > 0 ? ' %' : ''),
    text(values('slicedWasserstein'), 2),
    said ?? '',
    ...(trajectory ? [text(values('trajectoryError'), 2)] : []),
  ]
  if (failed > 0) cells[6] += `; ${failed} of ${found.length} diverged`
  return found.length === 0 ? [] : [`| ${cells.join(' | ')} |`]
}

function floorLine(results) {
  const any = Object.values(results).find(({ slicedWasserstein }) => slicedWasserstein?.floor)
  if (!any) return []
  const { modeCoverage, recall, coverage, strays, slicedWasserstein } = any
  const value = (metric, scale, digits) => (scale * (metric.floor.value ?? metric.floor)).toFixed(digits)
  return [
    `| *data against data* | | ${value(modeCoverage, 8, 1)} | ${value(recall, 1, 2)} | ${value(coverage, 1, 2)} | ${value(strays, 100, 0)} % | ${value(slicedWasserstein, 1, 2)} | |`,
  ]
}

/** Fills the regions `<!-- part NAME -->` of docs/distributions.md. */
export function writePage(root, results) {
  const file = join(root, 'docs', 'distributions.md')
  const page = readFileSync(file, 'utf8').replace(/<!-- part (\w+) -->\n[\s\S]*?<!-- end -->/g, (_, part) => {
    const { title, rows } = PARTS[part]
    const head = rows.some(({ trajectory }) => trajectory) ? [...HEAD, 'trajectory error'] : HEAD
    const lines = rows.flatMap(row => lineOf(part, row, results))
    const body =
      lines.length === 0
        ? ['Not run yet.']
        : [
            `| ${head.join(' | ')} |`,
            `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`,
            ...lines,
            ...floorLine(results),
          ]
    return `<!-- part ${part} -->\n\n**${title}**\n\n${body.join('\n')}\n\n<!-- end -->`
  })
  writeFileSync(file, page)
}
