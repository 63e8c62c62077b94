import type { Random } from '../../src/random/random.ts'
import { changedBytes } from './forms/bytes.ts'
import { pick } from './forms/form.ts'
import type { Target } from './target.ts'

/** Larger ones are cut: nothing is seen in them that is not in smaller ones. */
const LONGEST = 1 << 20

/** An input made of others by a few changes. */
export function mutated(
  corpus: readonly Uint8Array[],
  { form, words = [] }: Pick<Target, 'form' | 'words'>,
  drawn: Random,
): Uint8Array {
  let input = pick(corpus, drawn)
  for (let left = 1 + (drawn.integer(2) === 0 ? drawn.integer(4) : 0); left > 0; left--) {
    const ofForm = drawn.integer(2) === 0 ? form.change(input, drawn, words) : undefined
    input = ofForm ?? changedBytes(input, drawn, words)
  }
  if (drawn.integer(20) === 0) {
    const other = pick(corpus, drawn)
    input = Buffer.concat([
      input.subarray(0, drawn.integer(input.length + 1)),
      other.subarray(drawn.integer(other.length + 1)),
    ])
  }
  if (input.length > LONGEST) input = input.subarray(0, LONGEST)
  return form.repair && drawn.integer(4) > 0 ? form.repair(input) : input
}
