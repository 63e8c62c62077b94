/**
 * The time law `argmax`: times at which symbols are decided. `P(t)` is the probability that the largest of `K` entries of a noisy
 * symbol is its own, `E[Phi(Z + (1-t)/t)^(K-1)]`, and `t(p)` solves `(P(t) - 1/K)/(1 - 1/K) = 1 - p`. Lee et al. 2026, arXiv:2602.16813;
 * Potaptchik et al. 2026, arXiv:2604.09784; the rescaling is ours.
 */

/** The trapezoidal rule of a normal law, which is exact to rounding for smooth functions. */
const [REACH, POINTS] = [9, 721]

/** `Phi(x)` by its continued fraction far out and its series near 0. */
function normalShare(x: number): number {
  const a = Math.abs(x)
  const density = Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI)
  if (a < 4) {
    let [term, sum] = [a, a]
    for (let i = 1; Math.abs(term) > 1e-18 * sum && i < 200; i++) {
      term *= (a * a) / (2 * i + 1)
      sum += term
    }
    return 0.5 + Math.sign(x) * density * sum
  }
  let fraction = 0
  for (let i = 60; i > 0; i--) fraction = i / (a + fraction)
  const tail = density / (a + fraction)
  return x > 0 ? 1 - tail : tail
}

/** `P(t)`, from 1 at the data to `1/K` at pure noise. */
export function argmaxShare(t: number, alphabet: number): number {
  if (t <= 0) return 1
  const lead = (1 - t) / t
  const step = (2 * REACH) / (POINTS - 1)
  let sum = 0
  for (let i = 0; i < POINTS; i++) {
    const z = -REACH + i * step
    sum += Math.exp((-z * z) / 2) * normalShare(z + lead) ** (alphabet - 1)
  }
  return (sum * step) / Math.sqrt(2 * Math.PI)
}

/** `t(p)`, for `p` of 0 at the data to 1 at pure noise. */
export function argmaxTime(p: number, alphabet: number): number {
  if (p <= 0) return 0
  if (p >= 1) return 1
  const wanted = (1 - p) * (1 - 1 / alphabet) + 1 / alphabet
  let [low, high] = [0, 1]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (argmaxShare(middle, alphabet) > wanted) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Where symbols are decided: how many there are, and the part of the law that goes by it; the rest is uniform. */
export interface Decided {
  readonly alphabet: number
  readonly share: number
}

/** Intervals of `t` between which the law is interpolated. */
const INTERVALS = 2000

/** `t(p)` of the law beside uniform times, `share t(p) + (1 - share) p`, and `p(t)` of it, by interpolation. */
export function argmaxClock({ alphabet, share }: Decided): {
  readonly time: (p: number) => number
  readonly part: (t: number) => number
} {
  const parts = Float64Array.from({ length: INTERVALS + 1 }, (_, i) => {
    const known = argmaxShare(i / INTERVALS, alphabet)
    return Math.min(1, Math.max(0, 1 - (known - 1 / alphabet) / (1 - 1 / alphabet)))
  })
  parts[INTERVALS] = 1
  const decided = (p: number): number => {
    let [low, high] = [0, INTERVALS]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (parts[middle] <= p) low = middle
      else high = middle
    }
    const width = parts[high] - parts[low]
    return (low + (width > 0 ? Math.min(1, (p - parts[low]) / width) : 0)) / INTERVALS
  }
  const time = (p: number): number => share * decided(p) + (1 - share) * p
  const part = (t: number): number => {
    let [low, high] = [0, 1]
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2
      if (time(middle) < t) low = middle
      else high = middle
    }
    return (low + high) / 2
  }
  return { time, part }
}
