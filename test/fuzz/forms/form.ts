import type { Random } from '../../../src/random/random.ts'

/** What inputs are made of. */
export interface Form {
  /** Another input of the same form, or nothing where the bytes are not of it. */
  change(input: Uint8Array, drawn: Random, words: readonly string[]): Uint8Array | undefined
  /** The input with a checksum that fits, so that what lies behind the check is read; the same where it has none. */
  repair?(input: Uint8Array): Uint8Array
}

export const pick = <T>(all: readonly T[], drawn: Random): T => all[drawn.integer(all.length)]
