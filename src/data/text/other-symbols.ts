import { show } from '../show.ts'

/** What sequences are made of, as far as others are compared with them. */
interface Sequences {
  readonly name: string
  readonly text?: { readonly alphabet: readonly string[] }
}

const shownAlphabet = (alphabet: readonly string[]): string =>
  alphabet.every(symbol => /[\p{L}\p{N}]/u.test(symbol))
    ? alphabet.join('')
    : JSON.stringify(alphabet.join(''))

/**
 * Why sequences are none of a model, in a line that names a symbol; nothing where both have the same symbols, or neither has any.
 *
 * @param known  what the model was trained on
 */
export function whyOtherSymbols({ name, text }: Sequences, known: Sequences): string | undefined {
  if (!text || !known.text) {
    if (!text && !known.text) return undefined
    return text
      ? `${name} is text, and the run was trained on points`
      : `${name} is no text, and the run was trained on text`
  }
  const [found, expected] = [text.alphabet, known.text.alphabet]
  const strange = found.find(symbol => !expected.includes(symbol))
  if (strange !== undefined) {
    return `${name} has the symbol ${show(strange)}, which is not in the alphabet of the run`
  }
  const missing = expected.find(symbol => !found.includes(symbol))
  return missing === undefined
    ? undefined
    : `${name} lacks the symbol ${show(missing)} of the run; read it with the alphabet of the run, {text: {path: ..., alphabet: ${shownAlphabet(expected)}}}`
}
