import type { RewardConfig } from '../objective/reward.ts'
import { pack, unpack } from './engine/bytes.ts'
import type { Tilt, Wish } from './plan.ts'
import type { Canvas } from './target/raster.ts'

/** What a reward is painted on: the whole square that the page shows, [-5, 5]^2; a cell's value is in parts of 20. */
export const rewardCanvas: Canvas = { side: 25, least: -20, most: 20 }
const COUNT = rewardCanvas.side ** 2

/** Width of a cell in tenths of the data's unit, so that centres are short in a configuration. */
const TENTHS = 4

/**
 * Width of the bump in the middle of a cell, and its height where the cell is full. Bumps of width `w` that stand `h`
 * apart in rows and columns add up to `2 pi w^2 / h^2 (1 + e)` times their height everywhere, `|e| < 2e-5` here (Poisson's
 * summation formula). So a wide full area is 0.999 high, and with a quarter no painting leaves [-1, 1].
 */
const BUMP_WIDTH = 0.319
const BUMP_HEIGHT = 0.25

/** The text of a painting that nothing was painted on. */
export const NOTHING_PAINTED = ''

export const emptyReward = (): Int8Array => new Int8Array(COUNT)

/** Cells as text: in a link it is short. */
export const packReward = (cells: Int8Array): string =>
  cells.every(value => value === 0)
    ? NOTHING_PAINTED
    : pack(new Uint8Array(cells.buffer, cells.byteOffset, cells.length))

/** The cells of a painting, row by row from the top. @throws Error when its text is damaged */
export function readReward(text: string): Int8Array {
  if (text === NOTHING_PAINTED) return emptyReward()
  const cells = new Int8Array(unpack(text, COUNT).buffer)
  const { least, most } = rewardCanvas
  if (cells.length !== COUNT)
    throw new Error(`painted reward: expected ${COUNT} cells, found ${cells.length}`)
  const outside = cells.find(value => value < least || value > most)
  if (outside !== undefined)
    throw new Error(`painted reward: expected values from ${least} to ${most}, found ${outside}`)
  return cells
}

/** A coordinate of the middle of a cell, of the column or, from the bottom, of the row. */
const middle = (cell: number): number => (TENTHS * (cell - (rewardCanvas.side - 1) / 2)) / 10

/** A painting as the weighted sum of a bump for each cell that is painted. */
function paintedReward(cells: Int8Array): RewardConfig {
  const { side, most } = rewardCanvas
  const places = [...cells.keys()].filter(i => cells[i] !== 0)
  // Of nothing painted, a bump that counts nothing.
  const used = places.length > 0 ? places : [(COUNT - 1) / 2]
  return {
    kind: 'gaussians',
    centers: used.map(i => [middle(i % side), middle(side - 1 - Math.floor(i / side))]),
    weights: used.map(i => (BUMP_HEIGHT * cells[i]) / most),
    scale: BUMP_WIDTH,
  }
}

/** What a configuration can name: all but a class, whose reward is of the data. */
export type Named = Exclude<Wish, { readonly class: number }>

/** The reward that a distribution is tilted by, as a configuration says it. */
export function rewardOfTilt(tilt: Named): RewardConfig {
  if ('painted' in tilt) return paintedReward(readReward(tilt.painted))
  if ('axis' in tilt) {
    const { axis, value, sd } = tilt
    return { kind: 'observation', operator: { kind: 'mask', keep: [axis === 'x' ? 0 : 1] }, y: value, sd }
  }
  return { kind: 'gaussian', center: tilt.center, scale: tilt.scale }
}

/** What that reward is never below and never above. */
export function boundsOfTilt(tilt: Wish): readonly [low: number, high: number] {
  if ('class' in tilt || 'axis' in tilt) return [Number.NEGATIVE_INFINITY, 0]
  if (!('painted' in tilt)) return [0, 1]
  const cells = readReward(tilt.painted)
  const part = (extreme: number) => extreme / rewardCanvas.most
  return [part(Math.min(0, ...cells)), part(Math.max(0, ...cells))]
}

/**
 * A painted reward on a grid of `count` by `count` places over the canvas, row by row from the top, the first place half a
 * step from the edge: rows and columns one after another, so that it is there while it is painted.
 */
export function paintedField(cells: Int8Array, count: number): Float64Array {
  const { side, most } = rewardCanvas
  // [count, side]: how much each cell's bump reaches each place along one axis.
  const reach = Float64Array.from({ length: count * side }, (_, i) => {
    const far = ((Math.floor(i / side) + 0.5) / count) * side - ((i % side) + 0.5)
    return Math.exp(-(((far * TENTHS) / 10 / BUMP_WIDTH) ** 2) / 2)
  })
  const rows = new Float64Array(count * side)
  for (let p = 0; p < count; p++) {
    for (let r = 0; r < side; r++) {
      const share = reach[p * side + r]
      for (let c = 0; c < side; c++) rows[p * side + c] += share * cells[r * side + c]
    }
  }
  const field = new Float64Array(count * count)
  for (let p = 0; p < count; p++) {
    for (let q = 0; q < count; q++) {
      let sum = 0
      for (let c = 0; c < side; c++) sum += reach[q * side + c] * rows[p * side + c]
      field[p * count + q] = (BUMP_HEIGHT * sum) / most
    }
  }
  return field
}

/** The tilts that can be learnt too, of all that is at hand. */
interface Tilts {
  readonly kind: 'bump' | 'painted' | 'class' | 'mask'
  readonly painted: string
  readonly center: [number, number]
  readonly scale: number
  readonly beta: number
}

/** A tilt that can be learnt: the painting where that is wanted, the bump otherwise. */
export const tiltOf = ({ kind, painted, center, scale, beta }: Tilts): Tilt =>
  kind === 'painted' ? { painted, beta } : { center, scale, beta }

/** What samples are steered to, of all that is at hand. */
export function wishOf(
  reward: Tilts & {
    readonly class: number
    readonly known: { readonly axis: 'x' | 'y'; readonly value: number; readonly sd: number }
  },
): Wish {
  if (reward.kind === 'class') return { class: reward.class, beta: 1 }
  if (reward.kind === 'mask') return { ...reward.known, beta: 1 }
  return tiltOf(reward)
}

/** Whether there is no reward: a painting on which nothing was painted. */
export const isBlank = ({ kind, painted }: Pick<Tilts, 'kind' | 'painted'>): boolean =>
  kind === 'painted' && painted === NOTHING_PAINTED
