/** Jensen-Shannon divergence of two lists of frequencies in nats, from 0 to log 2. */
export function jensenShannon(p: Float64Array, q: Float64Array): number {
  const towards = (a: number, b: number) => (a === 0 ? 0 : a * Math.log((2 * a) / (a + b)))
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += towards(p[i], q[i]) + towards(q[i], p[i])
  return Math.max(0, sum / 2)
}

/**
 * The standard error of a function of frequencies that were counted.
 *
 * @param slopes  its derivative in each frequency
 */
export function countedError(counts: Float64Array, slopes: Float64Array): number {
  let [total, first, second] = [0, 0, 0]
  for (let i = 0; i < counts.length; i++) {
    total += counts[i]
    first += counts[i] * slopes[i]
    second += counts[i] * slopes[i] ** 2
  }
  return total > 0 ? Math.sqrt(Math.max(0, second / total - (first / total) ** 2) / total) : 0
}

/**
 * The normal distribution function, absolute error below 1e-15: the series about 0, and the continued fraction of the tail.
 * Abramowitz and Stegun 1964, 26.2.11 and 26.2.14.
 */
export function normalBelow(z: number): number {
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (Math.abs(z) > 5) {
    let tail = Math.abs(z)
    for (let k = 60; k > 0; k--) tail = Math.abs(z) + k / tail
    return z > 0 ? 1 - density / tail : density / tail
  }
  let [term, sum] = [z, z]
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + density * sum
}
