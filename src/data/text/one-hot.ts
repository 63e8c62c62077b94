import { ofBlock, random } from '../../random/random.ts'
import type { Values } from '../dataset.ts'

/** Fills points `[N, L, K]` with 1 at each symbol and 0 elsewhere. */
export function fillOneHot(tokens: Uint16Array, symbols: number, out: Values): void {
  out.fill(0)
  for (let i = 0; i < tokens.length; i++) out[i * symbols + tokens[i]] = 1
}

/** The symbol with the largest number at each position of points `[N, L, K]`; the first of several. */
export function largestSymbols(points: Values, symbols: number): Uint16Array {
  return Uint16Array.from({ length: points.length / symbols }, (_, i) => {
    let best = 0
    for (let k = 1; k < symbols; k++) if (points[i * symbols + k] > points[i * symbols + best]) best = k
    return best
  })
}

/**
 * One symbol for each position, drawn from its probabilities; what is below 0 has none.
 *
 * @param block  of draws that are independent of each other
 */
export function drawnSymbols(points: Float32Array, symbols: number, seed: number, block = 0): Uint16Array {
  const source = random(seed, 'symbols', ...ofBlock(block))
  return Uint16Array.from({ length: points.length / symbols }, (_, i) => {
    const weights = points.subarray(i * symbols, (i + 1) * symbols).map(p => Math.max(0, p))
    let left = source.uniform() * weights.reduce((sum, p) => sum + p, 0)
    for (let k = 0; k < symbols - 1; k++) {
      left -= weights[k]
      if (left < 0) return k
    }
    return symbols - 1
  })
}
