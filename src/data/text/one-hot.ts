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
