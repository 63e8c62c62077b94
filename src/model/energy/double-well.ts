import { z } from 'zod'
import type { Tensor } from '../../autodiff/index.ts'
import type { Random } from '../../random/random.ts'
import { energyKind } from './kind.ts'

/** `x^4 - 6 x^2 - x/2`: two wells, the right one deeper. */
const wellAt = (x: number): number => x ** 4 - 6 * x ** 2 - x / 2

/** The top between the wells, where `4 x^3 - 12 x - 1/2 = 0`. */
const BARRIER = -0.041672_68

/** Where the law of the first coordinate is summed: below `e^-130` of its greatest outside. */
const [LOW, HIGH, CELLS] = [-4.5, 4.5, 1 << 15]

/** Sums of `e^-U` of the first coordinate up to each edge of a cell. */
const sums: Float64Array = (() => {
  const width = (HIGH - LOW) / CELLS
  let total = 0
  const found = new Float64Array(CELLS + 1)
  for (let i = 1; i <= CELLS; i++) {
    const [a, b] = [LOW + (i - 1) * width, LOW + i * width]
    // Simpson's rule.
    total += (width / 6) * (Math.exp(-wellAt(a)) + 4 * Math.exp(-wellAt((a + b) / 2)) + Math.exp(-wellAt(b)))
    found[i] = total
  }
  return found
})()

/** `log Z` of a double well. */
export const LOG_NORMALIZER = Math.log(sums[CELLS]) + Math.log(2 * Math.PI) / 2

/** The cell of a part of the whole sum. */
function cellOf(sum: number): number {
  let [low, high] = [0, CELLS - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sum < sums[middle + 1]) high = middle
    else low = middle + 1
  }
  return low
}

/** The probability that the first coordinate is right of the barrier. */
export const RIGHT = 1 - sums[Math.round(((BARRIER - LOW) / (HIGH - LOW)) * CELLS)] / sums[CELLS]

/** A point of the law, by the inverse of the distribution function, which is straight in a cell of 0.0003. */
export function drawWell(random: Random, out: Float32Array | Float64Array, at: number): void {
  const sum = random.uniform() * sums[CELLS]
  const cell = cellOf(sum)
  const part = (sum - sums[cell]) / (sums[cell + 1] - sums[cell])
  out[at] = LOW + ((HIGH - LOW) * (cell + part)) / CELLS
  out[at + 1] = random.normal()
}

/** `x1^4 - 6 x1^2 - x1/2 + x2^2/2` of columns `[B, n]` each, summed. */
export const wells = (first: Tensor, second: Tensor): Tensor => {
  const square = first.square()
  return square.square().sub(square.mul(6)).sub(first.mul(0.5)).add(second.square().mul(0.5)).sum(-1)
}

/** Whether a first coordinate is right of the barrier. */
export const isRight = (x: number): number => Number(x > BARRIER)

export const doubleWell = energyKind({
  description: 'x1^4 - 6 x1^2 - x1/2 + x2^2/2, two wells of which the right one holds 84 %',
  schema: z.strictObject({}),
  open: () => ({
    name: 'double-well',
    dimension: 2,
    energy: (x: Tensor) => wells(x.slice(1, 0, 1), x.slice(1, 1, 2)),
    logNormalizer: LOG_NORMALIZER,
    sample(random: Random, out: Float32Array | Float64Array) {
      for (let at = 0; at < out.length; at += 2) drawWell(random, out, at)
    },
    observables: { right: { of: (points, from) => isRight(points[from]), known: RIGHT } },
  }),
})
