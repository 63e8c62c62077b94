// Writes the tables of docs/steering.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { METHODS } from './methods.mjs'
import { TRAININGS } from './training.mjs'
import { WORLDS } from './worlds.mjs'

const line = cells => `| ${cells.join(' | ')} |`
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = values =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1))

/** The mean over seeds beside their standard deviation. */
function over(rows, key, digits) {
  const values = rows.map(row => row[key]).filter(value => typeof value === 'number')
  if (values.length === 0) return ''
  const spread = values.length > 1 ? ` ± ${deviation(values).toFixed(digits)}` : ''
  return `${mean(values).toFixed(digits)}${spread}`
}

const seedsOf = (results, prefix) =>
  Object.keys(results)
    .filter(key => key.startsWith(`${prefix}/`) && !key.slice(prefix.length + 1).includes('/'))
    .map(key => results[key])

function methodsTable(results, kind, world) {
  const rows = METHODS.map(({ name }) => ({
    name,
    rows: seedsOf(results, `${kind}/${world}/${name}`),
  })).filter(({ rows }) => rows.length > 0)
  if (rows.length === 0) return 'Not measured.'
  const target = seedsOf(results, `target/${world}`)
  return [
    line(['method', 'mean reward', 'SW', 'modes off', 'log Z off', 'distinct', 'forward', 'backward']),
    line(['---', ...new Array(7).fill('---:')]),
    line(['exact samples', over(target, 'reward', 3), over(target, 'floor', 3), '0', '0', '1.00', '', '']),
    ...rows.map(({ name, rows }) =>
      line([
        name,
        over(rows, 'reward', 3),
        over(rows, 'distance', 3),
        over(rows, 'modes', 3),
        over(rows, 'logZ', 2),
        mean(rows.map(row => row.distinct)).toFixed(2),
        mean(rows.map(row => row.forward)).toFixed(0),
        mean(rows.map(row => row.backward)).toFixed(0),
      ]),
    ),
  ].join('\n')
}

function trainingTable(results) {
  const names = Object.keys(TRAININGS).filter(name => seedsOf(results, `training/${name}`).length > 0)
  if (names.length === 0) return 'Not measured.'
  const all = names.flatMap(name => seedsOf(results, `training/${name}`))
  const cell = rows => (rows.length > 0 ? `${over(rows, 'reward', 3)} (${over(rows, 'distance', 2)})` : '')
  return [
    line(['trained', '1 jump', '2', '4', '8']),
    line(['---', '---:', '---:', '---:', '---:']),
    line(['exact samples', `${over(all, 'exact', 3)} (${over(all, 'floor', 2)})`, '', '', '']),
    line([
      'published, one stage, trained velocity',
      '0.719 (0.82)',
      '0.700 (0.91)',
      '0.783 (0.48)',
      '0.815 (0.27)',
    ]),
    ...names.map(name =>
      line([
        `${name}${seedsOf(results, `training/${name}`).length === 1 ? ' (single seed)' : ''}`,
        ...[1, 2, 4, 8].map(steps =>
          cell(
            seedsOf(results, `training/${name}`)
              .map(row => row[steps])
              .filter(Boolean),
          ),
        ),
      ]),
    ),
  ].join('\n')
}

function stochasticTable(results) {
  const rows = seedsOf(results, 'stochastic')
  if (rows.length === 0) return 'Not measured.'
  const times = Object.keys(rows[0])
  return [
    line([
      'tau',
      'covariance off, %',
      'of as many exact samples, %',
      'value, 16 samples',
      'value, denoiser',
      'value, jump',
    ]),
    line(['---', '---:', '---:', '---:', '---:', '---:']),
    ...times.map(tau => {
      const at = rows.map(row => ({
        ...row[tau],
        percent: 100 * row[tau].covariance,
        floor: 100 * row[tau].covarianceFloor,
      }))
      return line([
        tau,
        over(at, 'percent', 1),
        over(at, 'floor', 1),
        over(at, 'posterior', 3),
        over(at, 'denoiser', 3),
        over(at, 'jump', 3),
      ])
    }),
  ].join('\n')
}

const percent = value => (100 * value).toFixed(1)

function completedTable(results) {
  const rows = Object.entries(results).filter(([key]) => key.startsWith('digits/completed/'))
  if (rows.length === 0) return 'Not measured.'
  return [
    line(['completed by', 'accuracy, %', 'off what is seen', 'spread', 'forward', 'backward']),
    line(['---', '---:', '---:', '---:', '---:', '---:']),
    line(['the digits themselves', percent(results['digits/real'].accuracy), '0', '', '', '']),
    ...rows.map(([key, row]) =>
      line([
        key.slice('digits/completed/'.length),
        percent(row.accuracy),
        row.offSeen.toFixed(1),
        row.spread.toFixed(1),
        row.forward.toFixed(0),
        row.backward.toFixed(0),
      ]),
    ),
  ].join('\n')
}

function roundTable(results) {
  const rows = Object.entries(results).filter(([key]) => key.startsWith('digits/round/'))
  if (rows.length === 0) return 'Not measured.'
  const ways = Object.keys(rows[0][1]).filter(name => name !== 'deviation')
  return [
    line(['steps to noise', ...ways, 'deviation of the noise']),
    line(['---:', ...ways.map(() => '---:'), '---:']),
    ...rows.map(([key, row]) =>
      line([
        key.slice('digits/round/'.length),
        ...ways.map(name => row[name].toFixed(1)),
        row.deviation.toFixed(2),
      ]),
    ),
  ].join('\n')
}

function classTable(results) {
  const rows = Object.entries(results).filter(([key]) => key.startsWith('digits/class/'))
  if (rows.length === 0) return 'Not measured.'
  return [
    line([
      'steered by',
      'accuracy, %',
      'by the classifier itself, %',
      'first particles left, %',
      'forward',
      'backward',
    ]),
    line(['---', '---:', '---:', '---:', '---:', '---:']),
    ...rows.map(([key, row]) =>
      line([
        key.slice('digits/class/'.length),
        percent(row.accuracy),
        percent(row.byOwn),
        percent(row.ancestors),
        row.forward.toFixed(0),
        row.backward.toFixed(0),
      ]),
    ),
  ].join('\n')
}

const ADAPTERS = [
  ['exact posterior', 'exact'],
  ["the map's own, 5,000 weighted samples", 'map'],
  ['noise adapter', 'adapter'],
]
/** Of a map that is distilled in half a minute; what it draws when it is told nothing stands in the last column. */
const BESIDE = [
  ['noise adapter alone', 'distilled'],
  ['map and noise adapter together', 'joint'],
]

function adapterTable(results, kinds) {
  const rows = kinds
    .map(([name, key]) => ({ name, rows: seedsOf(results, `adapter/${key}`) }))
    .filter(({ rows }) => rows.length > 0)
  if (rows.length === 0) return 'Not measured.'
  const drifts = kinds === BESIDE
  return [
    line([
      ...['samples', '`Hx` held', 'across held', 'density set holds', 'length along', 'length across'],
      ...['effective', 'bound below `log p(y)`', ...(drifts ? ['told nothing, SW'] : [])],
    ]),
    line(['---', ...new Array(drifts ? 8 : 7).fill('---:')]),
    ...rows.map(({ name, rows }) =>
      line([
        name,
        ...['along', 'across', 'density'].map(key => over(rows, key, 3)),
        ...['alongLength', 'acrossLength'].map(key => over(rows, key, 2)),
        over(rows, 'effective', 2),
        over(rows, 'gap', 3),
        ...(drifts ? [over(rows, 'drift', 3)] : []),
      ]),
    ),
  ].join('\n')
}

/** Puts tables between their marks. */
export function writeReport(root, results) {
  const file = join(root, 'docs', 'steering.md')
  let text = readFileSync(file, 'utf8')
  const put = (mark, table) => {
    const [begin, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`]
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 || to < 0) throw new Error(`docs/steering.md: no marks ${begin}`)
    text = `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`
  }
  for (const kind of ['exact', 'trained']) {
    for (const world of Object.keys(WORLDS)) put(`${kind} ${world}`, methodsTable(results, kind, world))
  }
  put('stochastic', stochasticTable(results))
  put('adapter', adapterTable(results, ADAPTERS))
  put('joint', adapterTable(results, BESIDE))
  put('completed', completedTable(results))
  put('round', roundTable(results))
  put('class', classTable(results))
  const seconds = results['speed/10000']
  put(
    'speed',
    seconds === undefined
      ? 'Not measured.'
      : `10,000 particles take ${seconds.toFixed(1)} s through 16 steps on the trained ring (kernel \`renoise\`, look-ahead \`jump\`), on two cores.`,
  )
  put('training', trainingTable(results))
  writeFileSync(file, text)
}
