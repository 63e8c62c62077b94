// Writes docs/leaderboard.json (the numbers) and docs/leaderboard.md (the tables) from the results of run.mjs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { planComparison, resolveComparison } from '../../dist/evaluation/comparison.js'
import { objectives } from '../../dist/index.js'
import { BOARDS, BUDGET, COUNT, comparisonOf, NFE, OWN_SETTINGS } from './plan.mjs'

/** Beside the distance: a lost mode is not seen by it. */
const MODES = 'modeCoverage'
const METRICS = ['strays', 'slicedWasserstein', 'histogramKL', 'trajectoryError']

const read = file => JSON.parse(readFileSync(file, 'utf8'))
const mean = list => list.reduce((a, b) => a + b, 0) / list.length
const round = (x, digits = 4) => (x === null || x === undefined ? null : Number(x.toPrecision(digits)))

/** Training steps of every method by its label. */
function stepsOf({ runs, methods }) {
  const labels = Object.fromEntries(methods.map(({ id, label }) => [id, label]))
  return Object.fromEntries(runs.map(({ method, config }) => [labels[method], config.steps]))
}

/** A board as it is published. */
export function publishedOf(root, data) {
  const file = join(root, 'docs', 'leaderboard.json')
  return existsSync(file) ? read(file).boards.find(board => board.data === data) : undefined
}

/** The numbers of one board: per method, per metric, mean and spread by number of jumps. What is published of other rows is kept. */
function boardOf(board, root, out) {
  const { data } = board
  const published = publishedOf(root, data)
  const file = join(out, `${data}.result.json`)
  if (!existsSync(file)) return published
  const { rows, failures = {}, seeds = 1, labels } = read(file)
  const comparison = resolveComparison(comparisonOf(board, seeds, labels))
  const trained = stepsOf(planComparison(comparison, join(out, data)))
  const others = Object.entries(published?.methods ?? {}).filter(([label]) => !labels.includes(label))
  const methods = Object.fromEntries(others)
  const floors = { ...published?.floors }
  for (const { objective, label, steps, metric, mean, sd, floor } of rows) {
    if (!METRICS.includes(metric) && metric !== MODES) continue
    // The teacher is measured with every comparison.
    if (label in (published?.methods ?? {}) && !labels.includes(label)) continue
    methods[label] ??= { objective, steps: trained[label], metrics: {} }
    floors[metric] ??= round(floor)
    if (mean === null) continue
    methods[label].metrics[metric] ??= {}
    methods[label].metrics[metric][steps] = { mean: round(mean), ...(seeds > 1 && { sd: round(sd, 2) }) }
  }
  return { data, seeds, floors, methods, failures: Object.values(failures) }
}

const at = (method, metric, nfe) => method.metrics[metric]?.[nfe]

/** Three digits; what has run away by its power of ten. Shares of strays in percent, with two decimals. */
function show(value, metric) {
  if (!value) return '-'
  const number = x => {
    if (metric === 'strays') return (100 * x).toFixed(2)
    if (x >= 1000) return x.toExponential(0)
    return x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x >= 1 ? x.toFixed(2) : x.toFixed(3)
  }
  return value.sd === undefined ? number(value.mean) : `${number(value.mean)} ± ${number(value.sd)}`
}

/** What data scores in the place of samples, as the values of its table. */
function floorOf(floors, metric) {
  if (metric === 'trajectoryError') return 0
  return metric === 'strays' ? (100 * floors.strays).toFixed(2) : floors[metric]
}

function table({ methods, floors, seeds }, metric, columns) {
  const list = Object.entries(methods)
  const score = method => at(method, metric, columns[0])?.mean ?? Infinity
  list.sort(([, a], [, b]) => score(a) - score(b))
  const best = Object.fromEntries(
    columns.map(nfe => [
      nfe,
      Math.min(...list.map(([, method]) => at(method, metric, nfe)?.mean ?? Infinity)),
    ]),
  )
  const cell = (method, nfe) => {
    const value = at(method, metric, nfe)
    const text = show(value, metric)
    return value && value.mean === best[nfe] ? `**${text}**` : text
  }
  const hasModes = metric === 'slicedWasserstein' && list.some(([, method]) => at(method, MODES, 1))
  const modes = method => {
    const found = at(method, MODES, 1)
    return found ? `${(100 * found.mean).toFixed(0)} %` : ''
  }
  const head = [
    ...['objective', 'steps', ...columns.map(nfe => `${nfe} NFE`)],
    ...(hasModes ? ['modes in one jump'] : []),
  ]
  const rows = list.map(([label, method]) => [
    ...[label, method.steps ?? '-', ...columns.map(nfe => cell(method, nfe))],
    ...(hasModes ? [modes(method)] : []),
  ])
  const floor = [
    ...['*noise floor*', '', ...columns.map(() => floorOf(floors, metric))],
    ...(hasModes ? [floors[MODES] === undefined ? '' : `${(100 * floors[MODES]).toFixed(0)} %`] : []),
  ]
  const line = cells => `| ${cells.join(' | ')} |`
  return [
    `${seeds > 1 ? `Mean ± standard deviation of ${seeds} seeds` : 'One seed'}, sorted by the first column.`,
    '',
    line(head),
    line(head.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...rows.map(line),
    line(floor),
  ].join('\n')
}

/** Whether a board has a metric: one that was measured before there was the metric has not. */
const has = ({ methods }, metric) => Object.values(methods).some(({ metrics }) => metrics[metric])

/** What ranks are of: distance, and strays where every board has them. */
const rankedBy = boards => [
  ...(boards.every(board => has(board, 'strays')) ? ['strays'] : []),
  'slicedWasserstein',
]

/** Mean rank of each method over the boards that it was trained on, by a metric at one number of jumps; last where it has no number. */
function ranks(boards, metric, nfe) {
  const scores = boards.map(({ methods }) =>
    Object.fromEntries(
      Object.entries(methods).flatMap(([label, method]) => {
        const value = at(method, metric, nfe)
        return value ? [[label, value.mean]] : []
      }),
    ),
  )
  const labels = new Set(scores.flatMap(Object.keys))
  const rank = (board, label) => 1 + Object.values(board).filter(score => !(score >= board[label])).length
  return Object.fromEntries(
    [...labels].map(label => [
      label,
      mean(
        scores.flatMap((board, i) => {
          if (!(label in boards[i].methods)) return []
          return label in board ? [rank(board, label)] : [labels.size]
        }),
      ),
    ]),
  )
}

/** Mean ranks by each metric, sorted by their mean in one jump. */
function overview(boards) {
  const metrics = rankedBy(boards)
  const byNfe = Object.fromEntries(NFE.map(nfe => [nfe, metrics.map(metric => ranks(boards, metric, nfe))]))
  const score = label => mean(byNfe[1].map(found => found[label]))
  const labels = Object.keys(byNfe[1][0]).sort((a, b) => score(a) - score(b))
  const rows = labels.map(label => {
    const found = boards.flatMap(({ methods }) => methods[label] ?? [])
    const { objective } = found[0]
    const row = objectives.get(objective)
    const about = row ? `${row.rule}, ${row.setting}` : ''
    const cell = nfe => byNfe[nfe].map(ranks => ranks[label]?.toFixed(1) ?? '-').join(' / ')
    const few = found.length < boards.length ? ` (${found.length} of ${boards.length})` : ''
    return `| ${label}${few} | ${about} | ${NFE.map(cell).join(' | ')} |`
  })
  return [
    `| objective | rule, setting | ${NFE.map(nfe => `${nfe} NFE`).join(' | ')} |`,
    `| --- | --- | ${NFE.map(() => '---:').join(' | ')} |`,
    ...rows,
  ].join('\n')
}

const rankText = boards =>
  rankedBy(boards).includes('strays')
    ? `By the share of strays / by sliced Wasserstein distance; 1 is best. Rows are sorted by the mean of both in one jump: by strays alone, a
map with few distinct points looks good; by distance alone, a map with samples between the modes does.`
    : 'By sliced Wasserstein distance; 1 is best.'

const TITLES = {
  strays: 'Strays: share of samples off the data, in percent',
  slicedWasserstein: 'Sliced Wasserstein distance',
  histogramKL: 'Histogram KL divergence',
  trajectoryError: 'Trajectory error: distance to the exact flow map, root mean square',
}

function boardText(board) {
  const parts = METRICS.filter(metric => has(board, metric)).map(
    metric => `### ${TITLES[metric]}\n\n${table(board, metric, NFE)}`,
  )
  return [`## ${board.data}`, ...parts].join('\n\n')
}

const ownSettings = () =>
  OWN_SETTINGS.length === 0
    ? ''
    : [
        '| row | objective | setting | why |',
        '| --- | --- | --- | --- |',
        ...OWN_SETTINGS.map(
          ({ id, label, training, why }) => `| ${label} | ${id} | \`${JSON.stringify(training)}\` | ${why} |`,
        ),
      ].join('\n')

/** Writes both files from what is there. */
export function writeReport(root, out) {
  const boards = BOARDS.flatMap(board => boardOf(board, root, out) ?? [])
  if (boards.length === 0) throw new Error('no board is finished')
  writeFileSync(join(root, 'docs', 'leaderboard.md'), pageOf(boards))
  writeFileSync(
    join(root, 'docs', 'leaderboard.json'),
    `${JSON.stringify({ budget: BUDGET, count: COUNT, boards })}\n`,
  )
}

/** The page of some boards, as `leaderboard.json` holds them; also those of an earlier version, which have fewer metrics. */
export function pageOf(boards) {
  const reading = readFileSync(fileURLToPath(new URL('reading.md', import.meta.url)), 'utf8').trim()
  const missing = BOARDS.filter(({ data }) => !boards.some(board => board.data === data))
  const text = [
    '# The leaderboard: every objective at equal compute',
    `Written by \`npm run leaderboard\` (\`bench/leaderboard/\`, resumable); do not edit. Each training run has a budget of ${(BUDGET / 1e12).toFixed(1)} · 10^12
floating-point operations, counted on its compiled step graph (including the optimiser). This is about half a minute on one core, and determines the number of
steps. Everything else is the objective's default (\`oxbow objectives ID\`) with the network of
[configuration.md](configuration.md): batch 512, Adam at 0.001, averaged weights. Distillations learn from a velocity with the same
network, trained with a separate budget (\`teacher\`: its rows are Euler steps); \`pfmm\` learns from the \`psd\` row.
The trajectories that \`cmt\`, \`reflow\` and \`meanflow on reflow\` solve before they start are not counted: 32,768 of 32 Heun
steps, a tenth of a budget.
Metrics compare ${COUNT.toLocaleString('en')} samples with as many points of the
data. NFE is the number of network evaluations. Consistency models, which only jump to the data, re-inject noise between steps;
\`pid\` and \`freeflow\` only support one step. Bold marks the best value in a column. The numbers are in [leaderboard.json](leaderboard.json).`,
    missing.length > 0 ? `**Not finished:** ${missing.map(({ data }) => data).join(', ')}.` : '',
    '## What it shows',
    reading,
    '## Mean rank over the datasets',
    rankText(boards),
    overview(boards),
    OWN_SETTINGS.length > 0 ? '## Our own settings, for defaults that fail' : '',
    ownSettings(),
    ...boards.map(boardText),
    ...boards.flatMap(({ data, failures }) =>
      failures.length > 0 ? [`Failed on ${data}: ${failures.join('; ')}`] : [],
    ),
  ]
  return `${text.filter(Boolean).join('\n\n')}\n`
}
