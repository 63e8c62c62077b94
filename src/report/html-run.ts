import { decimalsFor, escapeHtml, formatCount, formatDuration, formatNumber, plural } from './format.ts'
import { inside, measured } from './html.ts'
import { responsive } from './html-figures.ts'
import { importanceParts } from './html-importance.ts'
import { htmlPage, paragraph, recipe } from './html-page.ts'
import { solverParts } from './html-solvers.ts'
import { plainTable } from './html-table.ts'
import { lossPlot, residualCurves } from './line-plots.ts'
import { runReading } from './reading.ts'
import { formatFloor, headingOf, inPercent } from './results-table.ts'
import type { RunData } from './types.ts'

/** Columns and classes that are listed; data may have thousands. */
const LISTED = 16

/**
 * A run as one HTML file that asks for nothing else: its metrics beside their floors, averaged weights beside raw ones,
 * samples, jumps beside the paths of the ODE, residuals and losses over time, its data, and how to make it again.
 */
export function runReport(given: RunData): string {
  const data = inPercent(given)
  const { run, dataset, count } = data
  const trained = run.steps === run.plannedSteps ? '' : ` of ${formatCount(run.plannedSteps)}`
  const { seeds } = run
  const seed = new Set(Object.values(seeds)).size === 1 ? seeds.data : Object.values(seeds).join(', ')
  return htmlPage({
    title: data.title,
    facts: [
      `run: ${run.name}`,
      `data: ${dataset.name}, ${plural(dataset.dimension, 'dimension')}`,
      `objective: ${run.objective.id}`,
      `${formatCount(run.steps)}${trained} training steps in ${formatDuration(run.seconds)}`,
      `${formatCount(run.parameters)} parameters`,
      `seed ${seed}`,
      `${formatCount(count)} samples per measurement`,
      `oxbow ${run.version}`,
    ],
    reading: runReading(data),
    warnings: data.warnings,
    sections: [
      ...measured(data),
      { heading: 'By class', parts: [byClassTable(data)] },
      { heading: 'Of the map itself', parts: [mapTable(data)] },
      ...inside(data),
      { heading: 'Solvers', parts: solverParts(data.solvers, data.unit ?? 'data units') },
      { heading: 'Importance weights', parts: importanceParts(data.importance) },
      { heading: 'Training', parts: [objectiveText(data), verdictText(data), lossFigures(data)] },
      {
        heading: 'Data',
        parts: [dataFacts(data), columnsTable(data), classesTable(data), vectorTable(data)],
      },
      { heading: 'Make it again', parts: [recipe(data.command, data.config)] },
    ],
  })
}

/** Metrics that are the same for any number of steps. */
function mapTable({ mapMetrics, methods }: RunData): string {
  if (mapMetrics.length === 0) return ''
  const rows = mapMetrics.map(({ metric, estimates, notes }) => {
    const decimals = decimalsFor([
      ...estimates.map(estimate => estimate?.mean ?? 0),
      ...(metric.floor ? [metric.floor.value] : []),
    ])
    const number = (value: number): string => formatNumber(value, decimals)
    const values = estimates.map(estimate => {
      if (!estimate || !Number.isFinite(estimate.mean)) return '–'
      const { mean, interval } = estimate
      const around = interval && interval[0] < interval[1] ? ` (${interval.map(number).join(' to ')})` : ''
      return number(mean) + around
    })
    const floor = metric.floor ? formatFloor(metric.floor, decimals) : '–'
    return [headingOf(metric), ...values, floor, notes.join('; ')]
  })
  const names = methods.slice(0, mapMetrics[0].estimates.length).map(({ label }) => label)
  const caption = 'The same for any number of steps'
  return plainTable(caption, ['metric', ...names, 'noise floor', 'note'], rows, 'plain map')
}

function objectiveText({ run: { objective } }: RunData): string {
  const { formula, paper } = objective
  return `<p>Objective: <code>${escapeHtml(formula)}</code> <span class="soft">${escapeHtml(paper)}</span></p>`
}

/** How the training went; the warning of one that diverged is above already. */
function verdictText({ verdict }: RunData): string {
  if (!verdict || verdict.diverged) return ''
  return paragraph('', `${verdict.text[0].toUpperCase()}${verdict.text.slice(1)}.`)
}

/** The training loss, and beside it each term's residual, whose size is another. */
function lossFigures({ trainingLoss, residuals, isMeasured = false }: RunData): string {
  if (trainingLoss.length === 0) return ''
  const loss = (width: number): string =>
    lossPlot([{ label: 'loss', loss: trainingLoss }], {
      width,
      standalone: false,
      title: 'Training loss against step',
    })
  const each = (width: number): string =>
    residualCurves(residuals, {
      width,
      standalone: false,
      title: isMeasured ? 'How the players stand against step' : 'Residual of each term against step',
    })
  const figures = [
    ...(residuals.length > 0
      ? [
          responsive(
            each,
            isMeasured
              ? 'How the players stand, smoothed: the losses of such a training say nothing.'
              : 'Smoothed mean squared residual of each term, whatever its weight.',
          ),
        ]
      : []),
    responsive(loss, 'Smoothed training loss, as it is weighted: an adaptive weight keeps it near 1.'),
  ]
  return `<div class="figures">${figures.join('')}</div>`
}

function dataFacts({ dataset, data }: RunData): string {
  const { split, standardization, fingerprint } = data
  const rows = fingerprint.rows === null ? 'drawn without end' : plural(fingerprint.rows, 'row')
  const sentences = [
    `${dataset.name}: ${rows}, ${plural(dataset.dimension, 'column')}.`,
    ...(split
      ? [`${formatCount(split.training)} rows to train on, ${formatCount(split.heldOut)} held out.`]
      : []),
    standardization
      ? 'Standardised for the network; metrics are of standardised points.'
      : 'Not standardised: the network sees the data in its own units.',
  ]
  return `<p>${escapeHtml(sentences.join(' '))} Fingerprint <code class="soft">${escapeHtml(dataset.fingerprint)}</code></p>`
}

function columnsTable({ data }: RunData): string {
  const { fingerprint, statistics, standardization, dimension } = data
  const { minimum, maximum } = fingerprint
  if (minimum.length !== dimension) return channelsTable(minimum, maximum)
  const numbers: [string, readonly number[] | undefined][] = [
    ['minimum', minimum],
    ['maximum', maximum],
    ['mean', statistics?.mean],
    ['deviation', statistics?.deviation],
    ['shift', standardization?.shift],
    ['scale', standardization?.scale],
  ]
  const known = numbers.flatMap(([name, values]) => (values && values.length > 0 ? [{ name, values }] : []))
  if (known.length === 0) return ''
  const shown = Math.min(dimension, LISTED)
  const rows = Array.from({ length: shown }, (_, i) => [
    String(i + 1),
    ...known.map(({ values }) => format(values[i])),
  ])
  const more = dimension > shown ? ` (the first ${shown} of ${formatCount(dimension)})` : ''
  return plainTable(`Columns${more}`, ['column', ...known.map(({ name }) => name)], rows)
}

/** Pictures have a range for each channel, and none for each number. */
function channelsTable(minimum: readonly number[], maximum: readonly number[]): string {
  if (minimum.length === 0) return ''
  const rows = minimum.map((low, i) => [String(i + 1), format(low), format(maximum[i])])
  return plainTable('Channels', ['channel', 'minimum', 'maximum'], rows)
}

function classesTable({ data: { labels } }: RunData): string {
  const { counts } = labels ?? {}
  if (!labels || !counts) return ''
  const shown = labels.names.slice(0, LISTED)
  const more =
    labels.names.length > LISTED ? ` (the first ${LISTED} of ${formatCount(labels.names.length)})` : ''
  const rows = shown.map((name, i) => [name, formatCount(counts[i])])
  return plainTable(`Classes${more}`, ['class', 'rows'], rows)
}

/** Samples of each class, the worst first; of the first classes where there are many. */
function byClassTable({ byClass }: RunData): string {
  if (!byClass) return ''
  const { steps, weights, classes } = byClass
  const sorted = classes.filter(({ count }) => count > 0).sort((a, b) => a.agreement - b.agreement)
  const covered = sorted.some(({ coverage }) => coverage !== undefined)
  const percent = (share: number | undefined): string =>
    share === undefined ? '–' : `${(100 * share).toFixed(1)} %`
  const rows = sorted
    .slice(0, LISTED)
    .map(({ name, count, agreement, strays, coverage }) => [
      name,
      formatCount(count),
      percent(agreement),
      percent(strays),
      ...(covered ? [percent(coverage)] : []),
    ])
  const kind = weights === 'ema' ? 'averaged' : 'raw'
  const more = sorted.length > LISTED ? ` (the worst ${LISTED} of ${formatCount(sorted.length)})` : ''
  const caption = `${plural(steps, 'step')}, ${kind} weights, the worst first${more}`
  const head = ['class', 'samples', 'belong to it', 'stray', ...(covered ? ['covered'] : [])]
  return plainTable(caption, head, rows)
}

function vectorTable({ data: { vector } }: RunData): string {
  if (!vector) return ''
  const shown = Math.min(vector.size, LISTED)
  const rows = Array.from({ length: shown }, (_, i) => [
    vector.columns?.[i] ?? String(i + 1),
    format(vector.minimum[i]),
    format(vector.maximum[i]),
  ])
  const more = vector.size > shown ? ` (the first ${shown} of ${formatCount(vector.size)})` : ''
  return plainTable(`Vector of each row${more}`, ['number', 'minimum', 'maximum'], rows)
}

const format = (value: number): string => formatNumber(value, Math.min(4, decimalsFor([value])))
