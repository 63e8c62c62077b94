import type { MarkovChain } from './language.ts'

/** `log p` of a sequence of symbols under a Markov chain. */
export function markovLogProbability(
  { initial, transition }: MarkovChain,
  symbols: ArrayLike<number>,
): number {
  let sum = Math.log(initial[symbols[0]])
  for (let l = 1; l < symbols.length; l++) sum += Math.log(transition[symbols[l - 1]][symbols[l]])
  return sum
}

/** `exp(-mean log p / L)` of sequences of one length: infinite where one has no probability. */
export function perplexityOf(logProbabilities: ArrayLike<number>, length: number): number {
  let sum = 0
  for (let i = 0; i < logProbabilities.length; i++) sum += logProbabilities[i]
  return Math.exp(-sum / logProbabilities.length / length)
}

/** The entropy of one sequence's own counts of symbols, in nats. */
export function symbolEntropy(symbols: ArrayLike<number>): number {
  const counts = new Map<number, number>()
  for (let l = 0; l < symbols.length; l++) counts.set(symbols[l], (counts.get(symbols[l]) ?? 0) + 1)
  let sum = 0
  for (const count of counts.values()) sum -= (count / symbols.length) * Math.log(count / symbols.length)
  return sum
}
