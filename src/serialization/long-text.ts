import { MOST_NUMBERS } from '../data/arguments.ts'
import type { SamplingMethod } from '../sampler/names.ts'
import type { LoadedMap } from './loaded-map.ts'
import { KEEP, whyNotPrefix, withoutPrefixes } from './prefix.ts'

/**
 * Why texts of a map cannot have this length, in a line; nothing where they can.
 *
 * @param name  of the map, for the line
 * @param count  how many texts
 */
function whyNotLength(
  { prefix: share, text }: Pick<LoadedMap, 'prefix' | 'text'>,
  name: string,
  count: number,
  length: number,
  method: SamplingMethod,
): string | undefined {
  const { stream, length: own, alphabet } = text!
  if (!stream) {
    return `${name} learned texts that are complete, not parts of a longer one, so nothing follows them; train with --data '{text: {path: FILE, as: stream, length: 32}}'`
  }
  const most = Math.floor(MOST_NUMBERS / alphabet.length / Math.max(1, count))
  if (length > most) return `expected at most ${most} symbols for ${count} texts, found ${length}`
  if (length <= own) return undefined
  if (share === undefined) return `more than ${own} symbols continue a prefix: ${withoutPrefixes(name)}`
  if (own < 2) return `sequences of one symbol have no beginning to continue; found ${length}`
  return KEEP.includes(method)
    ? undefined
    : `more than ${own} symbols continue a prefix, which is kept between the steps of ${KEEP.join(' and ')}, found ${method}`
}

/** Why blocks of a text of this length cannot share so many symbols, in a line; nothing where they can. */
function whyNotOverlap(
  { length: own }: { readonly length: number },
  overlap: number,
  length: number | undefined,
): string | undefined {
  if (length === undefined || length <= own) {
    return `only applies to texts longer than the ${own} symbols of a sequence; set a longer length`
  }
  if (Number.isInteger(overlap) && overlap >= 1 && overlap < own) return undefined
  return `expected 1 to ${own - 1} symbols, found ${overlap}`
}

interface AskedText {
  readonly count: number
  readonly length?: number
  readonly overlap?: number
  readonly prefix?: string
}

/**
 * Why a map does not know how a text goes on as is asked: the option, and a line; nothing where it does.
 *
 * @param name  of the map, for the line
 */
export function whyNotText(
  map: Pick<LoadedMap, 'prefix' | 'text'>,
  name: string,
  { count, length, overlap, prefix }: AskedText,
  method: SamplingMethod,
): string | undefined {
  const problems = {
    length: length !== undefined && whyNotLength(map, name, count, length, method),
    overlap: overlap !== undefined && whyNotOverlap(map.text!, overlap, length),
    prefix: prefix !== undefined && whyNotPrefix(map, name, prefix, method, length),
  }
  const [found] = Object.entries(problems).filter(([, problem]) => problem)
  return found?.join(': ')
}

/** How many of the last symbols are the beginning of the next block, where nothing is said. */
export const usualOverlap = (own: number): number => Math.max(1, Math.floor(own / 2))

/** Some symbols of texts with what they were decoded from. */
export interface Decoded {
  /** `[count, n]` */
  readonly tokens: Uint16Array
  /** `[count, n, K]` */
  readonly points: Float32Array
}

interface Long {
  readonly count: number
  /** Symbols of a text. */
  readonly length: number
  /** Symbols of a block, `L`. */
  readonly own: number
  readonly symbols: number
  readonly overlap: number
  /** What every text begins with. */
  readonly prefix: readonly number[]
  /** A block by its number, from the first symbols of each, `[count, m]`. */
  readonly drawBlock: (known: Uint16Array, block: number) => Promise<Decoded>
}

/**
 * Texts block by block: the first as any text, each next one from the last symbols of what there is, until they are long enough.
 */
export async function blockByBlock(long: Long): Promise<Decoded & { readonly blocks: number }> {
  const { count, length, own, symbols, overlap, prefix, drawBlock } = long
  const tokens = new Uint16Array(count * length)
  const points = new Float32Array(count * length * symbols)
  for (let i = 0; i < count; i++) {
    tokens.set(prefix, i * length)
    prefix.forEach((symbol, l) => {
      points[(i * length + l) * symbols + symbol] = 1
    })
  }
  let [done, blocks] = [prefix.length, 0]
  while (done < length) {
    const given = blocks === 0 && done < own ? done : overlap
    const start = done - given
    const known = new Uint16Array(count * given)
    for (let i = 0; i < count; i++) {
      known.set(tokens.subarray(i * length + start, i * length + done), i * given)
    }
    const block = await drawBlock(known, blocks)
    const fresh = Math.min(own, length - start) - given
    for (let i = 0; i < count; i++) {
      const [from, to] = [i * own + given, i * length + done]
      tokens.set(block.tokens.subarray(from, from + fresh), to)
      points.set(block.points.subarray(from * symbols, (from + fresh) * symbols), to * symbols)
    }
    done += fresh
    blocks++
  }
  return { tokens, points, blocks }
}
