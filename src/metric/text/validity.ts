import { type Estimate, shareEstimate } from '../estimate.ts'
import { countRows, ofRows, type TokenRows } from './token-rows.ts'

/** The share of sequences that are in the language, 0 to 1. */
export function validity(rows: TokenRows, isValid: (row: Uint16Array) => boolean): Estimate {
  const hits = ofRows(rows, row => Number(isValid(row))).reduce((a, b) => a + b, 0)
  return shareEstimate(hits, countRows(rows))
}
