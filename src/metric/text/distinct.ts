import { type Estimate, jackknife } from '../estimate.ts'
import { countRows, eachRow, keyOf, type TokenRows } from './token-rows.ts'

/**
 * Different samples divided by all, above 0, to 1. It depends on how many samples there are: compare it with the same number of the
 * data's own.
 */
export function distinct(rows: TokenRows): Estimate {
  const keys = Array.from(eachRow(rows), keyOf)
  const share = (some: readonly string[]): number => new Set(some).size / some.length
  const value = share(keys)
  if (countRows(rows) < 2) return { value, interval: [value, value] }
  return jackknife(
    value,
    (group, groups) => {
      const others = keys.filter((_, i) => i % groups !== group)
      return others.length === 0 ? value : share(others)
    },
    [0, 1],
  )
}
