import { type Instruction, inputsOf, type Pass, type Step } from './instruction.ts'
import type { Storage, View } from './view.ts'

/** Views and steps that a pass has at most: `MOST_VIEWS` of `native/program.h`. */
const MOST_VIEWS = 24
const MOST_STEPS = 16

/** Axes of one number are walked by nobody. */
const squeezed = ({ shape, strides, ...view }: View): View => ({
  ...view,
  shape: shape.filter(n => n !== 1),
  strides: strides.filter((_, axis) => shape[axis] !== 1),
})

const isSame = (a: View, b: View): boolean =>
  a.storage === b.storage &&
  a.offset === b.offset &&
  a.strides.every((step, axis) => step === b.strides[axis])

/** Whether others take its numbers one after the other in the same pass: integers of 64 bits and powers have forms of their own. */
const isFusible = ({ steps: [{ kind }] }: Pass): boolean => kind !== 'integers' && kind !== 'pow'

interface Made {
  readonly view: View
  readonly kind: Step['kind']
  /** Of each operand, what was made before, or a view. */
  readonly from: readonly (Made | View)[]
  reads: number
}

/** Steps one after the other on places of one shape. */
class Chain {
  private readonly made: Made[] = []
  private readonly inputs: View[] = []
  private readonly shape: string

  constructor(shape: string) {
    this.shape = shape
  }

  /** Whether a pass of one step goes on with it: what the pass reads of it is at the place where it was made. */
  takes(shape: string, out: View, inputs: readonly View[]): boolean {
    if (shape !== this.shape || this.made.length === MOST_STEPS) return false
    if (this.made.length + this.inputs.length + 1 + inputs.length > MOST_VIEWS) return false
    if (this.inputs.some(({ storage }) => storage === out.storage)) return false
    return inputs.every(
      input => this.madeAt(input) || this.made.every(({ view }) => view.storage !== input.storage),
    )
  }

  add(kind: Step['kind'], out: View, inputs: readonly View[]): void {
    const from = inputs.map(input => this.madeAt(input) ?? this.inputAt(input))
    for (const each of from) if ('reads' in each) each.reads++
    this.made.push({ view: out, kind, from, reads: 0 })
  }

  private madeAt(view: View): Made | undefined {
    return this.made.find(made => isSame(made.view, view))
  }

  private inputAt(view: View): View {
    const known = this.inputs.find(input => isSame(input, view))
    if (!known) this.inputs.push(view)
    return known ?? view
  }

  /** @param readers  how many read a storage of the arena */
  pass(readers: ReadonlyMap<Storage, number>): Pass {
    const { made, inputs } = this
    const isStored = ({ view, reads }: Made, i: number): boolean =>
      i === made.length - 1 || view.storage.space !== 'arena' || readers.get(view.storage)! > reads
    const stored = made.filter(isStored)
    const lastRead = new Map(made.flatMap((each, i) => each.from.map(source => [source, i] as const)))
    const places = new Map<Made | View, number>()
    for (const [i, each] of [...stored, ...inputs].entries()) places.set(each, i)
    const free: number[] = []
    const first = places.size
    let between = 0
    const steps = made.map((each, i) => {
      const from = each.from.map(source => places.get(source)!)
      for (const source of new Set(each.from)) {
        if (places.get(source)! >= first && lastRead.get(source) === i) free.push(places.get(source)!)
      }
      if (!places.has(each)) places.set(each, free.pop() ?? first + between++)
      return { kind: each.kind, to: places.get(each)!, from }
    })
    return { op: 'elementwise', steps, outs: stored.map(({ view }) => view), inputs, between }
  }
}

/** The same instructions, in which passes over the same places that come one after the other are one. */
export function fused(instructions: readonly Instruction[]): Instruction[] {
  const readers = new Map<Storage, number>()
  for (const each of instructions) {
    for (const { storage } of inputsOf(each)) readers.set(storage, (readers.get(storage) ?? 0) + 1)
  }
  const found: Instruction[] = []
  let chain: Chain | undefined
  const end = () => {
    if (chain) found.push(chain.pass(readers))
    chain = undefined
  }
  for (const each of instructions) {
    if (each.op !== 'elementwise' || !isFusible(each)) {
      end()
      found.push(each)
      continue
    }
    const [out, ...inputs] = [...each.outs, ...each.inputs].map(squeezed)
    const shape = out.shape.join()
    if (chain && !chain.takes(shape, out, inputs)) end()
    chain ??= new Chain(shape)
    chain.add(each.steps[0].kind, out, inputs)
  }
  end()
  return found
}
