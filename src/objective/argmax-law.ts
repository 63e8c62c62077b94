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

/** Where a condition that holds from 0 on ends, by bisection: the last place at which it holds, of `1/2^halvings`. */
function endOf(halvings: number, holds: (place: number) => boolean): number {
  let end = 0
  for (let step = 0.5; step >= 0.5 ** halvings; step /= 2) if (holds(end + step)) end += step
  return end
}

/** `t(p)`, for `p` of 0 at the data to 1 at pure noise. */
export function argmaxTime(p: number, alphabet: number): number {
  if (p <= 0) return 0
  if (p >= 1) return 1
  const wanted = (1 - p) * (1 - 1 / alphabet) + 1 / alphabet
  return endOf(52, t => argmaxShare(t, alphabet) > wanted)
}

/** Where symbols are decided: how many there are, and the part of the law that goes by it; the rest is uniform. */
export interface Decided {
  readonly alphabet: number
  readonly share: number
}

/** The law is interpolated between times that are multiples of `1/2^HALVINGS`. */
const HALVINGS = 11
const INTERVALS = 2 ** HALVINGS

const tables = new Map<number, Float64Array>()

/** `p(t)` at the ends of the intervals; made once for each number of symbols. */
function partsOf(alphabet: number): Float64Array {
  const known = tables.get(alphabet)
  if (known) return known
  const parts = Float64Array.from({ length: INTERVALS + 1 }, (_, i) => {
    const share = argmaxShare(i / INTERVALS, alphabet)
    return Math.min(1, Math.max(0, 1 - (share - 1 / alphabet) / (1 - 1 / alphabet)))
  })
  parts[INTERVALS] = 1
  tables.set(alphabet, parts)
  return parts
}

/** `t(p)` of the law beside uniform times, `share t(p) + (1 - share) p`, and `p(t)` of it, by interpolation. */
export function argmaxClock({ alphabet, share }: Decided): {
  readonly time: (p: number) => number
  readonly part: (t: number) => number
} {
  const parts = partsOf(alphabet)
  const decided = (p: number): number => {
    const low = INTERVALS * endOf(HALVINGS, t => parts[t * INTERVALS] <= p)
    const width = parts[low + 1] - parts[low]
    return (low + (width > 0 ? Math.min(1, (p - parts[low]) / width) : 0)) / INTERVALS
  }
  const time = (p: number): number => share * decided(p) + (1 - share) * p
  const part = (t: number): number => endOf(40, p => time(p) < t)
  return { time, part }
}
