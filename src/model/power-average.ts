/**
 * Power-law averages of parameters: Karras et al. 2024 (EDM2), arXiv:2312.02696, section 3.1. The average of exponent `g`
 * after `n` updates weighs the parameters after update `k` by `(k^(g+1) - (k-1)^(g+1))/n^(g+1)`, so it grows wider in step
 * with the training. Its relative width is the deviation of that profile over `n`.
 */

/** Of the profile that weighs all parameters alike. */
export const WIDEST_AVERAGE = 1 / Math.sqrt(12)

const widthOf = (exponent: number): number =>
  Math.sqrt(exponent + 1) / ((exponent + 2) * Math.sqrt(exponent + 3))

/** The exponent of a relative width, which is above 0 and at most `WIDEST_AVERAGE` (equation 126). */
export function powerExponent(width: number): number {
  let [low, high] = [0, 1 / width]
  // The width falls with the exponent.
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (widthOf(middle) > width) low = middle
    else high = middle
  }
  return low
}

/** The weight of the new parameters in the average after an update, counted from 1: `1 - (1 - 1/n)^(g+1)`. */
export const powerWeight = (exponent: number, update: number): number =>
  1 - (1 - 1 / update) ** (exponent + 1)
