import { symbolEntropy } from '../../model/categorical/markov-law.ts'
import { type Estimate, estimate, meanOf, standardError } from '../estimate.ts'
import { ofRows, type TokenRows } from './token-rows.ts'

/**
 * The mean over samples of the entropy of one sample's own counts of symbols, in nats, from 0 to `log L`; an end that fills the rest
 * is a symbol like any. Much below that of the data samples repeat a few symbols, which perplexity rewards.
 */
export function sampleEntropy(rows: TokenRows): Estimate {
  const entropies = ofRows(rows, symbolEntropy)
  return estimate(meanOf(entropies), standardError(entropies), [0, Math.log(rows.length)])
}
