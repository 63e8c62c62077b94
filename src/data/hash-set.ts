import type { RowHash } from './row-hash.ts'

/** The most rows that are remembered: 96 MiB of memory at most. */
const MOST = 1 << 22

/** Counts hashes of 64 bits. */
export interface Seen {
  /** How often the hash has come, this time included; `undefined` once there were too many different ones to know. */
  add(hash: RowHash): number | undefined
  /** Different hashes; `undefined` once there were too many. */
  readonly distinct: number | undefined
  /** The largest count. */
  readonly largest: number
  each(visit: (hash: RowHash, count: number) => void): void
  /** Begins to number the occurrences of hashes that came more than `bound` times. */
  startNumbering(bound: number): void
  /** The number of this occurrence from 1; 0 of a hash that is not numbered. */
  next(hash: RowHash): number
}

/**
 * A table in typed arrays, which takes a fifth of the memory of a `Map`. When it is full, the rarest hashes are forgotten, so
 * that what is frequent stays known in a stream of any length: Manku and Motwani, Approximate frequency counts over data
 * streams, VLDB 2002.
 */
export function seenHashes(most = MOST): Seen {
  let capacity = 1 << 10
  let table = new Uint32Array(2 * capacity)
  let counts = new Uint32Array(capacity)
  let size = 0
  let largest = 0
  let whole = true

  /** The place of a hash, or the free one where it belongs. */
  const find = (high: number, low: number): number => {
    let slot = low & (capacity - 1)
    while (table[2 * slot] !== 0 || table[2 * slot + 1] !== 0) {
      if (table[2 * slot] === high && table[2 * slot + 1] === low) break
      slot = (slot + 1) & (capacity - 1)
    }
    return slot
  }

  // Both words 0 mark a free place.
  const lowOf = ({ high, low }: RowHash): number => (high === 0 && low === 0 ? 1 : low)

  const put = (slot: number, high: number, low: number, count: number): void => {
    table[2 * slot] = high
    table[2 * slot + 1] = low
    counts[slot] = count
    size++
  }

  /** A new table of those that came more than `bound` times. */
  const rebuild = (places: number, bound: number): void => {
    const [before, numbers] = [table, counts]
    capacity = places
    table = new Uint32Array(2 * capacity)
    counts = new Uint32Array(capacity)
    size = 0
    numbers.forEach((count, i) => {
      if (count <= bound) return
      const [high, low] = [before[2 * i], before[2 * i + 1]]
      put(find(high, low), high, low, count)
    })
  }

  const forget = (): void => {
    whole = false
    for (let bound = 1; size > most / 2; bound++) rebuild(capacity, bound)
  }

  return {
    get distinct() {
      return whole ? size : undefined
    },
    get largest() {
      return largest
    },
    add(hash) {
      const { high } = hash
      const low = lowOf(hash)
      let slot = find(high, low)
      if (counts[slot] === 0) {
        if (size >= most) {
          forget()
          slot = find(high, low)
        }
        put(slot, high, low, 0)
      }
      const count = ++counts[slot]
      if (count > largest) largest = count
      if (size * 2 > capacity) rebuild(2 * capacity, 0)
      return whole ? count : undefined
    },
    each(visit) {
      counts.forEach((count, i) => {
        if (count > 0) visit({ high: table[2 * i], low: table[2 * i + 1] }, count)
      })
    },
    startNumbering(bound) {
      // One more than the occurrences so far, so that 0 stays free for what is not numbered.
      counts = counts.map(count => (count > bound ? 1 : 0))
    },
    next(hash) {
      const slot = find(hash.high, lowOf(hash))
      return counts[slot] === 0 ? 0 : counts[slot]++
    },
  }
}
