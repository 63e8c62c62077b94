import { type Instruction, inputsOf, outsOf } from './instruction.ts'
import { fillsRows, type Storage } from './view.ts'

/** Where storages of an arena begin, in numbers of one row, and how large it is. */
export interface Arena {
  readonly offsets: ReadonlyMap<Storage, number>
  readonly size: number
}

/** Begins storages at multiples of so many numbers. */
const ALIGNED = 16

interface Gap {
  from: number
  size: number
}

/** Places the storages of instructions that run one after the other: what is used no more makes room. */
export function arenaOf(instructions: readonly Instruction[]): Arena {
  const last = new Map<Storage, number>()
  instructions.forEach((each, i) => {
    for (const { storage } of [...outsOf(each), ...inputsOf(each)]) {
      if (storage.space === 'arena') last.set(storage, i)
    }
  })
  const ends = new Map<number, Storage[]>()
  for (const [storage, i] of last) ends.set(i, [...(ends.get(i) ?? []), storage])
  const offsets = new Map<Storage, number>()
  const gaps: Gap[] = []
  let size = 0
  const take = (wanted: number): number => {
    const fitting = gaps.filter(gap => gap.size >= wanted).sort((a, b) => a.size - b.size)[0]
    if (!fitting) {
      const from = size
      size += wanted
      return from
    }
    const { from } = fitting
    fitting.from += wanted
    fitting.size -= wanted
    if (fitting.size === 0) gaps.splice(gaps.indexOf(fitting), 1)
    return from
  }
  const free = (from: number, given: number): void => {
    const gap = { from, size: given }
    for (const other of [...gaps]) {
      if (other.from + other.size === gap.from || gap.from + gap.size === other.from) {
        gap.from = Math.min(gap.from, other.from)
        gap.size += other.size
        gaps.splice(gaps.indexOf(other), 1)
      }
    }
    gaps.push(gap)
  }
  instructions.forEach((instruction, i) => {
    const done = new Set(ends.get(i))
    for (const { storage } of outsOf(instruction)) {
      if (storage.space !== 'arena' || offsets.has(storage)) continue
      const donor = [...done].find(each => offsets.has(each) && canTake(instruction, storage, each))
      if (donor) done.delete(donor)
      offsets.set(storage, donor ? offsets.get(donor)! : take(rounded(storage.size)))
    }
    for (const each of done) free(offsets.get(each)!, rounded(each.size))
  })
  return { offsets, size }
}

/**
 * Whether a result can take the place of an operand that nobody needs any more: number after number, and that of the last step,
 * since steps before it may still read the operand.
 */
function canTake(instruction: Instruction, result: Storage, operand: Storage): boolean {
  if (instruction.op !== 'elementwise' || instruction.outs.at(-1)!.storage !== result) return false
  const both = [...instruction.outs, ...instruction.inputs].filter(({ storage }) =>
    [result, operand].includes(storage),
  )
  return operand.size === result.size && both.every(view => fillsRows(view) && view.offset === 0)
}

const rounded = (size: number): number => ALIGNED * Math.ceil(size / ALIGNED)
