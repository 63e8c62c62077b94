import type { Gather } from './item.ts'
import type { Storage, View } from './view.ts'

/** Elementwise operations; names as of primitives, and what casts and copies need. */
export const ELEMENTWISE = [
  ...(['copy', 'neg', 'exp', 'log', 'sin', 'cos', 'atan', 'tanh', 'sqrt', 'abs', 'sign', 'sigmoid'] as const),
  ...(['truncate', 'nonzero', 'integers'] as const),
  ...(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'less', 'lessEqual', 'equal'] as const),
  'select',
] as const
export type Elementwise = (typeof ELEMENTWISE)[number]

/**
 * What a step of a pass does along the last axis, whose entries are a line: something at each place, something once for each
 * line, one number of a line out of all its places (by `add` or `maximum`), or a line's number at all its places (by `copy`).
 */
export const FORMS = ['place', 'line', 'reduce', 'spread'] as const
export type Form = (typeof FORMS)[number]

/** `to = kind(from)`: numbers of the results of a pass, then its operands, then what lies between its steps. */
export interface Step {
  readonly kind: Elementwise
  readonly form: Form
  readonly to: number
  readonly from: readonly number[]
}

/**
 * Steps at some places one after the other, all views of one shape; those of lines stand still along the last axis. Numbers that
 * only steps need never go to memory.
 */
export interface Pass {
  readonly op: 'elementwise'
  readonly steps: readonly Step[]
  /** That of the last step is the last. */
  readonly outs: readonly View[]
  readonly inputs: readonly View[]
  /** How many numbers lie between steps, at most. */
  readonly between: number
}

/** Whether the last axis of a pass is one that its steps tell apart from the others. */
export const hasLines = ({ steps }: Pass): boolean => steps.some(({ form }) => form !== 'place')

/**
 * What is done to a block of rows, or to values as a whole. All views but those of one matrix or table have the rows in front
 * of their own axes.
 */
export type Instruction =
  | Pass
  /** `out = value`. */
  | { readonly op: 'fill'; readonly value: number; readonly out: View }
  /** `out += input` or the larger of both; `out` has strides of 0 where numbers are gathered. */
  | {
      readonly op: 'accumulate'
      readonly kind: Gather
      readonly out: View
      readonly inputs: readonly [View]
    }
  /** Along the last axis of dense rows. */
  | { readonly op: 'softmax'; readonly isLog: boolean; readonly out: View; readonly inputs: readonly [View] }
  /** Along the middle of three axes. */
  | {
      readonly op: 'cumsum'
      readonly isReverse: boolean
      readonly out: View
      readonly inputs: readonly [View]
    }
  /** Brings a matrix `[k, n]` into panels, for `product`. */
  | { readonly op: 'pack'; readonly out: View; readonly inputs: readonly [View] }
  /** `out [m, n] = a [m, k] b + bias [n]`, where `b [k, n]` is in panels; rows lie one after the other. */
  | {
      readonly op: 'product'
      readonly out: View
      readonly inputs: readonly [a: View, panels: View] | readonly [a: View, panels: View, bias: View]
      readonly n: number
    }
  /** `out [k, n] += a^T b` over all rows: `a [m, k]`, `b [m, n]`. */
  | { readonly op: 'outer'; readonly out: View; readonly inputs: readonly [a: View, b: View] }
  /** Products of small matrices, one for each place of the axes in front: `out [..., m, n] = a [..., m, k] b [..., k, n]`. */
  | { readonly op: 'products'; readonly out: View; readonly inputs: readonly [a: View, b: View] }
  /** Rows `table[indices]`: table `[rows, width]`, indices `[count]`. */
  | { readonly op: 'gather'; readonly out: View; readonly inputs: readonly [table: View, indices: View] }
  /** `out[indices] += updates`. */
  | { readonly op: 'scatter'; readonly out: View; readonly inputs: readonly [indices: View, updates: View] }
  /** What all parts have gathered, together. */
  | { readonly op: 'finish'; readonly kind: Gather; readonly out: View; readonly inputs: readonly [View] }

/** Instructions that run at one time. */
export interface Phase {
  /**
   * `rows`: all of them for each block of rows of a domain; `once`: one after the other, by one thread; `shared`: one after
   * the other, each by all threads, who share its numbers.
   */
  readonly kind: 'rows' | 'once' | 'shared'
  /** Of a domain: how many, or `DYNAMIC`. */
  readonly rows?: number
  readonly instructions: readonly Instruction[]
}

/** A plan: phases one after the other, all threads waiting for each other between them. */
export interface Plan {
  readonly phases: readonly Phase[]
  readonly constants: Float32Array
  /** Storages that live for a whole step. */
  readonly memory: readonly Storage[]
  /** Storages that each part of the rows has its own of, and what it begins with. */
  readonly parts: readonly { readonly storage: Storage; readonly kind: Gather }[]
}

/** A pass of one step; `out` has the shape of the operands, also where it has one number of each line. */
export const passOf = (
  kind: Elementwise,
  out: View,
  inputs: readonly View[],
  form: 'place' | 'reduce' = 'place',
): Pass => ({
  op: 'elementwise',
  steps: [{ kind, form, to: 0, from: inputs.map((_, i) => i + 1) }],
  outs: [out],
  inputs,
  between: 0,
})

/** What an instruction writes. */
export const outsOf = (instruction: Instruction): readonly View[] =>
  instruction.op === 'elementwise' ? instruction.outs : [instruction.out]

/** What an instruction reads. */
export const inputsOf = (instruction: Instruction): readonly View[] =>
  instruction.op === 'fill' ? [] : instruction.inputs
