import {
  ArgumentError,
  checkOptions,
  checkPoints,
  checkSeed,
  checkWhole,
  checkWord,
  MOST_NUMBERS,
  refuseArgument,
} from '../data/arguments.ts'
import { drawnSymbols, largestSymbols } from '../data/text/one-hot.ts'
import { decode } from '../data/text/symbols.ts'
import { interpolants } from '../model/index.ts'
import { checkGrid } from '../sampler/grid.ts'
import { usualGrid } from '../sampler/named-grids.ts'
import type { MethodName, SamplingMethod } from '../sampler/names.ts'
import { noiseSource, uniformGrid } from '../sampler/sampler.ts'
import { methodFor, sample } from '../sampler/sampling.ts'
import type { LoadedMap, MapText } from './loaded-map.ts'
import { blockByBlock, type Decoded, usualOverlap, whyNotText } from './long-text.ts'
import { keepingKnown } from './prefix.ts'

const DECODINGS = ['argmax', 'sample'] as const

/** How probabilities become symbols: the most likely one of each position, or one that is drawn. */
export type Decoding = (typeof DECODINGS)[number]

export interface TextOptions {
  /** Texts to draw. */
  readonly count: number
  /** Of the noise, and of symbols that are drawn; default 0. */
  readonly seed?: number
  /** Number of jumps, spread as the map was trained; default 1. */
  readonly steps?: number
  /** Times from 1 to 0 in the place of `steps`. */
  readonly grid?: readonly number[]
  /** Default `auto`. */
  readonly method?: MethodName
  /** Of the method. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Default `argmax`. */
  readonly decode?: Decoding
  /** What every text begins with, of a map that was trained with prefixes. */
  readonly prefix?: string
  /**
   * Symbols of each text, of a map of stream text; default those of a sequence, `L`. A shorter text is the beginning of a
   * sequence; a longer one is written block by block, of a map that was trained with prefixes.
   */
  readonly length?: number
  /** How many of the last symbols each next block begins with; default half of `L`. */
  readonly overlap?: number
}

const KEYS = [
  ...['count', 'seed?', 'steps?', 'grid?', 'method?', 'options?'],
  ...['decode?', 'prefix?', 'length?', 'overlap?'],
]

export interface Texts {
  /** Each up to its end, where the data has one. */
  readonly texts: readonly string[]
  /** Their symbols by number, `[count, length]`, ends included. */
  readonly tokens: Uint16Array
  /** What they were decoded from, `[count, length, K]`. */
  readonly points: Float32Array
  /** Sequences drawn for each, one after another. */
  readonly blocks: number
  readonly method: SamplingMethod
}

/** What of a map's text says how it is read. */
type Symbols = Pick<MapText, 'alphabet' | 'end' | 'length'>

/** Sequences of symbols by number, `[n, L]`, as text. */
function textsOf(tokens: Uint16Array, text: Symbols): string[] {
  const { length } = text
  return Array.from({ length: tokens.length / length }, (_, i) =>
    decode(tokens.subarray(i * length, (i + 1) * length), text),
  )
}

/**
 * Points of a map of text as texts: the largest number of each position is its symbol, and the first end cuts.
 *
 * @param points  `[n, L, K]`, row after row
 * @param text  of the map, `map.text`
 * @throws ArgumentError when they do not fit
 */
export function decodeText(points: Float32Array, text: Symbols): string[] {
  const { alphabet, length } = text ?? {}
  if (!Array.isArray(alphabet) || !(length > 0)) {
    refuseArgument('decodeText: text', 'the text of a map, map.text', text)
  }
  checkPoints('decodeText: points', points, length * alphabet.length)
  return textsOf(largestSymbols(points, alphabet.length), text)
}

/**
 * Draws texts of a map of text: from noise through its jumps to probabilities, and from these to symbols. Texts of a seed are
 * those of `oxbow sample`.
 *
 * @throws ArgumentError when the map is none of text, or an option cannot be used; GridError as `sample`
 */
export async function sampleTexts(map: LoadedMap, options: TextOptions): Promise<Texts> {
  checkOptions('sampleTexts: options', options, KEYS)
  const { text } = map ?? {}
  if (!text) throw new ArgumentError('sampleTexts: map: expected a map of text; use sample for points')
  const { count, seed = 0, steps = 1, method: asked = 'auto', decode: decoding = 'argmax' } = options
  const { length = text.length, overlap = usualOverlap(text.length) } = options
  const symbols = text.alphabet.length
  checkWhole('sampleTexts: count', count, 0, Math.floor(MOST_NUMBERS / map.dimension))
  checkSeed('sampleTexts: seed', seed)
  checkWord('sampleTexts: decode', decoding, DECODINGS)
  checkWhole('sampleTexts: length', length, 1, MOST_NUMBERS)
  if (options.grid && options.steps !== undefined) {
    throw new ArgumentError('sampleTexts: steps: leave it out beside a grid, which has its own')
  }
  const times = options.grid ? checkGrid(options.grid) : uniformGrid(steps)
  const method = methodFor(asked, map.objective, times)
  const choice = { method, ...(options.options && { options: options.options }) }
  const grid = options.grid ?? usualGrid(choice, interpolants[map.interpolant], steps, map.decided)
  const problem = whyNotText(map, 'the map', options, method)
  if (problem) throw new ArgumentError(`sampleTexts: ${problem}`)
  const way = { ...choice, grid, seed }
  const drawBlock = async (known: Uint16Array, block: number): Promise<Decoded> => {
    const noise = noiseSource(map.dimension, seed, map.space, block)(count)
    const points =
      known.length === 0 ? (await sample(map, noise, way)).points : await keepingKnown(map, noise, known, way)
    const tokens =
      decoding === 'argmax' ? largestSymbols(points, symbols) : drawnSymbols(points, symbols, seed, block)
    return { tokens, points }
  }
  const prefix = [...(options.prefix ?? '')].map(symbol => text.alphabet.indexOf(symbol))
  const drawn = await blockByBlock({ count, length, own: text.length, symbols, overlap, prefix, drawBlock })
  return { texts: textsOf(drawn.tokens, { ...text, length }), ...drawn, method }
}
