/** `log p` of sequences of symbols under a Markov chain. */
export const markovLogProbability = (
  start: readonly number[],
  transition: readonly (readonly number[])[],
  symbols: readonly number[],
): number =>
  symbols.reduce(
    (sum, symbol, l) => sum + Math.log(l === 0 ? start[symbol] : transition[symbols[l - 1]][symbol]),
    0,
  )

/** `exp(-mean log p / L)` of sequences of one length: infinite where one has no probability. */
export function perplexityOf(logProbabilities: readonly number[], length: number): number {
  const mean = logProbabilities.reduce((a, b) => a + b, 0) / logProbabilities.length
  return Math.exp(-mean / length)
}

/** The entropy of one sequence's own counts of symbols, in nats. */
export function symbolEntropy(symbols: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => {
    const share = count / symbols.length
    return sum - share * Math.log(share)
  }, 0)
}
