import { pack, unpack } from '../engine/bytes.ts'
import type { Target } from '../plan.ts'

/** Cells a side of what is painted. */
export const SIDE = 64

/** Density of each cell, 0 to 255, row by row from the top. */
export type Cells = Uint8Array

export interface Brush {
  /** In cells. */
  readonly radius: number
  /** What one stroke adds, 0 to 1. */
  readonly strength: number
  readonly erase: boolean
}

/** A place on the square, in cells from its upper left corner. */
export type Place = readonly [x: number, y: number]

export const emptyCells = (): Cells => new Uint8Array(SIDE * SIDE)

export const isEmpty = (cells: Cells): boolean => cells.every(value => value === 0)

export const drawingOf = (cells: Cells): Target => ({ kind: 'density', side: SIDE, bytes: pack(cells) })

/** The cells of a target that was painted; nothing of the others, or where it cannot be read. */
export function cellsOf(target: Target): Cells | undefined {
  if (target.kind !== 'density' || target.side !== SIDE) return undefined
  try {
    const cells = unpack(target.bytes, SIDE * SIDE)
    return cells.length === SIDE * SIDE ? cells : undefined
  } catch {
    return undefined
  }
}

/** Distance from a place to the line between two. */
function distanceTo([x, y]: Place, [ax, ay]: Place, [bx, by]: Place): number {
  const [dx, dy] = [bx - ax, by - ay]
  const length = dx * dx + dy * dy
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length))
  return Math.hypot(x - ax - along * dx, y - ay - along * dy)
}

/** Full in the middle of the brush, falling to nothing at its edge. */
const SOFT = 0.5
const profile = (distance: number): number => Math.min(1, Math.max(0, (1 - distance) / SOFT))

/**
 * A stroke of the brush. Going twice over a place within a stroke adds nothing, so that what is painted does not depend
 * on how fast the hand moves.
 *
 * @returns takes the brush to a place, and gives the cells so far
 */
export function beginStroke(before: Cells, { radius, strength, erase }: Brush): (to: Place) => Cells {
  const covered = new Float32Array(before.length)
  const cells = before.slice()
  let from: Place | undefined
  const cover = (row: number, column: number, a: Place, b: Place): void => {
    const i = row * SIDE + column
    const share = profile(distanceTo([column + 0.5, row + 0.5], a, b) / radius)
    if (share <= covered[i]) return
    covered[i] = share
    const change = Math.round(255 * strength * share)
    cells[i] = Math.min(255, Math.max(0, before[i] + (erase ? -change : change)))
  }
  return to => {
    const start = from ?? to
    const [low, high] = [0, 1].map(axis => [
      Math.max(0, Math.floor(Math.min(start[axis], to[axis]) - radius)),
      Math.min(SIDE - 1, Math.ceil(Math.max(start[axis], to[axis]) + radius)),
    ])
    for (let row = high[0]; row <= high[1]; row++) {
      for (let column = low[0]; column <= low[1]; column++) cover(row, column, start, to)
    }
    from = to
    return cells.slice()
  }
}
