import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PARTS, SEEDS, STEPS } from './plan.mjs'

/** How each metric is headed, and its digits. */
const SHOWN = {
  validity: ['valid', 2],
  sequenceKL: ['KL', 3],
  distinct: ['distinct', 3],
  commitment: ['commitment', 2],
  perplexity: ['perplexity', 2],
  sampleEntropy: ['entropy', 2],
  ngramJS2: ['JS of pairs', 4],
  trajectoryError: ['trajectory error', 2],
  offData: ['off the data', 2],
  energyDistance: ['energy distance', 4],
}

const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length

/** The mean over seeds; of several the half of their range behind it. */
function cell(values, digits) {
  if (values.length === 0) return '-'
  const half = (Math.max(...values) - Math.min(...values)) / 2
  return `${mean(values).toFixed(digits)}${values.length > 1 ? ` ± ${half.toFixed(digits)}` : ''}`
}

const foundOf = (part, { name }, results) => SEEDS.flatMap(seed => results[`${part}/${name}/${seed}`] ?? [])

function lineOf(part, row, results) {
  const { metrics } = PARTS[part]
  const found = foundOf(part, row, results)
  if (found.length === 0) return []
  const good = found.filter(({ rows }) => rows)
  const failed = found.length - good.length
  const columns = metrics.map(metric =>
    STEPS.map(steps =>
      cell(
        good.flatMap(({ rows }) => rows.find(each => each.steps === steps)?.metrics[metric]?.value ?? []),
        SHOWN[metric][1],
      ),
    ).join(' / '),
  )
  const diverged = failed > 0 ? ` (${failed} of ${found.length} diverged)` : ''
  const times = good.flatMap(({ ms }) => ms ?? [])
  return [
    `| ${[`${row.name}${diverged}`, found.length, ...columns, times.length > 0 ? mean(times).toFixed(1) : '-', row.said ?? ''].join(' | ')} |`,
  ]
}

function floorLine(part, results) {
  const { metrics, rows } = PARTS[part]
  const any = rows.flatMap(row => foundOf(part, row, results)).find(({ rows }) => rows)
  if (!any) return []
  const floors = metrics.map(metric => {
    const floor = any.rows[0].metrics[metric]?.floor
    return floor === null || floor === undefined ? '-' : (floor.value ?? floor).toFixed(SHOWN[metric][1])
  })
  return [`| ${['*data against data*', '', ...floors, '', ''].join(' | ')} |`]
}

/** Fills the regions `<!-- part NAME -->` of docs/spaces.md. */
export function writePage(root, results) {
  const file = join(root, 'docs', 'spaces.md')
  const page = readFileSync(file, 'utf8').replace(/<!-- part (\w+) -->\n[\s\S]*?<!-- end -->/g, (_, part) => {
    const { title, metrics, rows } = PARTS[part]
    const head = ['', 'seeds', ...metrics.map(metric => SHOWN[metric][0]), 'ms per step', 'specification']
    const lines = [
      `**${title}**`,
      '',
      `| ${head.join(' | ')} |`,
      `| ${head.map((_, i) => (i === 0 ? '---' : '---:')).join(' | ')} |`,
      ...floorLine(part, results),
      ...rows.flatMap(row => lineOf(part, row, results)),
    ]
    const isRun = rows.some(row => foundOf(part, row, results).length > 0)
    const body = isRun ? lines : [`**${title}**`, '', 'Not run yet.']
    return `<!-- part ${part} -->\n\n${body.join('\n')}\n\n<!-- end -->`
  })
  writeFileSync(file, page)
}
