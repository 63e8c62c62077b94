/** Fewer weights in the tail say nothing of its shape. */
const LEAST_TAIL = 5

/**
 * The shape `k` of the Pareto tail of weights, by their logarithms: the moments of order `1/k` and above are infinite, and
 * estimates above 0.7 are not to be trusted. Vehtari, Simpson, Gelman, Yao & Gabry, arXiv:1507.02646; the fit is that of
 * Zhang & Stephens 2009 (Technometrics 51(3)) with the weak prior of its appendix C.
 *
 * @returns NaN where there are fewer than 25 weights, or the tail has no spread
 */
export function paretoShape(logWeights: ArrayLike<number>): number {
  const sorted = Float64Array.from(logWeights).sort()
  const count = sorted.length
  const size = Math.ceil(Math.min(0.2 * count, 3 * Math.sqrt(count)))
  if (size < LEAST_TAIL) return Number.NaN
  const top = sorted[count - 1]
  const cut = Math.exp(sorted[count - size - 1] - top)
  const excess = sorted.slice(count - size).map(value => Math.exp(value - top) - cut)
  return excess[0] >= 0 && excess[size - 1] > 0 ? generalisedPareto(excess) : Number.NaN
}

/** @param excess  over the threshold, rising */
function generalisedPareto(excess: Float64Array): number {
  const n = excess.length
  const candidates = 30 + Math.floor(Math.sqrt(n))
  const quarter = excess[Math.max(0, Math.floor(n / 4 + 0.5) - 1)] || excess[n - 1] / 2
  const inverses = Float64Array.from(
    { length: candidates },
    (_, j) => (1 - Math.sqrt(candidates / (j + 0.5))) / (3 * quarter) + 1 / excess[n - 1],
  )
  const shapeAt = (theta: number): number => {
    let sum = 0
    for (const value of excess) sum += Math.log1p(-theta * value)
    return sum / n
  }
  const likelihoods = inverses.map(theta => {
    const k = shapeAt(theta)
    return n * (Math.log(-theta / k) - k - 1)
  })
  const most = likelihoods.reduce((a, b) => Math.max(a, b))
  let [total, sum] = [0, 0]
  likelihoods.forEach((value, j) => {
    const weight = Math.exp(value - most)
    if (!(weight > 0)) return
    total += weight
    sum += weight * inverses[j]
  })
  return (n * shapeAt(sum / total) + 5) / (n + 10)
}
