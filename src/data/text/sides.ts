import { seenHashes } from '../hash-set.ts'
import { type RowHash, rowHasher } from '../row-hash.ts'
import type { Findings } from '../scan.ts'
import { collectSides } from '../split-index.ts'
import { FEWEST, heldCounts, type Rules, splitRule } from '../split-rule.ts'
import type { Codes } from './codes.ts'
import type { Sequences } from './sequences.ts'

type SideFindings = Pick<
  Findings,
  'rows' | 'sides' | 'duplicates' | 'firstDuplicate' | 'duplicatesUntil' | 'repeats'
>

/**
 * The sides of sequences, by the rules for rows of numbers. The hash is of the symbols themselves without what fills them up, so a
 * sequence stays on its side when others bring new symbols or are longer.
 */
export function sidesOf(
  codes: Codes,
  { starts, ends, lines }: Sequences,
  { holdOut, rules }: { holdOut: number; rules: Rules },
): SideFindings {
  const hashers = new Map<number, ReturnType<typeof rowHasher>>()
  const hashOf = (i: number): RowHash => {
    const length = ends[i] - starts[i]
    let hasher = hashers.get(length)
    if (!hasher) hashers.set(length, (hasher = rowHasher(length)))
    return hasher(codes, starts[i])
  }
  const rows = starts.length
  const seen = seenHashes()
  const threshold = holdOut * 2 ** 32
  const held = heldCounts(threshold)
  let duplicates = 0
  let firstDuplicate: number | undefined
  let duplicatesUntil: number | undefined

  const split = (isHeldRow: (i: number) => boolean) => {
    const sides = collectSides()
    let count = 0
    for (let i = 0; i < rows; i++) {
      const isHeld = isHeldRow(i)
      sides.add(isHeld)
      if (isHeld) count++
    }
    return sides.finish(rows < FEWEST || count === rows)
  }

  let sides = split(i => {
    const hash = hashOf(i)
    const times = seen.add(hash)
    if (times === undefined) duplicatesUntil ??= i
    else if (times > 1) {
      duplicates++
      firstDuplicate ??= lines[i]
    }
    const isHeld = hash.high < threshold
    if (isHeld) held.add(hash)
    return isHeld
  })
  const pass = splitRule({ rows, holdOut, rules }, seen, held)
  if (pass) sides = split(i => pass.isHeld(hashOf(i)))
  return {
    ...{ rows, sides, duplicates, firstDuplicate, duplicatesUntil },
    ...(pass && { repeats: pass.repeats() }),
  }
}
