import { type Estimate, shareEstimate } from '../estimate.ts'
import { countRows, keyOf, ofRows, type TokenRows } from './token-rows.ts'

/** The share of samples that are no training row, 0 to 1. */
export function novelty(rows: TokenRows, training: ReadonlySet<string>): Estimate {
  const hits = ofRows(rows, row => Number(!training.has(keyOf(row)))).reduce((a, b) => a + b, 0)
  return shareEstimate(hits, countRows(rows))
}
