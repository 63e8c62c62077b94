/** A sorter of float arrays up to `capacity` long. */
export interface Sorter {
  /**
   * Sorts ascending in place, negative zero before zero, NaN at the ends by its sign.
   *
   * @param order  as long as `values`: filled with the place that each value had
   */
  sort(values: Float32Array, order: Uint32Array): void
}

const SIGN = 0x80000000

/**
 * Radix sort of 32-bit floats in three passes of 11, 11 and 10 bits, several times faster than `Float32Array.sort` at
 * 100,000 numbers. Equal values keep their order. The bits of a float order like an unsigned integer once the sign bit of
 * a positive number, or every bit of a negative one, is flipped.
 */
export function createSorter(capacity: number): Sorter {
  const first = new Uint32Array(capacity)
  const second = new Uint32Array(capacity)
  const middlePlaces = new Uint32Array(capacity)
  const low = new Uint32Array(2048)
  const middle = new Uint32Array(2048)
  const high = new Uint32Array(1024)

  const sort = (values: Float32Array, order: Uint32Array): void => {
    const count = values.length
    const keys = new Uint32Array(values.buffer, values.byteOffset, count)
    low.fill(0)
    middle.fill(0)
    high.fill(0)
    for (let i = 0; i < count; i++) {
      const bits = keys[i]
      const key = (bits ^ ((bits >> 31) | SIGN)) >>> 0
      keys[i] = key
      low[key & 2047]++
      middle[(key >>> 11) & 2047]++
      high[key >>> 22]++
    }
    countsToStarts(low)
    countsToStarts(middle)
    countsToStarts(high)
    for (let i = 0; i < count; i++) {
      const key = keys[i]
      const to = low[key & 2047]++
      first[to] = key
      order[to] = i
    }
    for (let i = 0; i < count; i++) {
      const key = first[i]
      const to = middle[(key >>> 11) & 2047]++
      second[to] = key
      middlePlaces[to] = order[i]
    }
    for (let i = 0; i < count; i++) {
      const key = second[i]
      const to = high[key >>> 22]++
      keys[to] = key & SIGN ? key ^ SIGN : ~key
      order[to] = middlePlaces[i]
    }
  }
  return { sort }
}

function countsToStarts(counts: Uint32Array): void {
  let start = 0
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]
    counts[i] = start
    start += count
  }
}
