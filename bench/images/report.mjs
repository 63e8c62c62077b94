// Writes the tables of docs/images.md from the results.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Headings of the parts of `plan.mjs`, in the order of the page. */
const PARTS = {
  velocity: 'Velocities',
  plain: 'Maps, unguided',
  guided: 'Maps, guided by the velocity at 2',
  scales: 'Scales',
  decoupled: 'A velocity as a map, untrained',
  mid: 'Mid-training',
  matching: 'Matching distributions',
  adapters: 'Adapters',
  spikes: 'Spikes of the gradient, from drawn weights',
  recipes: 'Recipes of examples/images',
}

const line = cells => `| ${cells.join(' | ')} |`
const percent = value => (typeof value === 'number' ? (100 * value).toFixed(1) : '')
const number = value => (typeof value === 'number' ? Number(value.toPrecision(3)).toString() : '')

/** A value beside how far the middle 95 % of resampled ones lie from it. */
function withInterval(metric, show) {
  if (!metric) return ''
  const { value, interval } = metric
  return interval ? `${show(value)} ± ${show((interval[1] - interval[0]) / 2)}` : show(value)
}

const worst = classes =>
  classes?.filter(({ count }) => count > 0).reduce((a, b) => (b.agreement < a.agreement ? b : a))

const COLUMNS = [
  ['row', ({ name }) => `\`${name}\``],
  ['steps', ({ config }) => `${config.steps}`],
  ['minutes', ({ minutes }) => minutes?.toFixed(1) ?? ''],
  [
    'sampled by',
    ({ steps, method }) => `${steps} ${method === 'euler' ? 'Euler' : steps === 1 ? 'jump' : 'jumps'}`,
  ],
  [
    'at scale',
    ({ guidance, onJumps }) => (guidance === null ? '' : `${guidance}${onJumps ? ' on jumps' : ''}`),
  ],
  ['class accuracy, %', ({ metrics }) => withInterval(metrics.classAccuracy, percent)],
  [
    'worst class',
    ({ classes }) => (classes ? `${worst(classes).name}: ${percent(worst(classes).agreement)}` : ''),
  ],
  ['Fréchet', ({ metrics }) => withInterval(metrics.featureFrechet, number)],
  ['coverage, %', ({ metrics }) => withInterval(metrics.classCoverage, percent)],
  ['memorised, %', ({ metrics }) => percent(metrics.memorised?.value)],
]
const LEFT = ['row', 'sampled by', 'worst class']

/** What data that were not trained on give in the place of samples. */
function floors(rows) {
  const of = name => rows.find(row => row.metrics[name])?.metrics[name].floor
  const shown = {
    'class accuracy, %': percent(of('classAccuracy')),
    Fréchet: number(of('featureFrechet')),
    'coverage, %': percent(of('classCoverage')),
    'memorised, %': percent(of('memorised')),
  }
  return COLUMNS.map(([head]) => (head === 'row' ? 'data' : (shown[head] ?? '')))
}

function tableOf(part, results) {
  const rows = results.flatMap(({ name, set, config, minutes, spike, rows = [] }) =>
    rows.map(row => ({ name: name.slice(set.length + 1), config, minutes, spike, ...row })),
  )
  if (rows.length === 0) return []
  const columns =
    part === 'spikes'
      ? [...COLUMNS, ['gradient, 99.9 % of steps over median', ({ spike }) => number(spike)]]
      : COLUMNS
  const extra = columns.slice(COLUMNS.length).map(() => '')
  return [
    `### ${PARTS[part]}`,
    '',
    line(columns.map(([head]) => head)),
    line(columns.map(([head]) => (LEFT.includes(head) ? '---' : '---:'))),
    line([...floors(rows), ...extra]),
    ...rows.map(row => line(columns.map(([, show]) => show(row)))),
    '',
  ]
}

const KEPT = 'docs/images.json'

/** The rows that the page shows: of each its configuration, and what was measured. */
export function readPublished(root) {
  const file = join(root, KEPT)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

export const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b)

/** A row of the same configuration among them. */
export const publishedOf = (published, { name, config }) =>
  published.find(row => row.name === name && isSame(row.config, config))

/** Without the part, which the plan says. */
const kept = ({ name, set, config, seconds, spike, rows }) => ({ name, set, config, seconds, spike, rows })

/**
 * Joins what was measured here with what is published, and fills the generated regions of the page, which stand between
 * `<!-- images SET -->` and `<!-- end -->`.
 */
export function writeReport(root, all, found) {
  const published = readPublished(root)
  const results = all.flatMap((row, i) => {
    const result = found[i].rows ? found[i] : publishedOf(published, row)
    // What others only begin with, such as a classifier, has no rows of its own.
    return result?.rows.length > 0 ? [{ ...kept(result), part: row.part, minutes: row.minutes }] : []
  })
  writeFileSync(join(root, KEPT), `[\n${results.map(row => JSON.stringify(kept(row))).join(',\n')}\n]\n`)
  const page = join(root, 'docs', 'images.md')
  const text = readFileSync(page, 'utf8').replace(
    /(<!-- images (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, start, set, end) => {
      const tables = Object.keys(PARTS).flatMap(part =>
        tableOf(
          part,
          results.filter(row => row.set === set && row.part === part),
        ),
      )
      return `${start}\n${tables.join('\n') || 'Not measured yet.\n'}\n${end}`
    },
  )
  writeFileSync(page, text)
}
