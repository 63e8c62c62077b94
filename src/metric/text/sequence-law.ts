import type { FiniteLaw } from '../../model/categorical/language.ts'
import { countedError } from '../divergence.ts'
import { type Estimate, estimate } from '../estimate.ts'
import { countKeys, countRows, keyOf, type TokenRows } from './token-rows.ts'

/** How often each sequence of a law is among the samples, and last how many samples are none of them: `[n + 1]`. */
export function countSequences(rows: TokenRows, { sequences }: FiniteLaw): Float64Array {
  const counts = countKeys(rows)
  const found = Float64Array.from(sequences, symbols => counts.get(keyOf(symbols)) ?? 0)
  return Float64Array.of(...found, countRows(rows) - found.reduce((a, b) => a + b, 0))
}

const total = (counts: Float64Array): number => counts.reduce((a, b) => a + b, 0)

/**
 * `KL(p || q)` of the law of the data from that of the `N` samples that are one of its `n` sequences, `q = (counts + 1/2)/(N + n/2)`, in
 * nats, from 0. It sees what is missing among valid samples, and validity says how many these are; with half a count for each sequence it
 * is finite, and not 0 for data either.
 */
export function sequenceKL(counts: Float64Array, { probabilities }: FiniteLaw): Estimate {
  const n = probabilities.length
  const N = total(counts.subarray(0, n))
  const value = probabilities.reduce(
    (sum, p, i) => sum + p * Math.log((p * (N + n / 2)) / (counts[i] + 1 / 2)),
    0,
  )
  const slopes = counts.map((count, i) => (i < n ? (-N * probabilities[i]) / (count + 1 / 2) : 0))
  return estimate(Math.max(0, value), countedError(counts, slopes), [0, Infinity])
}

/** `(sum_i |p_i - counts_i / N| + outside / N) / 2`: the total variation distance, 0 to 1, samples outside of the law included. */
export function sequenceTV(counts: Float64Array, { probabilities }: FiniteLaw): Estimate {
  const N = total(counts)
  const apart = counts.map((count, i) => count / N - (probabilities[i] ?? 0))
  const value = apart.reduce((sum, difference) => sum + Math.abs(difference), 0) / 2
  return estimate(
    value,
    countedError(
      counts,
      apart.map(Math.sign).map(sign => sign / 2),
    ),
    [0, 1],
  )
}
