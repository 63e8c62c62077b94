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
import { drawnSymbols, fillOneHot, largestSymbols } from '../data/text/one-hot.ts'
import { decode } from '../data/text/symbols.ts'
import { interpolants } from '../model/index.ts'
import { checkGrid } from '../sampler/grid.ts'
import { usualGrid } from '../sampler/named-grids.ts'
import type { MethodName, SamplingMethod } from '../sampler/names.ts'
import { drawNoise, uniformGrid } from '../sampler/sampler.ts'
import { methodFor, type SampleOptions, sample } from '../sampler/sampling.ts'
import type { LoadedMap, MapText } from './loaded-map.ts'

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
}

export interface Texts {
  /** Each up to its end, where the data has one. */
  readonly texts: readonly string[]
  /** Their symbols by number, `[count, L]`, ends included. */
  readonly tokens: Uint16Array
  /** What they were decoded from, `[count, L, K]`. */
  readonly points: Float32Array
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

/** Methods that keep a prefix between their steps. */
const KEEP: readonly SamplingMethod[] = ['jump', 'euler']

/**
 * Why texts of a map cannot begin so, in a line; nothing where they can.
 *
 * @param name  of the map, for the line
 */
export function whyNotPrefix(
  { prefix: share, text }: Pick<LoadedMap, 'prefix' | 'text'>,
  name: string,
  prefix: string,
  method: SamplingMethod,
): string | undefined {
  if (share === undefined) return `${name} was trained without prefixes; train with --prefix 0.5`
  const { alphabet, length } = text!
  const symbols = [...prefix]
  if (symbols.length === 0 || symbols.length >= length) {
    return `expected 1 to ${length - 1} symbols, found ${symbols.length}`
  }
  const strange = symbols.find(symbol => !alphabet.includes(symbol))
  if (strange !== undefined) {
    const shown = alphabet.map(symbol => JSON.stringify(symbol).slice(1, -1)).join(' ')
    return `${JSON.stringify(strange)} is not in the alphabet of ${name}: ${shown}`
  }
  return KEEP.includes(method)
    ? undefined
    : `is kept between the steps of ${KEEP.join(' and ')}, found ${method}`
}

/** Takes noise through a grid, the known symbols put back after every step. */
async function keepingPrefix(
  map: LoadedMap,
  noise: Float32Array,
  prefix: readonly number[],
  { grid, ...how }: SampleOptions,
): Promise<Float32Array> {
  const symbols = map.text!.alphabet.length
  const known = new Float32Array(prefix.length * symbols)
  fillOneHot(Uint16Array.from(prefix), symbols, known)
  const keep = (points: Float32Array): Float32Array => {
    for (let i = 0; i < points.length; i += map.dimension) points.set(known, i)
    return points
  }
  let points = keep(noise)
  for (let i = 1; i < grid.length; i++) {
    points = keep((await sample(map, points, { ...how, grid: grid.slice(i - 1, i + 1) })).points)
  }
  return points
}

/**
 * Draws texts of a map of text: from noise through its jumps to probabilities, and from these to symbols. Texts of a seed are
 * those of `oxbow sample`.
 *
 * @throws ArgumentError when the map is none of text, or an option cannot be used; GridError as `sample`
 */
export async function sampleTexts(map: LoadedMap, options: TextOptions): Promise<Texts> {
  const keys = ['count', 'seed?', 'steps?', 'grid?', 'method?', 'options?', 'decode?', 'prefix?']
  checkOptions('sampleTexts: options', options, keys)
  const { text } = map ?? {}
  if (!text) throw new ArgumentError('sampleTexts: map: expected a map of text; use sample for points')
  const { count, seed = 0, steps = 1, method: asked = 'auto', decode: decoding = 'argmax', prefix } = options
  const symbols = text.alphabet.length
  checkWhole('sampleTexts: count', count, 0, Math.floor(MOST_NUMBERS / map.dimension))
  checkSeed('sampleTexts: seed', seed)
  checkWord('sampleTexts: decode', decoding, DECODINGS)
  if (options.grid && options.steps !== undefined) {
    throw new ArgumentError('sampleTexts: steps: leave it out beside a grid, which has its own')
  }
  const times = options.grid ? checkGrid(options.grid) : uniformGrid(steps)
  const method = methodFor(asked, map.objective, times)
  const choice = { method, ...(options.options && { options: options.options }) }
  const grid = options.grid ?? usualGrid(choice, interpolants[map.interpolant], steps, map.decided)
  const problem = prefix === undefined ? undefined : whyNotPrefix(map, 'the map', prefix, method)
  if (problem) throw new ArgumentError(`sampleTexts: prefix: ${problem}`)
  const noise = drawNoise(count, map.dimension, seed, map.space)
  const way = { ...choice, grid, seed }
  const points =
    prefix === undefined
      ? (await sample(map, noise, way)).points
      : await keepingPrefix(map, noise, numbersOf(prefix, text), way)
  const tokens = decoding === 'argmax' ? largestSymbols(points, symbols) : drawnSymbols(points, symbols, seed)
  return { texts: textsOf(tokens, text), tokens, points, method }
}

const numbersOf = (prefix: string, { alphabet }: Symbols): number[] =>
  [...prefix].map(symbol => alphabet.indexOf(symbol))
