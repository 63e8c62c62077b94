import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/**
 * A deterministic source of random numbers. Streams are addressed, not advanced: `random(seed, 'noise', step)`
 * always gives the same numbers, so a resumed run needs only its seed and its step.
 */
export interface Random {
  /** A number uniform in the open interval (0, 1), 32 bits of resolution. */
  uniform(): number
  /** A standard normal number. */
  normal(): number
  /** An integer uniform in `[0, bound)`; `bound` at most 2^32. */
  integer(bound: number): number
}

/** The spacing of 32-bit integers on the unit interval. */
const UNIT = 2 ** -32

/** 32-bit FNV-1a over the parts of a stream's address, finished with a Murmur3 mixer. */
function hash(parts: readonly (string | number)[]): number {
  let h = 0x811c9dc5
  for (const char of parts.join('\u0000')) {
    h = Math.imul(h ^ char.codePointAt(0)!, 0x01000193)
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) | 0
}

/** A class rather than closures: one shape for every stream, so that the draws are compiled into the loops around them. */
class Stream implements Random {
  private readonly generator: RandomGenerator
  private spare = Number.NaN

  constructor(state: readonly number[]) {
    this.generator = xoroshiro128plusFromState(state)
  }

  uniform(): number {
    return ((this.generator.next() >>> 0) + 0.5) * UNIT
  }

  /** Box and Muller; the second number of each pair is kept for the next call. */
  normal(): number {
    const { spare } = this
    if (!Number.isNaN(spare)) {
      this.spare = Number.NaN
      return spare
    }
    const radius = Math.sqrt(-2 * Math.log(this.uniform()))
    const angle = 2 * Math.PI * this.uniform()
    this.spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }

  integer(bound: number): number {
    return Math.floor(this.uniform() * bound)
  }
}

/**
 * The generator of one stream.
 *
 * @param seed  the user's seed, any integer
 * @param stream  the stream's address, e.g. `'noise', 17`; different addresses give independent streams
 */
export function random(seed: number, ...stream: (string | number)[]): Random {
  return new Stream([0, 1, 2, 3].map(word => hash([word, seed, ...stream])))
}

/** The end of a stream's address where draws come in blocks: nothing for the first, as where there is only one. */
export const ofBlock = (block: number): number[] => (block === 0 ? [] : [block])
