import { normalBelow } from './divergence.ts'

/** Share of a Gaussian that counts as off it: what lies beyond 4 standard deviations in the plane. */
export const OUTSIDE = Math.exp(-8)

const radii = new Map<number, number>()

/**
 * The radius about the origin that holds all but `exp(-8)` of a standard normal distribution, in standard deviations: 4 in the
 * plane.
 *
 * @param dimension  at least 1
 */
export function normalRadius(dimension: number): number {
  if (!radii.has(dimension)) radii.set(dimension, solve(dimension))
  return radii.get(dimension)!
}

function solve(dimension: number): number {
  if (dimension === 2) return 4
  let [low, high] = [0, dimension + 16 + 8 * Math.sqrt(dimension)]
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (beyond(dimension, middle) > OUTSIDE) low = middle
    else high = middle
  }
  return Math.sqrt(2 * low)
}

/** Share with half of the squared radius above `x`: the regularised upper incomplete gamma function, `Q(D/2, x)`. */
function beyond(dimension: number, x: number): number {
  const isOdd = dimension % 2 === 1
  let a = isOdd ? 0.5 : 1
  let sum = isOdd ? 2 * normalBelow(-Math.sqrt(2 * x)) : Math.exp(-x)
  // x^a exp(-x)/Gamma(a + 1), by its logarithm
  let log = isOdd ? 0.5 * Math.log(x) - x - Math.log(Math.sqrt(Math.PI) / 2) : Math.log(x) - x
  for (; a < dimension / 2 - 0.25; a++) {
    sum += Math.exp(log)
    log += Math.log(x / (a + 1))
  }
  return sum
}
