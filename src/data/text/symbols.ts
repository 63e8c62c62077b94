import type { Text } from '../dataset.ts'
import { DataError } from '../error.ts'
import { show } from '../show.ts'

/** The symbol that fills the rest of a line: no line holds it. */
export const END = '\n'

const codePoint = (symbol: string): number => symbol.codePointAt(0)!

/** Different symbols in the order of their code points. */
export const sortedSymbols = (symbols: Iterable<string>): string[] =>
  [...new Set(symbols)].sort((a, b) => codePoint(a) - codePoint(b))

/**
 * The numbers of a text's symbols, the rest filled by `end`.
 *
 * @throws {DataError} naming a symbol that is not in the alphabet, or where the text is too long, or too short without an end
 */
export function encode(text: string, { alphabet, length, end }: Omit<Text, 'tokens' | 'unit'>): number[] {
  const symbols = [...text]
  if (symbols.length > length || (symbols.length < length && end === undefined)) {
    const expected = `${end === undefined ? '' : 'at most '}${length} symbols`
    throw new DataError(`text: expected ${expected}, found ${symbols.length} in ${show(text)}`)
  }
  const fill = new Array<string>(length - symbols.length).fill(end ?? '')
  return [...symbols, ...fill].map(symbol => {
    const found = alphabet.indexOf(symbol)
    if (found < 0) throw new DataError(`text: ${show(symbol)} is not in the alphabet`)
    return found
  })
}

/** A sequence as text, up to its first `end`. */
export function decode(tokens: ArrayLike<number>, { alphabet, end }: Pick<Text, 'alphabet' | 'end'>): string {
  const symbols = Array.from(tokens, token => alphabet[token])
  const stop = end === undefined ? -1 : symbols.indexOf(end)
  return (stop < 0 ? symbols : symbols.slice(0, stop)).join('')
}
