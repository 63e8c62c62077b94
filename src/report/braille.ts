import { joinArrays, type Points } from '../model/index.ts'
import { formatTick, truncate } from './format.ts'
import { type Range, rangeOf } from './points.ts'

/** How a scatter in braille characters is drawn. */
export interface BrailleOptions {
  /** Columns of the terminal to fill, frame included. Default 40. */
  readonly width?: number
  /** Lines to fill, frame included. Default: what the range's aspect asks for, at most 24. */
  readonly height?: number
  /** What to show; by default where the points are, a few far outliers left out. */
  readonly range?: Range
  /** Draws a box with the title above and the horizontal range below. Default true. */
  readonly frame?: boolean
  readonly title?: string
  /** Polylines `[n, 2]` drawn as dots behind the points, broken where they are not finite. */
  readonly lines?: readonly Points[]
  /** The same with dots far apart. */
  readonly faint?: readonly Points[]
  /** Whether the bottom edge says the range across; default true. */
  readonly ends?: boolean
}

/** Fewer columns than this show nothing of use. */
const leastColumns = 10
const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
]

/**
 * A small scatter of points `[n, 2]` in braille characters (2 by 4 dots each), one unit the same length in both
 * directions. Where a cloud is dense, dots that only few points share are left dark, so that its shape shows.
 *
 * @returns lines joined by newlines, none longer than `width`; a single line of explanation when there is too
 *   little room or no finite point
 */
export function scatter(points: Points, options: BrailleOptions = {}): string {
  const { width = 40, frame = true, title = '' } = options
  const range = options.range ?? rangeOf(points)
  const columns = width - (frame ? 2 : 0)
  if (columns < leastColumns - 2) return truncate(`(no plot: ${width} of ${leastColumns} columns)`, width)
  if (options.height !== undefined && options.height < (frame ? 3 : 1)) {
    return truncate(`(no plot: ${options.height} lines)`, width)
  }
  if (!points.some(Number.isFinite)) return truncate(`${title && `${title}: `}(no finite points)`, width)
  const lines = options.height === undefined ? naturalLines(columns, range) : options.height - (frame ? 2 : 0)
  const behind = [
    ...(options.lines ?? []).map(line => dotted(line, range, 0.02)),
    ...(options.faint ?? []).map(line => dotted(line, range, 0.07)),
  ]
  const body = cells(points, range, columns, lines, behind)
  if (!frame) return (title ? [truncate(title, width), ...body] : body).join('\n')
  return [
    topEdge(title, columns),
    ...body.map(line => `│${line}│`),
    options.ends === false ? `└${'─'.repeat(columns)}┘` : bottomEdge(range, columns),
  ].join('\n')
}

/** A set of points with its title. */
export interface TitledPoints {
  readonly title: string
  readonly points: Points
  /** Where it is drawn in a range of its own, and what behind it, as in `BrailleOptions`. */
  readonly range?: Range
  readonly lines?: readonly Points[]
  readonly faint?: readonly Points[]
}

/** How a row of scatters is laid out. */
export interface RowOptions {
  /** Columns of the terminal. Default 80. */
  readonly columns?: number
  /** What every panel shows; by default where all the points are. */
  readonly range?: Range
}

/**
 * Several scatters side by side on one shared range, wrapped to the terminal.
 *
 * @returns lines joined by newlines, none longer than `columns`
 */
export function scatterRow(panels: readonly TitledPoints[], options: RowOptions = {}): string {
  const { columns = 80 } = options
  if (panels.length === 0) return ''
  const gap = 1
  const [least, most] = [20, 32]
  const fitting = Math.max(1, Math.floor((columns + gap) / (least + gap)))
  const perLine = Math.min(panels.length, fitting)
  const width = Math.min(most, columns, Math.floor((columns + gap) / perLine) - gap)
  const range =
    options.range ??
    panels[0].range ??
    rangeOf(
      joinArrays(
        panels.map(panel => panel.points),
        Float64Array,
      ),
    )
  const height = naturalLines(width - 2, range) + 2
  const blocks: string[] = []
  for (let start = 0; start < panels.length; start += perLine) {
    const drawn = panels
      .slice(start, start + perLine)
      .map(({ points, title, lines, faint, range: own = range }) =>
        scatter(points, { width, height, range: own, title, lines, faint, ends: !lines }).split('\n'),
      )
    const lines = Math.max(...drawn.map(panel => panel.length))
    for (let i = 0; i < lines; i++) {
      blocks.push(
        drawn
          .map(panel => (panel[i] ?? '').padEnd(width))
          .join(' '.repeat(gap))
          .trimEnd(),
      )
    }
  }
  return blocks.join('\n')
}

function naturalLines(columns: number, { x, y }: Range): number {
  const dots = (2 * columns * (y[1] - y[0])) / (x[1] - x[0])
  return Math.min(22, Math.max(2, Math.round(dots / 4)))
}

function cells(
  points: Points,
  range: Range,
  columns: number,
  lines: number,
  behind: readonly Points[] = [],
): string[] {
  const [across, down] = [2 * columns, 4 * lines]
  const counts = countDots(points, range, across, down)
  const threshold = densityThreshold(counts)
  const drawn = countDots(joinArrays(behind, Float64Array), range, across, down)
  return Array.from({ length: lines }, (_, line) => {
    let text = ''
    for (let column = 0; column < columns; column++) {
      let bits = 0
      for (let dy = 0; dy < 4; dy++) {
        for (let dx = 0; dx < 2; dx++) {
          const at = (4 * line + dy) * across + 2 * column + dx
          if (counts[at] >= threshold || drawn[at] > 0) bits |= dotBits[dy][dx]
        }
      }
      text += bits === 0 ? ' ' : String.fromCharCode(0x2800 + bits)
    }
    return text
  })
}

/** Points along a polyline, a part of the range `apart`. */
function dotted(line: Points, { x: [left, right] }: Range, apart: number): Points {
  const found: number[] = []
  let next = 0
  for (let i = 0; i + 3 < line.length; i += 2) {
    const [x, y, dx, dy] = [line[i], line[i + 1], line[i + 2] - line[i], line[i + 3] - line[i + 1]]
    const length = Math.hypot(dx, dy) / (apart * (right - left))
    if (!Number.isFinite(length)) continue
    for (; next < length; next++) found.push(x + (next / length) * dx, y + (next / length) * dy)
    next -= length
  }
  return Float64Array.from(found)
}

function countDots(points: Points, { x, y }: Range, across: number, down: number): Uint32Array {
  const scale = Math.min((across - 1) / (x[1] - x[0]), (down - 1) / (y[1] - y[0]))
  const counts = new Uint32Array(across * down)
  for (let i = 0; i + 1 < points.length; i += 2) {
    const column = Math.round((across - 1) / 2 + (points[i] - (x[0] + x[1]) / 2) * scale)
    const row = Math.round((down - 1) / 2 - (points[i + 1] - (y[0] + y[1]) / 2) * scale)
    if (column >= 0 && column < across && row >= 0 && row < down) counts[row * across + column]++
  }
  return counts
}

/** A fifth of what the fullest tenth of the dots hold, and at least one point. */
function densityThreshold(counts: Uint32Array): number {
  const lit = counts.filter(count => count > 0).sort()
  return Math.max(1, Math.ceil(0.2 * (lit[Math.floor(0.9 * lit.length)] ?? 1)))
}

function topEdge(title: string, columns: number): string {
  const text = title && ` ${truncate(title, columns - 3)} `
  return `┌${text && '─'}${text}${'─'.repeat(columns - [...text].length - (text ? 1 : 0))}┐`
}

function bottomEdge({ x }: Range, columns: number): string {
  const [left, right] = x.map(end => formatTick(Number(end.toPrecision(2))))
  const dashes = columns - left.length - right.length - 4
  return dashes < 1 ? `└${'─'.repeat(columns)}┘` : `└ ${left} ${'─'.repeat(dashes)} ${right} ┘`
}
