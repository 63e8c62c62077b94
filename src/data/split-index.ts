/** Which rows are held out: a bit a row, and a count for every 32 of them. */
export interface Sides {
  readonly training: number
  readonly heldOut: number
  /** The row that is number `rank` (from 0) of its side. */
  row(heldOut: boolean, rank: number): number
}

const WORD = 32
/** Of so many rows the places are kept, which is faster: 16 MiB. */
const MOST_KEPT = 1 << 22

function bitCount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The place of the bit that is number `rank` (from 0) of those set in `word`. */
function place(word: number, rank: number): number {
  for (let i = 0; i < rank; i++) word &= word - 1
  return 31 - Math.clz32(word & -word)
}

/** Collects the sides of rows one after another. */
export interface SideCollector {
  add(heldOut: boolean): void
  /** @param none  every row is for training after all */
  finish(none: boolean): Sides
}

/** The places of the rows of each side. */
function keptPlaces(sides: Sides): Sides {
  const places = (held: boolean) =>
    Uint32Array.from({ length: held ? sides.heldOut : sides.training }, (_, rank) => sides.row(held, rank))
  const [training, heldOut] = [places(false), places(true)]
  return { ...sides, row: (held, rank) => (held ? heldOut : training)[rank] }
}

/**
 * No rows yet.
 *
 * @param mostKept  rows up to which their places are kept
 */
export function collectSides(mostKept = MOST_KEPT): SideCollector {
  let words = new Uint32Array(64)
  let rows = 0
  return {
    add(heldOut) {
      const word = rows >>> 5
      if (word === words.length) {
        const more = new Uint32Array(2 * words.length)
        more.set(words)
        words = more
      }
      if (heldOut) words[word] |= 1 << (rows & 31)
      rows++
    },
    finish(none) {
      if (none) return oneSide(rows)
      const sides = bothSides(words.slice(0, Math.ceil(rows / WORD)), rows)
      return rows <= mostKept ? keptPlaces(sides) : sides
    },
  }
}

const oneSide = (rows: number): Sides => ({ training: rows, heldOut: 0, row: (_, rank) => rank })

function bothSides(words: Uint32Array, rows: number): Sides {
  /** Held-out rows before each word. */
  const before = new Uint32Array(words.length + 1)
  words.forEach((word, i) => {
    before[i + 1] = before[i] + bitCount(word)
  })
  const heldOut = before[words.length]
  const countBefore = (held: boolean, word: number) => (held ? before[word] : WORD * word - before[word])
  return {
    training: rows - heldOut,
    heldOut,
    row(held, rank) {
      let [low, high] = [0, words.length - 1]
      while (low < high) {
        const middle = (low + high + 1) >>> 1
        if (countBefore(held, middle) <= rank) low = middle
        else high = middle - 1
      }
      const bits = held ? words[low] : ~words[low]
      return WORD * low + place(bits, rank - countBefore(held, low))
    },
  }
}
