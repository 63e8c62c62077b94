import type { ResamplingName } from './names.ts'

/**
 * Which particle stands at each place: `weights` `[N]` sum to 1, `uniform` gives numbers in `[0, 1)`, and `count` is the number of
 * places, by default `N`.
 */
export type Resample = (weights: Float64Array, uniform: () => number, count?: number) => Int32Array

/** A search in the running sums of weights: the particle at a part `u` of them, 0 to 1. */
function search(weights: Float64Array): (u: number) => number {
  const upTo = new Float64Array(weights.length)
  let [total, last] = [0, 0]
  for (let i = 0; i < weights.length; i++) {
    upTo[i] = total += weights[i]
    if (weights[i] > 0) last = i
  }
  return u => {
    const goal = u * total
    let [low, high] = [0, last]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (goal < upTo[middle]) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Points `(i + u)/N`, one `u` for all. Carpenter, Clifford & Fearnhead 1999. */
const systematic: Resample = (weights, uniform, count = weights.length) => {
  const [find, u] = [search(weights), uniform()]
  return Int32Array.from({ length: count }, (_, i) => find((i + u) / count))
}

/** Points `(i + u_i)/N`. Kitagawa 1996. */
const stratified: Resample = (weights, uniform, count = weights.length) => {
  const find = search(weights)
  return Int32Array.from({ length: count }, (_, i) => find((i + uniform()) / count))
}

/** Independent draws, in rising order. Gordon, Salmond & Smith 1993. */
const multinomial: Resample = (weights, uniform, count = weights.length) => {
  const points = Float64Array.from({ length: count }, uniform).sort()
  return Int32Array.from(points, search(weights))
}

/** `floor(N w)` copies of each, and independent draws for what is left. Liu & Chen 1998. */
const residual: Resample = (weights, uniform, count = weights.length) => {
  const chosen = new Int32Array(count)
  const rest = new Float64Array(weights.length)
  let filled = 0
  for (let i = 0; i < weights.length; i++) {
    const copies = Math.floor(count * weights[i])
    rest[i] = count * weights[i] - copies
    for (let k = 0; k < copies && filled < count; k++) chosen[filled++] = i
  }
  const find = search(rest)
  while (filled < count) chosen[filled++] = find(uniform())
  return chosen
}

/** Schemes that resample particles; all give particle `i` `N w_i` copies in the mean. */
export const resamplings: Readonly<Record<ResamplingName, Resample>> = {
  systematic,
  stratified,
  residual,
  multinomial,
}
