import { classLegend } from './class-legend.ts'
import { escapeHtml, formatCount, plural } from './format.ts'
import { swatch } from './html-table.ts'
import { curvesPlot, lossPlot } from './line-plots.ts'
import { axesText, isSquare } from './points.ts'
import { ranks } from './results-table.ts'
import {
  type CellDrawing,
  cellPath,
  cellUnits,
  type GridModel,
  gridModel,
  sheetLegend,
  strayLegend,
} from './sample-grid.ts'
import type { ComparisonData, MethodRow, Metric } from './types.ts'

/** Widths that a plot is drawn at, in CSS pixels: the style sheet shows the one that fits the screen. */
const widths = { wide: 528, narrow: 328 }

/** A plot at both widths with its caption, which is markup. */
export function responsive(draw: (width: number) => string, caption: string): string {
  const both = Object.entries(widths).map(([name, width]) => `<div class="${name}">${draw(width)}</div>`)
  return `<figure>${both.join('')}<figcaption>${caption}</figcaption></figure>`
}

/** Which way is better, in words. */
function betterOf(metric: Metric): string {
  if (!ranks(metric)) return ''
  const { direction = 'lower' } = metric
  return `; ${direction === 'nearest' ? 'nearest to the floor' : direction} is better`
}

/** Quality against steps, one figure per metric. */
export function curveFigures(data: ComparisonData): string {
  const figures = data.metrics.map(metric => {
    const parts = [
      `${metric.label} against the number of steps${betterOf(metric)}.`,
      ...(intervals(data.methods, metric) ? ['Bands: 95% confidence intervals.'] : []),
      ...(data.seeds > 1 ? [`Bands: one standard deviation over ${plural(data.seeds, 'seed')}.`] : []),
      ...(metric.floor ? ['Dashed: the range of the noise floor.'] : []),
    ]
    const draw = (width: number): string =>
      curvesPlot(data.methods, metric, { width, standalone: false, title: ariaTitle(metric.label, data) })
    return responsive(draw, escapeHtml(parts.join(' ')))
  })
  return `<div class="figures">${figures.join('')}</div>`
}

/** Whether any value of a single seed has a confidence interval. */
const intervals = (methods: readonly MethodRow[], { name }: Metric): boolean =>
  methods.some(({ cells }) => cells.some(({ values }) => values[name]?.sd === null && values[name].interval))

function ariaTitle(label: string, data: ComparisonData): string {
  return `${label} against number of steps for ${plural(data.methods.length, 'method')}; the table has the values`
}

/** Loss curves of all methods that have any; empty where none has. */
export function lossFigure(data: ComparisonData): string {
  if (data.methods.every(method => method.loss.length === 0)) return ''
  const draw = (width: number): string =>
    lossPlot(data.methods, { width, standalone: false, title: 'Training loss of each method against step' })
  const caption =
    'Smoothed training loss. Each objective has its own loss, so compare the shapes of the curves and not their heights.'
  return `<div class="figures">${responsive(draw, caption)}</div>`
}

/** The grid of samples as a table of small plots; empty where there are no samples. */
export function gridFigure(data: ComparisonData): string {
  const model = gridModel(data)
  if (model.steps.length === 0) return ''
  const head = model.steps.map(n => `<th role="columnheader" scope="col">${plural(n, 'step')}</th>`).join('')
  const rows = model.rows.map(({ method, cells }, i) => {
    const drawn = cells.map(({ drawing, caption }, c) => {
      const name = `Samples of ${method.label} at ${plural(model.steps[c], 'step')}`
      return `<td role="cell">${drawing ? cellSvg(drawing, name, model.height) : ''}${escapeHtml(caption)}</td>`
    })
    const label = `<th role="rowheader" scope="row">${swatch(i)}${escapeHtml(method.label)}</th>`
    return `<tr role="row">${label}${drawn.join('')}</tr>`
  })
  return (
    `<figure${turningAttributes(model)}><table class="grid stack${data.sheetClasses ? ' sheets' : ''}" role="table" style="--columns:${model.steps.length}">` +
    `<thead role="rowgroup"><tr role="row"><td role="cell"></td>${head}</tr></thead>` +
    `<tbody role="rowgroup">${referenceRow(data, model)}${rows.join('')}</tbody></table>` +
    `<figcaption>${classKey(data)}${escapeHtml(gridCaption(data, model))}</figcaption></figure>`
  )
}

/** Where all cells are seen from, for the script that turns them together. */
const turningAttributes = ({ view }: GridModel): string =>
  view?.turning ? ` class="turning" data-turn="${view.turning.turn.yaw} ${view.turning.turn.pitch}"` : ''

/** What the colours of dots are, where these have classes. */
function classKey(data: ComparisonData): string {
  const entries = classLegend(data.classNames).map(
    ({ name, colour }) =>
      `<li><svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true"><circle cx="6" cy="6" r="5" fill="${colour}"/></svg>${escapeHtml(name)}</li>`,
  )
  return entries.length > 0 ? `<ul class="classes">${entries.join('')}</ul>` : ''
}

function referenceRow(data: ComparisonData, model: GridModel): string {
  const floor = model.floor ? `floor ${model.floor}` : ''
  const picture = `<td role="cell">${cellSvg(model.reference, `Points of ${data.dataset.name}`, model.height)}${floor}</td>`
  const rest = model.steps.length - 1
  const aside =
    rest > 0 ? `<td role="cell" class="aside" colspan="${rest}">${escapeHtml(data.dataset.name)}</td>` : ''
  return `<tr role="row"><th role="rowheader" scope="row">data</th>${picture}${aside}</tr>`
}

function gridCaption(data: ComparisonData, model: GridModel): string {
  const { dimension } = data.dataset
  const largest = Math.max(
    model.reference.drawn,
    ...model.rows.flatMap(row => row.cells.map(cell => cell.drawing?.drawn ?? 0)),
  )
  const metric = data.metrics.length > 0
  const { referencePicture } = data
  return [
    referencePicture
      ? sheetLegend(data)
      : `At most ${formatCount(largest)} points a cell${model.view ? '' : ', all on one range'}.`,
    ...(metric
      ? [
          `Under each cell: ${data.metrics[0].label}; * best of its column, ≈ every metric within its noise floor.`,
        ]
      : []),
    ...(model.view?.legend ?? []),
    ...(dimension > 2 && !referencePicture && !model.view ? [`${axesText(model.axes, dimension)}.`] : []),
    ...(dimension > 1 && !model.view && !isSquare(model.range) ? ['Each direction has its own scale.'] : []),
    ...(dimension === 1 && !model.view
      ? ['The coordinate runs across; the height only keeps points apart.']
      : []),
    ...(strayLegend(model) ? [strayLegend(model)] : []),
    ...(model.outside > 0
      ? [`Up to ${(100 * model.outside).toFixed(1)}% of a cell's points are outside the frame.`]
      : []),
  ].join(' ')
}

function cellSvg(drawing: CellDrawing, name: string, height: number): string {
  const label = escapeHtml(name)
  const turning = drawing.space?.turning ?? ''
  return `<svg viewBox="0 0 ${cellUnits} ${height}" role="img" aria-label="${label}"${turning}>${cellPath(drawing)}</svg>`
}
