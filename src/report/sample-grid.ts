import type { Points } from '../model/index.ts'
import { classColour, placedLegend } from './class-legend.ts'
import { rowsEach } from './class-sheet.ts'
import { escapeHtml, formatNumber, plural, truncate, wrap } from './format.ts'
import { seriesStyle, stray } from './palette.ts'
import {
  type Axes,
  type Dots,
  dotsPath,
  drawnAxes,
  levelRange,
  type Range,
  rangeOf,
  squareRange,
  toPlane,
} from './points.ts'
import { marksOf, resultsTable } from './results-table.ts'
import { dotDiameter } from './scatter-plot.ts'
import { cellHeight, spaceCell } from './space/cell.ts'
import type { SpaceView } from './space/panel.ts'
import { spaceView } from './space/view.ts'
import { type PlotOptions, svgDocument, textWidth } from './svg.ts'
import type { ComparisonData, Method, SampleSet } from './types.ts'

/** Units of a cell's own grid; coordinates are whole numbers of them. */
export const cellUnits = 400

/** One small cloud of the grid. */
export interface CellDrawing extends Dots {
  readonly stroke: string
  /** In units of the cell's grid. */
  readonly strokeWidth: number
  /** Dots of each class, in a colour of their own. */
  readonly layers?: readonly { readonly path: string; readonly stroke: string }[]
  /** Drawn in place of the dots. */
  readonly picture?: string
  /** Points of a curved space, drawn in place of the dots, and the attributes of the element around by which they are turned. */
  readonly space?: { readonly markup: string; readonly turning: string }
}

/** The rows of a grid of samples on one shared range, the data itself first. */
export interface GridModel {
  readonly steps: readonly number[]
  readonly reference: CellDrawing
  readonly rows: readonly {
    readonly method: Method
    readonly cells: readonly { readonly drawing: CellDrawing | null; readonly caption: string }[]
  }[]
  readonly axes: Axes
  readonly range: Range
  /** Of the first metric. */
  readonly floor: string | null
  /** Largest share of a drawn cloud that lies outside the range. */
  readonly outside: number
  /** How points of a curved space are drawn. */
  readonly view?: SpaceView
  /** Of a cell, in its units. */
  readonly height: number
}

/** What of a comparison a grid shows. */
export type GridData = Pick<
  ComparisonData,
  | 'metrics'
  | 'methods'
  | 'seeds'
  | 'count'
  | 'reference'
  | 'referencePicture'
  | 'referenceClasses'
  | 'classNames'
  | 'sheetClasses'
  | 'dataset'
>

/**
 * Arranges the grid: columns are the numbers of steps that have samples, captions are the first metric.
 *
 * @param limit  most points per cell
 */
export function gridModel(data: GridData, limit = 2000): GridModel {
  const { dimension } = data.dataset
  const steps = [...new Set(data.methods.flatMap(m => m.samples.map(s => s.steps)))].sort((a, b) => a - b)
  const view = spaceView(data.dataset.space, dimension, data.reference)
  const axes = drawnAxes(data.reference, dimension)
  const reference = toPlane(data.reference, dimension, axes)
  const range = dimension === 1 ? squareRange(rangeOf(reference)) : levelRange(rangeOf(reference))
  const table = data.metrics.length > 0 ? resultsTable(data, data.metrics[0]) : null
  const caption = (method: Method, n: number): string => {
    const row = table?.rows.find(candidate => candidate.method === method)
    const entry = row?.entries[table!.steps.indexOf(n)]
    const percent = data.metrics[0]?.percent ? ' %' : ''
    return entry ? `${entry.mean}${percent} ${marksOf(entry)}`.trim() : ''
  }
  const rows = data.methods.map((method, i) => ({
    method,
    cells: steps.map(n => {
      const cloud = method.samples.find(sample => sample.steps === n)
      const { colour } = seriesStyle(i)
      const drawing =
        cloud &&
        (view
          ? drawInSpace(view, cloud.points, dimension, colour, limit, cloud.classes)
          : drawCell(toPlane(cloud.points, dimension, axes), range, colour, limit, cloud))
      return { drawing: drawing ?? null, caption: caption(method, n) }
    }),
  }))
  const drawings = rows.flatMap(row => row.cells.flatMap(cell => (cell.drawing ? [cell.drawing] : [])))
  return {
    steps,
    rows,
    axes,
    range,
    ...(view && { view }),
    height: view ? Math.round(cellUnits * cellHeight(view)) : cellUnits,
    reference: view
      ? drawInSpace(view, data.reference, dimension, 'currentColor', limit, data.referenceClasses)
      : drawCell(reference, range, 'currentColor', limit, {
          picture: data.referencePicture,
          classes: data.referenceClasses,
        }),
    floor: data.metrics[0]?.floor
      ? formatNumber(data.metrics[0].floor.value, table!.decimals) + (data.metrics[0].percent ? ' %' : '')
      : null,
    outside: Math.max(0, ...drawings.map(({ outside, drawn }) => (drawn > 0 ? outside / drawn : 0))),
  }
}

function drawCell(
  points: Points,
  range: Range,
  stroke: string,
  limit: number,
  { picture, strays, classes }: Partial<SampleSet>,
): CellDrawing {
  if (picture) return { ...EMPTY, stroke, strokeWidth: 0, picture }
  const dots = dotsPath(points, range, cellUnits, cellUnits, limit, strays, classes)
  const layers = dots.byClass?.map((path, k) => ({ path, stroke: classColour(k) }))
  return {
    ...dots,
    ...(layers && { layers }),
    stroke,
    strokeWidth: Math.round(dotDiameter(dots.drawn, 110) * (cellUnits / 110)),
  }
}

const EMPTY = { path: '', strays: '', drawn: 0, outside: 0, astray: 0 }

function drawInSpace(
  view: SpaceView,
  points: Points,
  dimension: number,
  stroke: string,
  limit: number,
  classes?: ArrayLike<number>,
): CellDrawing {
  const cell = spaceCell(view, points, dimension, { side: cellUnits, stroke, limit, classes })
  const { drawn, outside } = cell
  return { ...EMPTY, drawn, outside, stroke, strokeWidth: 0, space: cell }
}

/** The dots of a cell, or its pictures, as markup, in units of the cell's grid. */
export function cellPath({
  path,
  layers = [],
  strays,
  stroke,
  strokeWidth,
  picture,
  space,
}: CellDrawing): string {
  if (space) return space.markup
  if (picture) {
    return `<image href="${escapeHtml(picture)}" width="${cellUnits}" height="${cellUnits}" />`
  }
  const dots = (d: string, colour: string, width: number): string =>
    `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round"/>`
  return (
    (path && dots(path, stroke, strokeWidth)) +
    layers.map(layer => dots(layer.path, layer.stroke, strokeWidth)).join('') +
    (strays && dots(strays, stray.colour, Math.round(1.5 * strokeWidth)))
  )
}

/** What a sheet of pictures shows, where there are such. */
export const sheetLegend = ({
  referencePicture,
  sheetClasses,
}: Pick<GridData, 'referencePicture' | 'sheetClasses'>): string => {
  if (!referencePicture) return ''
  if (!sheetClasses) return 'The first pictures, row after row from the same noise.'
  const each = rowsEach(sheetClasses.length)
  const classes = sheetClasses.join(', ')
  const everywhere = 'at every number of steps and for every model'
  return each > 1
    ? `Rows of a sheet are the classes ${classes}, ${each} rows of each. Every class begins from the same noise, ${everywhere}.`
    : `Rows of a sheet are the classes ${classes}. A column begins from the same noise in every row, ${everywhere}.`
}

/** What the dots of strays are, where any are drawn. */
export const strayLegend = ({ rows }: Pick<GridModel, 'rows'>): string =>
  rows.some(({ cells }) => cells.some(({ drawing }) => drawing && drawing.astray > 0))
    ? 'Red dots stray: they are off the data. Those outside the frame are drawn on its edge.'
    : ''

/**
 * Small multiples as one SVG: a row for the data, a row per method, a column per number of steps, one range for all;
 * under each cell the first metric, `*` at the best of its column.
 *
 * @param options.width  of the whole; default 150 pixels per cell, 260 of pictures by class
 */
export function sampleGrid(data: GridData, options: PlotOptions = {}): string {
  const model = gridModel(data)
  const columns = Math.max(1, model.steps.length)
  const names = ['data', ...model.rows.map(({ method }) => method.label)]
  const side = Math.round(Math.min(220, Math.max(60, ...names.map(name => textWidth(name) + 16))))
  const { width = side + columns * (data.sheetClasses ? 260 : 150) } = options
  const [gap, captionHeight, top] = [8, 24, options.title ? 58 : 30]
  const cell = Math.floor((width - side) / columns) - gap
  const tall = Math.round((cell * model.height) / cellUnits)
  const x = (column: number): number => side + column * (cell + gap)
  const y = (row: number): number => top + row * (tall + captionHeight)
  const text = (content: string, left: number, base: number, more = ''): string =>
    content && `<text x="${left}" y="${base}"${more}>${escapeHtml(content)}</text>`
  const frame = (drawing: CellDrawing | null, row: number, column: number): string =>
    `<g transform="translate(${x(column)},${y(row)})">` +
    (model.view
      ? ''
      : `<rect width="${cell}" height="${cell}" fill="none" stroke="currentColor" stroke-opacity=".25"/>`) +
    `${drawing ? `<g transform="scale(${cell / cellUnits})">${cellPath(drawing)}</g>` : ''}</g>`
  const middle = ' text-anchor="middle"'
  const bold = ' font-weight="600"'
  const label = (row: number): string =>
    text(truncate(names[row], Math.floor((side - 12) / textWidth('x'))), 2, y(row) + tall / 2, bold)
  const red = strayLegend(model)
  const note = `Under each cell: ${data.metrics[0]?.label ?? 'nothing'}; * best of its column, ≈ every metric within its noise floor.`
  const said = [
    ...(data.metrics.length > 0 ? [note] : []),
    ...(model.view?.legend ?? []),
    sheetLegend(data),
    red,
  ].filter(Boolean)
  const notes = said.flatMap(line => wrap(line, Math.floor((width - 4) / textWidth('x'))))
  const legend = placedLegend(data.classNames, width)
  const body = [
    options.title ? text(options.title, 2, 20, ' font-size="15" font-weight="600"') : '',
    ...model.steps.map((n, i) => text(plural(n, 'step'), x(i) + cell / 2, top - 10, middle + bold)),
    label(0),
    frame(model.reference, 0, 0),
    text(model.floor ? `floor ${model.floor}` : '', x(0) + cell / 2, y(0) + tall + 16, middle),
    ...model.rows.flatMap((row, r) => [
      label(r + 1),
      ...row.cells.map(
        ({ drawing, caption }, c) =>
          frame(drawing, r + 1, c) + text(caption, x(c) + cell / 2, y(r + 1) + tall + 16, middle),
      ),
    ]),
    ...notes.map((line, i) => text(line, 2, y(names.length) + 18 * (i + 1))),
    ...legend.map(({ name, colour, left, line }) => {
      const base = y(names.length) + 18 * (notes.length + line + 1)
      return `<circle cx="${left + 5}" cy="${base - 4}" r="4" fill="${colour}"/>${text(name, left + 13, base)}`
    }),
  ]
  const lines = notes.length + (legend.at(-1)?.line ?? -1) + 1
  return svgDocument(body.join(''), width, y(names.length) + 10 + 18 * lines, options)
}
