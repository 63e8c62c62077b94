/** Nodes and weights of a rule of Gauss and Hermite: means of polynomials of a standard normal number are exact. */
export function hermite(count: number): { readonly nodes: number[]; readonly weights: number[] } {
  /** The orthonormal polynomials of degree `count` and one less at `x`. */
  const at = (x: number): [number, number] => {
    let [before, now] = [0, 1]
    for (let k = 0; k < count; k++) {
      ;[before, now] = [now, (x * now - Math.sqrt(k) * before) / Math.sqrt(k + 1)]
    }
    return [now, before]
  }
  // Zeros by bisection between changes of sign.
  const nodes: number[] = []
  const end = 2 * Math.sqrt(count) + 1
  const step = 1 / 512
  for (let x = -end; x < end; x += step) {
    let [low, high] = [x, x + step]
    const sign = Math.sign(at(low)[0])
    if (sign === Math.sign(at(high)[0])) continue
    for (let i = 0; i < 80; i++) {
      const middle = (low + high) / 2
      if (Math.sign(at(middle)[0]) === sign) low = middle
      else high = middle
    }
    nodes.push((low + high) / 2)
  }
  return { nodes, weights: nodes.map(x => 1 / (count * at(x)[1] ** 2)) }
}

/** The error function of numbers, by its series or its continued fraction: to 1e-14. */
function erf(x: number): number {
  if (x < 0) return -erf(-x)
  if (x < 3) {
    let [term, sum] = [x, x]
    for (let n = 1; n < 120; n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let f = 0
  for (let k = 60; k > 0; k--) f = k / 2 / (x + f)
  return 1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + f)
}

/** The normal distribution function. */
export const normalBelow = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2

/** The middles of `count` parts of equal probability of the standard normal law. */
export function quantiles(count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const p = (i + 0.5) / count
    let [low, high] = [-10, 10]
    for (let k = 0; k < 70; k++) {
      const middle = (low + high) / 2
      if (normalBelow(middle) < p) low = middle
      else high = middle
    }
    return (low + high) / 2
  })
}
