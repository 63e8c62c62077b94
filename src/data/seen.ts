import type { RowHash } from './row-hash.ts'

/** The most rows that are remembered: 64 MiB of memory at most. */
const MOST = 1 << 22

/** Remembers hashes of 64 bits. */
export interface Seen {
  /** Whether it was there already; `undefined` when there are too many to know. */
  add(hash: RowHash): boolean | undefined
}

/** A set in two typed arrays, which takes a sixth of the memory of a `Set`. */
export function seenHashes(most = MOST): Seen {
  let capacity = 1 << 10
  let table = new Uint32Array(2 * capacity)
  let count = 0

  /** The place of a hash, or the free one where it belongs. */
  const find = (high: number, low: number): number => {
    let slot = low & (capacity - 1)
    while (table[2 * slot] !== 0 || table[2 * slot + 1] !== 0) {
      if (table[2 * slot] === high && table[2 * slot + 1] === low) break
      slot = (slot + 1) & (capacity - 1)
    }
    return slot
  }

  const grow = (): void => {
    const before = table
    capacity *= 2
    table = new Uint32Array(2 * capacity)
    for (let i = 0; i < before.length; i += 2) {
      if (before[i] === 0 && before[i + 1] === 0) continue
      const slot = find(before[i], before[i + 1])
      table[2 * slot] = before[i]
      table[2 * slot + 1] = before[i + 1]
    }
  }

  return {
    add({ high, low: found }) {
      // Both words 0 mark a free place.
      const low = high === 0 && found === 0 ? 1 : found
      const slot = find(high, low)
      if (table[2 * slot] !== 0 || table[2 * slot + 1] !== 0) return true
      if (count >= most) return undefined
      table[2 * slot] = high
      table[2 * slot + 1] = low
      if (++count * 2 > capacity) grow()
      return false
    },
  }
}
