import { fillOneHot } from '../data/text/one-hot.ts'
import type { SamplingMethod } from '../sampler/names.ts'
import { type SampleOptions, sample } from '../sampler/sampling.ts'
import type { LoadedMap } from './loaded-map.ts'

/** Methods that keep known symbols between their steps. */
export const KEEP: readonly SamplingMethod[] = ['jump', 'euler']

/** Of a map that was never given the beginning of a text. */
export const withoutPrefixes = (name: string): string =>
  `${name} was trained without prefixes; train with --prefix 0.5`

/**
 * Why texts of a map cannot begin so, in a line; nothing where they can.
 *
 * @param name  of the map, for the line
 * @param length  of a whole text, in symbols
 */
export function whyNotPrefix(
  { prefix: share, text }: Pick<LoadedMap, 'prefix' | 'text'>,
  name: string,
  prefix: string,
  method: SamplingMethod,
  length = text!.length,
): string | undefined {
  if (share === undefined) return withoutPrefixes(name)
  const { alphabet } = text!
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

/**
 * Takes noise through a grid, the known symbols put back after every step.
 *
 * @param known  the first symbols of each point by number, `[n, m]`
 */
export async function keepingKnown(
  map: LoadedMap,
  noise: Float32Array,
  known: Uint16Array,
  { grid, ...how }: SampleOptions,
): Promise<Float32Array> {
  const symbols = map.text!.alphabet.length
  const hot = new Float32Array(known.length * symbols)
  fillOneHot(known, symbols, hot)
  const width = (hot.length * map.dimension) / noise.length
  const keep = (points: Float32Array): Float32Array => {
    for (let at = 0, of = 0; at < points.length; at += map.dimension, of += width) {
      points.set(hot.subarray(of, of + width), at)
    }
    return points
  }
  let points = keep(noise)
  for (let i = 1; i < grid.length; i++) {
    points = keep((await sample(map, points, { ...how, grid: grid.slice(i - 1, i + 1) })).points)
  }
  return points
}
