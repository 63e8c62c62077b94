import { type Form, pick } from './form.ts'

/** Words of memory that a program asks for, which it gets. */
const [SIZES, MOST] = [3, 1 << 20]

/** Numbers of 32 bits, as programs of the engine are. */
export const words: Form = {
  change(input, drawn) {
    const found = new Int32Array(Uint8Array.from(input.subarray(0, input.length & ~3)).buffer)
    if (found.length === 0) return undefined
    for (let left = 1 + drawn.integer(3); left > 0; left--) {
      const at = drawn.integer(found.length)
      const word = found[at]
      found[at] = pick(
        [
          0,
          1,
          -1,
          2,
          3,
          7,
          8,
          40,
          41,
          word + 1,
          word - 1,
          2 * word,
          -word,
          found[drawn.integer(found.length)],
          1 << 20,
          -(2 ** 31),
          2 ** 31 - 1,
        ],
        drawn,
      )
    }
    return new Uint8Array(found.buffer)
  },
  /** Sizes that a machine has. */
  repair(input) {
    const found = new Int32Array(Uint8Array.from(input.subarray(0, input.length & ~3)).buffer)
    for (let at = 1; at < Math.min(SIZES, found.length); at++) found[at] = Math.min(found[at], MOST)
    return new Uint8Array(found.buffer)
  },
}
