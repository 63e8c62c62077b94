import type { LogProbability } from './perplexity.ts'
import { eachRow, type TokenRows } from './token-rows.ts'

export interface NGramOptions {
  /** Symbols that decide together: a symbol's law depends on the `order - 1` before it, at the beginning on those that there are. */
  readonly order: number
  /** What is added to each count. */
  readonly add: number
  /** Symbols of the alphabet. */
  readonly symbols: number
}

/**
 * A law of sequences fitted by counting: `p(x_l | before) = (count(before, x_l) + a) / (count(before) + a K)`.
 *
 * @returns the logarithm of the probability of a sequence
 */
export function fitNGram(rows: TokenRows, { order, add, symbols }: NGramOptions): LogProbability {
  const before = new Map<string, number>()
  const whole = new Map<string, number>()
  const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
  const contextOf = (row: ArrayLike<number>, l: number): string => {
    let key = ''
    for (let i = Math.max(0, l - order + 1); i < l; i++) key += String.fromCharCode(row[i])
    return key
  }
  for (const row of eachRow(rows)) {
    for (let l = 0; l < row.length; l++) {
      const context = contextOf(row, l)
      count(before, context)
      count(whole, context + String.fromCharCode(row[l]))
    }
  }
  return row => {
    let sum = 0
    for (let l = 0; l < row.length; l++) {
      const context = contextOf(row, l)
      const seen = whole.get(context + String.fromCharCode(row[l])) ?? 0
      sum += Math.log((seen + add) / ((before.get(context) ?? 0) + add * symbols))
    }
    return sum
  }
}
