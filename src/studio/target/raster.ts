import { pack, unpack } from '../engine/bytes.ts'
import type { Target } from '../plan.ts'

/** What can be painted: cells of a square, row by row from the top, and the range of their values. */
export interface Canvas {
  /** Cells a side. */
  readonly side: number
  readonly least: number
  readonly most: number
}

/** Cells a side of a target that is painted. */
export const SIDE = 64

/** Density of each cell. */
export const densityCanvas: Canvas = { side: SIDE, least: 0, most: 255 }

/** Of a density 0 to 255, of a reward on both sides of 0. */
export type Cells = Uint8Array | Int8Array

export interface Brush {
  /** In cells. */
  readonly radius: number
  /** What one stroke adds, 0 to 1 of the most. */
  readonly strength: number
  /** Whether it makes more, less (below zero where the canvas has that), or takes towards zero. */
  readonly does: 'add' | 'subtract' | 'erase'
}

/** A point of the square, in cells from its upper left corner. */
export type CanvasPoint = readonly [x: number, y: number]

export const emptyCells = (): Uint8Array => new Uint8Array(SIDE * SIDE)

export const isEmpty = (cells: Cells): boolean => cells.every(value => value === 0)

export const drawingOf = (cells: Uint8Array): Target => ({ kind: 'density', side: SIDE, bytes: pack(cells) })

/** The cells of a target that was painted; nothing of the others, or where it cannot be read. */
export function cellsOf(target: Target): Uint8Array | undefined {
  if (target.kind !== 'density' || target.side !== SIDE) return undefined
  try {
    const cells = unpack(target.bytes, SIDE * SIDE)
    return cells.length === SIDE * SIDE ? cells : undefined
  } catch {
    return undefined
  }
}

/** Distance from a point to the line between two. */
function distanceTo([x, y]: CanvasPoint, [ax, ay]: CanvasPoint, [bx, by]: CanvasPoint): number {
  const [dx, dy] = [bx - ax, by - ay]
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length))
  return Math.hypot(x - ax - along * dx, y - ay - along * dy)
}

/** Full in the middle of the brush, falling to nothing at its edge. */
const SOFT = 0.5
const profile = (distance: number): number => Math.min(1, Math.max(0, (1 - distance) / SOFT))

/** A cell's value after the brush. */
function painted(value: number, change: number, does: Brush['does'], { least, most }: Canvas): number {
  if (does === 'erase') return Math.sign(value) * Math.max(0, Math.abs(value) - change)
  return Math.min(most, Math.max(least, value + (does === 'add' ? change : -change)))
}

/**
 * A stroke of the brush. Going twice over a place within a stroke adds nothing, so that what is painted does not depend
 * on how fast the hand moves.
 *
 * @returns takes the brush to a place, and gives the cells so far
 */
export function beginStroke<C extends Cells>(
  canvas: Canvas,
  before: C,
  { radius, strength, does }: Brush,
): (to: CanvasPoint) => C {
  const { side, most } = canvas
  const covered = new Float32Array(before.length)
  const cells = before.slice() as C
  let from: CanvasPoint | undefined
  const cover = (row: number, column: number, a: CanvasPoint, b: CanvasPoint): void => {
    const i = row * side + column
    const share = profile(distanceTo([column + 0.5, row + 0.5], a, b) / radius)
    if (share <= covered[i]) return
    covered[i] = share
    cells[i] = painted(before[i], Math.round(most * strength * share), does, canvas)
  }
  return to => {
    const start = from ?? to
    const [low, high] = [0, 1].map(axis => [
      Math.max(0, Math.floor(Math.min(start[axis], to[axis]) - radius)),
      Math.min(side - 1, Math.ceil(Math.max(start[axis], to[axis]) + radius)),
    ])
    for (let row = high[0]; row <= high[1]; row++) {
      for (let column = low[0]; column <= low[1]; column++) cover(row, column, start, to)
    }
    from = to
    return cells.slice() as C
  }
}
