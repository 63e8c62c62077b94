/** Two 32-bit hashes of one row. */
export interface RowHash {
  readonly high: number
  readonly low: number
}

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** The finisher of MurmurHash3 (Austin Appleby, public domain): every bit of the input reaches every bit. */
export function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * A hasher of rows by the bits of their 32-bit floats: equal rows have equal hashes in whatever format they came, and
 * 0 equals -0. The object that it returns is used again.
 */
export function rowHasher(dimension: number): (values: ArrayLike<number>, from: number) => RowHash {
  const floats = new Float32Array(dimension)
  const words = new Uint32Array(floats.buffer)
  const hash = { high: 0, low: 0 }
  return (values, from) => {
    // Adding 0 turns -0 into 0.
    for (let i = 0; i < dimension; i++) floats[i] = values[from + i] + 0
    let [high, low] = [0x9747b28c, 0x2545f491]
    for (let i = 0; i < dimension; i++) {
      const word = words[i]
      high =
        (Math.imul(rotate(high ^ Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) +
          0xe6546b64) |
        0
      low = Math.imul(rotate(Math.imul(low ^ word, 0x9e3779b1), 17) + 0x165667b1, 0x27d4eb2f)
    }
    hash.high = mix(high ^ dimension)
    hash.low = mix(low ^ high)
    return hash
  }
}
