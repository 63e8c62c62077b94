import type { FiniteLaw, Language, MarkovChain } from '../../model/categorical/language.ts'
import type { Dataset, Labels, Tokens } from '../dataset.ts'
import { generated } from '../generated.ts'
import { componentChooser } from '../mixture.ts'
import { fillOneHot } from './one-hot.ts'
import { END, encode, sortedSymbols } from './symbols.ts'

/** Sequences of a law that are listed at most. */
const MOST_LISTED = 4096

const keyOf = (symbols: ArrayLike<number>): string => String.fromCharCode(...Array.from(symbols))

/** Classes of texts by their names, and the class of each text. */
export interface TextClasses {
  readonly names: readonly string[]
  readonly nameOf: (text: string) => string
}

interface Sequences {
  readonly name: string
  readonly alphabet: readonly string[]
  readonly length: number
  readonly end?: string
  readonly stream?: boolean
  readonly language: Language
  readonly sample: Tokens['sample']
  readonly labels?: Labels
}

const sequenceAt = (tokens: Uint16Array, i: number, length: number): Uint16Array =>
  tokens.subarray(i * length, (i + 1) * length)

/** Sequences of a known law as data without end. */
function languageDataset({
  name,
  alphabet,
  length,
  end,
  stream,
  language,
  sample,
  labels,
}: Sequences): Dataset {
  const K = alphabet.length
  return generated({
    name,
    parameters: { alphabet, length, end, law: language.law, chain: language.chain },
    dimension: length * K,
    shape: [length, K],
    range: { minimum: [0], maximum: [1] },
    space: 'simplex',
    text: {
      ...{ alphabet, unit: 'character', length, tokens: { sample } },
      ...(end !== undefined && { end }),
      ...(stream && { stream }),
    },
    language,
    ...(labels && { labels }),
    sample(random, out, classes) {
      const tokens = new Uint16Array(out.length / K)
      sample(random, tokens)
      fillOneHot(tokens, K, out)
      if (!classes || !language.classOf) return
      for (let i = 0; i < classes.length; i++) classes[i] = language.classOf(sequenceAt(tokens, i, length))
    },
  })
}

/** Data of these strings with their weights; shorter ones are filled by an end. */
export function listedLanguage(
  name: string,
  weights: ReadonlyMap<string, number>,
  classes?: TextClasses,
): Dataset {
  const texts = [...weights.keys()]
  const length = Math.max(...texts.map(text => [...text].length))
  const end = texts.some(text => [...text].length < length) ? END : undefined
  const alphabet = sortedSymbols([...texts.join(''), ...(end === undefined ? [] : [end])])
  const total = [...weights.values()].reduce((a, b) => a + b, 0)
  const law: FiniteLaw = {
    sequences: texts.map(text => encode(text, { alphabet, length, end })),
    probabilities: [...weights.values()].map(weight => weight / total),
  }
  const known = new Map(
    law.sequences.map((symbols, i) => [
      keyOf(symbols),
      classes?.names.indexOf(classes.nameOf(texts[i])) ?? 0,
    ]),
  )
  const choose = componentChooser(law.probabilities)
  return languageDataset({
    ...{ name, alphabet, length, end },
    language: {
      law,
      isValid: symbols => known.has(keyOf(symbols)),
      ...(classes && { classOf: (symbols: ArrayLike<number>) => known.get(keyOf(symbols)) ?? -1 }),
    },
    sample(random, out) {
      for (let at = 0; at < out.length; at += length) out.set(law.sequences[choose(random)], at)
    },
    ...(classes && { labels: { names: classes.names } }),
  })
}

/** Data of a Markov chain of these symbols, in the order of their code points. */
export function chainLanguage(
  name: string,
  alphabet: readonly string[],
  chain: MarkovChain,
  length: number,
): Dataset {
  const { initial, transition } = chain
  const [first, ...next] = [initial, ...transition].map(row => componentChooser(row))
  const law = lawOfChain(chain, length)
  return languageDataset({
    ...{ name, alphabet, length },
    // A window that begins later in the chain may begin with any symbol.
    stream: initial.every(p => p > 0),
    language: {
      chain,
      ...(law && { law }),
      isValid(symbols) {
        let isPossible = initial[symbols[0]] > 0
        for (let l = 1; l < symbols.length; l++) isPossible &&= transition[symbols[l - 1]][symbols[l]] > 0
        return isPossible
      },
    },
    sample(random, out) {
      for (let at = 0; at < out.length; at += length) {
        out[at] = first(random)
        for (let l = 1; l < length; l++) out[at + l] = next[out[at + l - 1]](random)
      }
    },
  })
}

/** All sequences of a chain; nothing where they are too many. */
function lawOfChain({ initial, transition }: MarkovChain, length: number): FiniteLaw | undefined {
  let found = initial.map((p, k) => ({ symbols: [k], p })).filter(({ p }) => p > 0)
  for (let l = 1; l < length; l++) {
    found = found.flatMap(({ symbols, p }) =>
      transition[symbols[l - 1]]
        .map((q, k) => ({ symbols: [...symbols, k], p: p * q }))
        .filter(({ p }) => p > 0),
    )
    if (found.length > MOST_LISTED) return undefined
  }
  return { sequences: found.map(({ symbols }) => symbols), probabilities: found.map(({ p }) => p) }
}
