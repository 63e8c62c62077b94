import { type Form, type Instruction, inputsOf, outsOf, type Pass, type Step } from './instruction.ts'
import type { Storage, View } from './view.ts'

/** Views and steps that a pass has at most: `MOST_VIEWS` of `native/program.h`. */
const MOST_VIEWS = 40
const MOST_STEPS = 32
/** How many passes wait at a time for more steps. */
const MOST_OPEN = 8

/** Axes of one number are walked by nobody. */
const squeezed = ({ shape, strides, ...view }: View): View => ({
  ...view,
  shape: shape.filter(n => n !== 1),
  strides: strides.filter((_, axis) => shape[axis] !== 1),
})

/** A number of each line, at all of its places. */
const alongLine = (view: View, shape: View['shape']): View => ({
  ...view,
  shape,
  strides: [...view.strides, 0],
})

const isSame = (a: View, b: View): boolean =>
  a.storage === b.storage &&
  a.offset === b.offset &&
  a.strides.every((step, axis) => step === b.strides[axis])

/** Whether others take its numbers one after the other in the same pass: integers of 64 bits and powers have forms of their own. */
const isFusible = ({ steps: [{ kind }] }: Pass): boolean => kind !== 'integers' && kind !== 'pow'

const keyOf = ({ space, index }: Storage): string => `${space} ${index}`
const keysOf = (views: readonly View[]): string[] => views.map(({ storage }) => keyOf(storage))

interface Source {
  readonly isLine: boolean
}

interface Input extends Source {
  readonly view: View
}

interface Made extends Source {
  /** Absent of what is only spread. */
  readonly view?: View
  readonly kind: Step['kind']
  readonly form: Form
  readonly from: readonly Source[]
  /** How often the pass itself reads it. */
  reads: number
}

/** An instruction as a step of a chain. */
interface Joining {
  readonly kind: Step['kind']
  readonly form: Exclude<Form, 'spread'>
  readonly out: View
  readonly inputs: readonly View[]
}

/** Steps one after the other on places of one shape, or on lines of them. */
class Chain {
  private readonly made: Made[] = []
  private readonly inputs: Input[] = []
  private readonly spread = new Map<Made, Made>()
  private readonly shape: View['shape']
  readonly reads = new Set<string>()
  readonly writes = new Set<string>()

  constructor({ inputs: [x] }: Pass) {
    this.shape = squeezed(x).shape
  }

  /** How a pass of one step goes on with it: what the pass reads of it is at the place where it was made. */
  joining({ steps: [{ kind, form }], outs: [out], inputs }: Pass): Joining | undefined {
    const views = [out, ...inputs].map(squeezed)
    const { shape } = views[0]
    const isLine = form === 'place' && shape.length === this.shape.length - 1
    const all = isLine ? views.map(view => alongLine(view, this.shape)) : views
    if (all[0].shape.join() !== this.shape.join()) return undefined
    if (isLine && shape.some((n, axis) => n !== this.shape[axis])) return undefined
    const joining = { kind, form: isLine ? 'line' : form, out: all[0], inputs: all.slice(1) } as Joining
    return this.takes(joining) ? joining : undefined
  }

  private takes({ form, out, inputs }: Joining): boolean {
    // A step may bring a spread with it.
    if (this.made.length + 1 + inputs.length > MOST_STEPS) return false
    if (this.made.length + this.inputs.length + 1 + inputs.length > MOST_VIEWS) return false
    if (this.inputs.some(({ view }) => view.storage === out.storage)) return false
    const isReadAsMade = inputs.every(
      input => this.madeAt(input) || this.made.every(({ view }) => view?.storage !== input.storage),
    )
    // What is of lines alone is better off with others of its kind.
    return isReadAsMade && (form !== 'line' || inputs.some(input => this.madeAt(input)))
  }

  /** Whether they have a number in common. */
  isRelated({ outs, inputs }: Pass): boolean {
    return keysOf([...outs, ...inputs]).some(key => this.reads.has(key) || this.writes.has(key))
  }

  /** Whether an instruction cannot run before it. */
  isBefore(instruction: Instruction): boolean {
    const written = keysOf(outsOf(instruction))
    return (
      keysOf(inputsOf(instruction)).some(key => this.writes.has(key)) ||
      written.some(key => this.writes.has(key) || this.reads.has(key))
    )
  }

  add({ kind, form, out, inputs }: Joining): void {
    const from = inputs.map(input => this.source(input, form === 'line'))
    this.made.push({ view: out, kind, form, from, isLine: form !== 'place', reads: 0 })
    for (const key of keysOf(inputs)) this.reads.add(key)
    this.writes.add(keyOf(out.storage))
  }

  private source(view: View, asLine: boolean): Source {
    const made = this.madeAt(view)
    if (!made) return this.inputAt(view, asLine)
    made.reads++
    if (!made.isLine || asLine) return made
    const known = this.spread.get(made)
    if (known) return known
    const all: Made = { kind: 'copy', form: 'spread', from: [made], isLine: false, reads: 0 }
    this.made.push(all)
    this.spread.set(made, all)
    return all
  }

  private madeAt(view: View): Made | undefined {
    return this.made.find(made => made.view && isSame(made.view, view))
  }

  private inputAt(view: View, isLine: boolean): Input {
    const known = this.inputs.find(input => input.isLine === isLine && isSame(input.view, view))
    if (known) return known
    const input = { view, isLine }
    this.inputs.push(input)
    return input
  }

  /** @param readers  how many read a storage of the arena */
  pass(readers: ReadonlyMap<Storage, number>): Pass {
    const { made, inputs } = this
    const isStored = ({ view, reads }: Made, i: number): boolean =>
      view !== undefined &&
      (i === made.length - 1 || view.storage.space !== 'arena' || readers.get(view.storage)! > reads)
    const stored = made.filter(isStored)
    const lastRead = new Map(made.flatMap((each, i) => each.from.map(source => [source, i] as const)))
    const places = new Map<Source, number>()
    for (const [i, each] of [...stored, ...inputs].entries()) places.set(each, i)
    const free: number[] = []
    const first = places.size
    let between = 0
    const steps = made.map((each, i) => {
      const from = each.from.map(source => places.get(source)!)
      // A line's number is spread over the places that it may not stand in.
      const freed = [...new Set(each.from)]
        .filter(source => places.get(source)! >= first && lastRead.get(source) === i)
        .map(source => places.get(source)!)
      if (each.form === 'place' || each.form === 'line') free.push(...freed)
      if (!places.has(each)) places.set(each, free.pop() ?? first + between++)
      if (each.form === 'reduce' || each.form === 'spread') free.push(...freed)
      return { kind: each.kind, form: each.form, to: places.get(each)!, from }
    })
    return {
      op: 'elementwise',
      steps,
      outs: stored.map(({ view }) => view!),
      inputs: inputs.map(({ view }) => view),
      between,
    }
  }
}

/**
 * The same instructions, in which passes over the same places are one where nothing keeps them apart: steps that wait for no
 * other instruction are done with those before them.
 */
export function fused(instructions: readonly Instruction[]): Instruction[] {
  const readers = new Map<Storage, number>()
  for (const each of instructions) {
    for (const { storage } of inputsOf(each)) readers.set(storage, (readers.get(storage) ?? 0) + 1)
  }
  const found: Instruction[] = []
  let open: Chain[] = []
  /** Ends the first ones. */
  const end = (count: number) => {
    for (const chain of open.slice(0, count)) found.push(chain.pass(readers))
    open = open.slice(count)
  }
  for (const each of instructions) {
    const last = open.findLastIndex(chain => chain.isBefore(each))
    if (each.op !== 'elementwise' || !isFusible(each)) {
      end(last + 1)
      found.push(each)
      continue
    }
    // It can join the last chain that it needs, and those after it.
    const able = open.slice(Math.max(0, last)).flatMap(chain => {
      const joining = chain.joining(each)
      return joining ? [{ chain, joining }] : []
    })
    const latest = able.at(-1)
    const related = able.findLast(({ chain }) => chain.isRelated(each))
    const joined = related ?? (latest?.chain === open.at(-1) ? latest : undefined)
    if (joined) {
      joined.chain.add(joined.joining)
      continue
    }
    const begun = new Chain(each)
    begun.add(begun.joining(each)!)
    open.push(begun)
    if (open.length > MOST_OPEN) end(1)
  }
  end(open.length)
  return found
}
