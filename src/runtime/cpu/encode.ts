import { knownSize } from '../../autodiff/primitive.ts'
import { arenaOf } from './arena.ts'
import {
  ELEMENTWISE,
  FORMS,
  hasLines,
  type Instruction,
  outsOf,
  type Pass,
  type Phase,
  type Plan,
} from './instruction.ts'
import { nestOf, rowStep } from './nest.ts'
import { packedSize, WIDEST_PANEL } from './places.ts'
import type { Space, Storage, View } from './view.ts'

/** Numbers of the operations in a program. */
const OPERATIONS = [
  ...(['elementwise', 'fill', 'accumulate', 'softmax', 'cumsum', 'pack'] as const),
  ...(['product', 'outer', 'products', 'gather', 'scatter', 'finish'] as const),
] as const satisfies readonly Instruction['op'][]

const SPACES = ['arena', 'memory', 'constant', 'input', 'output', 'part'] as const satisfies readonly Space[]
const PHASES = ['rows', 'once', 'shared'] as const satisfies readonly Phase['kind'][]

/** A program as numbers, which the native engine runs. */
export interface Encoded {
  readonly words: Int32Array
  readonly constants: Float32Array
  /** Floats of the memory that lives for a step. */
  readonly memory: number
  /** Floats of the largest arena. */
  readonly arena: number
  /** Floats of the gathered numbers of each part. */
  readonly part: number
  /** Floats that products of small matrices need beside. */
  readonly scratch: number
}

export interface EncodeOptions {
  /** Bytes that a block of rows may take. */
  readonly cache?: number
}

/** Of the form of programs: `VERSION` of native/program.h. */
const VERSION = 3
const CACHE = 512 * 1024
/** Fewer make products of few rows, which costs more than what then is outside of the cache. */
const LEAST_ROWS = 8
const MOST_ROWS = 48
const MOST_FLAT = 4096
const ALIGNED = 16
const round = (n: number): number => ALIGNED * Math.ceil(n / ALIGNED)

/** Places of storages one after the other. */
function layout(storages: readonly Storage[]): { offsets: Map<number, number>; size: number } {
  const offsets = new Map<number, number>()
  let size = 0
  for (const storage of storages) {
    offsets.set(storage.index, size)
    size += round(storage.size)
  }
  return { offsets, size }
}

const floatBits = (value: number): number => new Int32Array(Float32Array.of(value).buffer)[0]

export function encode(plan: Plan, { cache = CACHE }: EncodeOptions = {}): Encoded {
  const memory = layout(plan.memory)
  const parts = layout(plan.parts.map(({ storage }) => storage))
  let arena = 0
  const phases = plan.phases.map(phase => {
    const placed = arenaOf(phase.instructions)
    const perRow = Math.max(1, placed.size)
    const isFlat = phase.instructions.every(each => outsOf(each).every(({ shape }) => knownSize(shape) <= 1))
    const fitting = Math.floor(cache / 4 / perRow)
    const most = isFlat ? MOST_FLAT : MOST_ROWS
    const block =
      phase.kind === 'rows'
        ? Math.max(LEAST_ROWS, Math.min(most, fitting >= 24 ? 12 * Math.floor(fitting / 12) : fitting))
        : 1
    arena = Math.max(arena, placed.size * block)
    const base = ({ storage, offset }: View): number[] => {
      const { space, index } = storage
      const step = space === 'arena' ? 0 : rowStep({ storage } as View)
      const from = {
        arena: () => placed.offsets.get(storage)! * block,
        memory: () => memory.offsets.get(index)!,
        constant: () => index,
        input: () => 0,
        output: () => 0,
        part: () => parts.offsets.get(index)!,
      }[space]()
      const which = space === 'input' || space === 'output' ? index : 0
      // In units of 32 bits.
      const unit = storage.integers ? 2 : 1
      return [SPACES.indexOf(space), which, unit * (from + offset), unit * step]
    }
    const words = phase.instructions.map(each => instructionWords(each, base))
    return { phase, block, words }
  })
  const all = [
    VERSION,
    memory.size,
    parts.size,
    plan.parts.length,
    ...plan.parts.flatMap(({ storage, kind }) => [
      parts.offsets.get(storage.index)!,
      storage.size,
      kind === 'sum' ? 0 : 1,
    ]),
    phases.length,
    ...phases.flatMap(({ phase, block, words }) => [
      PHASES.indexOf(phase.kind),
      phase.rows ?? 1,
      block,
      words.length,
      words.reduce((sum, each) => sum + each.length, 0),
      ...words.flat(),
    ]),
  ]
  return {
    words: Int32Array.from(all),
    constants: plan.constants,
    memory: memory.size,
    arena,
    part: parts.size,
    scratch: scratchOf(plan),
  }
}

/** `[operation, words, kind, ...]`. */
function instructionWords(each: Instruction, base: (view: View) => number[]): number[] {
  const body = bodyOf(each, base)
  return [OPERATIONS.indexOf(each.op), body.length + 2, ...body]
}

/** `[results, operands, between, steps, (kind, form, to, from, from, from) ..., views]`. */
function passWords(pass: Pass, base: (view: View) => number[]): number[] {
  const { steps, outs, inputs, between } = pass
  const words = steps.flatMap(({ kind, form, to, from }) =>
    [ELEMENTWISE.indexOf(kind), FORMS.indexOf(form), to, ...from, ...from, ...from].slice(0, 6),
  )
  const views = nested([...outs, ...inputs], base, hasLines(pass))
  return [outs.length, inputs.length, between, steps.length, ...words, ...views]
}

function nested(views: readonly View[], base: (view: View) => number[], isOfLines = false): number[] {
  const { sizes, strides } = nestOf(views, isOfLines)
  return [sizes.length, ...sizes, ...views.flatMap((view, i) => [...base(view), ...strides[i]])]
}

function bodyOf(each: Instruction, base: (view: View) => number[]): number[] {
  switch (each.op) {
    case 'elementwise':
      return passWords(each, base)
    case 'fill':
      return [floatBits(each.value), 0, ...nested([each.out], base)]
    case 'accumulate':
    case 'finish':
      return [each.kind === 'sum' ? 0 : 1, 1, ...nested([each.out, ...each.inputs], base)]
    case 'softmax':
      return [Number(each.isLog), ...each.out.shape, ...base(each.out), ...base(each.inputs[0])]
    case 'cumsum':
      return [Number(each.isReverse), ...each.out.shape, ...base(each.out), ...base(each.inputs[0])]
    case 'pack': {
      const [source] = each.inputs
      return [...source.shape, ...source.strides, ...base(each.out), ...base(source)]
    }
    case 'product': {
      const [a, panels, bias] = each.inputs
      const [m, k] = a.shape
      return [
        ...[m, k, each.n, lineStep(a), lineStep(each.out), Number(bias !== undefined)],
        ...[each.out, a, panels, bias ?? panels].flatMap(base),
      ]
    }
    case 'outer': {
      const [a, b] = each.inputs
      return [
        ...[a.shape[0], a.shape[1], b.shape[1], lineStep(a), lineStep(b), each.out.strides[0]],
        ...[each.out, a, b].flatMap(base),
      ]
    }
    case 'products': {
      const { out, inputs } = each
      const [m, n] = out.shape.slice(-2)
      const k = inputs[0].shape.at(-1)!
      const matrices = [out, ...inputs].flatMap(view => view.strides.slice(-2))
      const outer = [out, ...inputs].map(view => ({
        ...view,
        shape: view.shape.slice(0, -2),
        strides: view.strides.slice(0, -2),
      }))
      return [m, n, k, ...matrices, ...nested(outer, base)]
    }
    case 'gather': {
      const [table, indices] = each.inputs
      const [count, width] = each.out.shape
      return [count, width, table.shape[0], ...base(each.out), ...base(table), ...base(indices)]
    }
    case 'scatter': {
      const [indices, updates] = each.inputs
      const [count, width] = updates.shape
      return [count, width, each.out.shape[0], ...base(each.out), ...base(indices), ...base(updates)]
    }
    default:
      throw new Error(`no form for ${(each as Instruction).op}`)
  }
}

/** Numbers that a pass takes at a time, but for longer lines: `CHUNK` of native/program.h. */
const CHUNK = 512
/** Rows of a panel that a product over rows brings together. */
const BLOCK = 192

/**
 * The right matrix in panels, the left one without gaps, and the result of the largest of the small products; what a pass has
 * between its steps, and views of it whose numbers lie apart.
 */
function scratchOf({ phases }: Plan): number {
  const sizes = phases.flatMap(({ instructions }) =>
    instructions.map(each => {
      if (each.op === 'elementwise') {
        const most = hasLines(each) ? Math.max(CHUNK, each.outs[0].shape.at(-1)!) : CHUNK
        return most * (each.outs.length + each.inputs.length + each.between)
      }
      if (each.op === 'outer') return BLOCK * WIDEST_PANEL
      if (each.op !== 'products') return 0
      const [m, n] = each.out.shape.slice(-2)
      const k = each.inputs[0].shape.at(-1)!
      return packedSize(k, n) + m * k + m * n
    }),
  )
  return Math.max(1, ...sizes)
}

/** From line to line of a matrix that has some in each row. */
const lineStep = ({ shape, strides, storage }: View): number =>
  shape[0] === 1 && storage.rowed ? storage.size : strides[0]
