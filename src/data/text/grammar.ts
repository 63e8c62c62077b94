/** Rules of a grammar: of each symbol what may stand in its place, parts separated by a space, with its weight. */
export type Grammar = Readonly<Record<string, Readonly<Record<string, number>>>>

/**
 * All sentences of a grammar without recursion, with their probabilities.
 *
 * @param start  the symbol that stands for a sentence
 */
export function sentencesOf(grammar: Grammar, start: string): Map<string, number> {
  const found = new Map<string, number>()
  const expand = (done: string, rest: readonly string[], p: number): void => {
    const [next, ...others] = rest
    if (next === undefined) found.set(done.trim(), (found.get(done.trim()) ?? 0) + p)
    else if (!Object.hasOwn(grammar, next)) expand(`${done} ${next}`, others, p)
    else {
      const ways = Object.entries(grammar[next])
      const total = ways.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [way, weight] of ways) expand(done, [...way.split(' '), ...others], (p * weight) / total)
    }
  }
  expand('', [start], 1)
  return found
}
