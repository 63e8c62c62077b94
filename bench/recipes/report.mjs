// Writes docs/recipes.json (the numbers), the tables of docs/recipes.md and the pictures in docs/recipes/.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { planComparison, resolveComparison } from '../../dist/evaluation/comparison.js'
import { comparisonsOf, NFE, TARGETS } from './plan.mjs'

const METRICS = ['strays', 'slicedWasserstein']
const read = file => JSON.parse(readFileSync(file, 'utf8'))
const round = (x, digits = 4) => Number(x.toPrecision(digits))
const mean = list => list.reduce((a, b) => a + b, 0) / list.length

/** Means and spreads of one comparison: by row, metric and number of jumps. */
function numbersOf(file) {
  const { rows, failures = {} } = read(file)
  const [labels, floors] = [{}, {}]
  for (const { label, steps, metric, mean, sd, floor } of rows) {
    if (!METRICS.includes(metric) || mean === null) continue
    floors[metric] ??= round(floor)
    labels[label] ??= {}
    labels[label][metric] ??= {}
    labels[label][metric][steps] = { mean: round(mean), sd: round(sd ?? 0, 2) }
  }
  return { labels, floors, failures: Object.values(failures) }
}

const percent = x => `${(100 * x).toFixed(100 * x < 9.95 ? 1 : 0)}`
const show = (value, metric) => {
  if (!value) return '-'
  if (metric === 'strays') return `${percent(value.mean)} ± ${percent(value.sd)}`
  return `${value.mean.toFixed(3)} ± ${value.sd.toFixed(3)}`
}
const floorOf = (value, metric) => (metric === 'strays' ? (100 * value).toFixed(2) : value.toFixed(3))

const line = cells => `| ${cells.join(' | ')} |`
const table = (head, rows) =>
  [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')

/** Rows by columns: targets across, one table for a metric and a number of jumps. */
function acrossTargets(found, metric, nfe) {
  const targets = TARGETS.filter(target => found[target])
  const labels = [...new Set(targets.flatMap(target => Object.keys(found[target].labels)))].filter(
    label => !label.startsWith('Euler'),
  )
  const at = (label, target) => found[target].labels[label]?.[metric]?.[nfe]
  const average = label => {
    const values = targets.map(target => at(label, target)?.mean)
    return values.every(value => value !== undefined) ? mean(values) : undefined
  }
  const rows = labels.map(label => {
    const total = average(label)
    const last = total === undefined ? '-' : metric === 'strays' ? percent(total) : total.toFixed(3)
    return [label, ...targets.map(target => show(at(label, target), metric)), last]
  })
  const floors = ['*data*', ...targets.map(target => floorOf(found[target].floors[metric], metric)), '']
  return table(['', ...targets, 'mean'], [...rows, floors])
}

/** One table of the default recipe: targets down, jumps across. */
function defaultTable(found) {
  const targets = TARGETS.filter(target => found[target])
  const rows = targets.map(target => {
    const { labels, floors } = found[target]
    const cells = METRICS.flatMap(metric => [
      ...NFE.map(nfe => show(labels['one-step']?.[metric]?.[nfe], metric)),
      floorOf(floors[metric], metric),
    ])
    return [target, ...cells]
  })
  const head = ['', ...NFE.map(nfe => `strays, ${nfe} jump${nfe > 1 ? 's' : ''}`), 'data']
  return table([...head, ...NFE.map(nfe => `SW, ${nfe}`), 'data'], rows)
}

/** Fills the region of a page between two marks. */
function fill(text, name, content) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(open), text.indexOf(close)]
  if (from < 0 || to < 0) throw new Error(`docs/recipes.md: no region ${name}`)
  return `${text.slice(0, from + open.length)}\n${content}\n${text.slice(to)}`
}

function pictures(root, out, targets) {
  mkdirSync(join(root, 'docs', 'recipes'), { recursive: true })
  const main = join(root, 'dist', 'cli', 'main.js')
  for (const target of targets) {
    const data = target === 'heart' ? join(out, 'heart.csv') : target
    const plan = planComparison(
      resolveComparison(comparisonsOf(target, data).default),
      join(out, `${target}-default`),
    )
    const { directory } = plan.runs[0]
    const picture = join(root, 'docs', 'recipes', `${target}.png`)
    const words = [
      'sample',
      basename(directory),
      '--steps',
      '1',
      '--count',
      '5000',
      '--seed',
      '0',
      '--out',
      picture,
    ]
    if (existsSync(directory))
      execFileSync(process.execPath, [main, ...words], { cwd: dirname(directory), stdio: 'ignore' })
  }
}

export async function writeReport(root, out) {
  const found = {}
  for (const kind of ['default', 'short', 'without']) {
    found[kind] = Object.fromEntries(
      TARGETS.flatMap(target => {
        const file = join(out, `${target}-${kind}.result.json`)
        return existsSync(file) ? [[target, numbersOf(file)]] : []
      }),
    )
  }
  writeFileSync(join(root, 'docs', 'recipes.json'), `${JSON.stringify(found, null, 1)}\n`)
  const page = join(root, 'docs', 'recipes.md')
  const three = (kind, metric) =>
    NFE.map(nfe => `${nfe} jump${nfe > 1 ? 's' : ''}:\n\n${acrossTargets(found[kind], metric, nfe)}`).join(
      '\n\n',
    )
  let text = readFileSync(page, 'utf8')
  text = fill(text, 'default', defaultTable(found.default))
  text = fill(text, 'short strays', three('short', 'strays'))
  text = fill(text, 'short distance', three('short', 'slicedWasserstein'))
  if (text.includes('<!-- without -->'))
    text = fill(text, 'without', acrossTargets(found.without, 'strays', 1))
  writeFileSync(page, text)
  pictures(root, out, Object.keys(found.default))
}
