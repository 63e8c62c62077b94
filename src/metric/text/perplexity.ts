import { perplexityOf } from '../../model/categorical/markov-law.ts'
import { type Estimate, estimate, standardError } from '../estimate.ts'
import { ofRows, type TokenRows } from './token-rows.ts'

/** `log p` of a sequence, in nats; minus infinity where it has no probability. */
export type LogProbability = (row: ArrayLike<number>) => number

/**
 * `exp(-mean log p / L)` under a law of sequences: among how many symbols each is a free choice. From 1; infinite where a sample has
 * no probability. A model that repeats the likeliest sequence is below that of the data.
 */
export function perplexity(rows: TokenRows, logProbability: LogProbability): Estimate {
  const logs = ofRows(rows, logProbability)
  const value = perplexityOf(logs, rows.length)
  if (!Number.isFinite(value)) return { value, interval: [value, value] }
  const { interval } = estimate(Math.log(value), standardError(logs) / rows.length, [0, Infinity])
  const [low, high] = interval.map(Math.exp)
  return { value, interval: [low, high] }
}
