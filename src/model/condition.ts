import { concat, constant, type Spec, select, sizeOf, spec, type Tensor } from '../autodiff/index.ts'
import { type Standardization, standardized } from './standardization.ts'

/** One of some classes: `0 ... classes - 1`, and `classes` stands for none. */
export interface ClassSpec {
  readonly kind: 'class'
  /** Number of classes, without the null. */
  readonly classes: number
}

/** A few numbers, in the data's own units. */
export interface VectorSpec {
  readonly kind: 'vector'
  readonly size: number
  /** How they are brought to the scale that the network sees. */
  readonly standardization: Standardization
}

/**
 * A noisy point of the same data and its time: a map that is told it is the flow map of `p(x0 | x_tau)`, a stochastic map of the
 * data. arXiv:2601.14430.
 */
export interface StateSpec {
  readonly kind: 'state'
  /** Coordinates of a point. */
  readonly size: number
  /** How points are brought to the scale that the network sees; absent where they stay. */
  readonly standardization?: Standardization
}

/** What a map may be told beside a point and its times. */
export type ConditionSpec = ClassSpec | VectorSpec | StateSpec

export type ConditionKind = ConditionSpec['kind']

/** What rows of data have beside their points; a `state` is made of these. */
export type RowConditionKind = Exclude<ConditionKind, 'state'>

/** The conditions of a batch as networks see them, by kind; each is absent where a map is not told. */
export type Condition<T> = { readonly [kind in ConditionKind]?: T } & {
  /** The guidance scale `w`, shaped as times are: 1 for none, which it is where it is absent. */
  readonly scale?: T
  /** The interval of source times in which guidance acts, shaped alike: `[0, 1]` where they are absent. */
  readonly low?: T
  readonly high?: T
}

/** A kind of condition: a row of the table below. */
interface Kind<S extends ConditionSpec> {
  readonly plural: string
  /** Numbers that the data has for a sample. */
  size(spec: S): number
  /** Of what a network sees of a sample, without the batch. */
  shape(spec: S): readonly number[]
  readonly dtype: 'int64' | 'float32'
  /** What a network sees of one sample; of none for the null. */
  seen(spec: S, values: Float32Array | undefined): ArrayLike<number>
  /**
   * Inputs of an exported graph, which are in the data's own units.
   *
   * @param none  whether the map knows a null
   */
  inputs(spec: S, batch: number, none: boolean): Readonly<Record<string, Spec>>
  /** What a network sees of them. */
  seenOf(spec: S, inputs: Readonly<Record<string, Tensor>>): Tensor
  /** What a network sees of as many samples that are shown the null. */
  nullOf(spec: S, seen: Tensor): Tensor
  /** Of what a network sees: 1 for samples that are told something, 0 for those that are shown the null, `[B]`. */
  isTold(spec: S, seen: Tensor): Tensor
  /** What a map is told, in words. */
  describe(spec: S): string
}

const classKind: Kind<ClassSpec> = {
  plural: 'classes',
  size: () => 1,
  shape: () => [],
  dtype: 'int64',
  seen: ({ classes }, values) => values ?? [classes],
  inputs: (_, batch) => ({ class: spec([batch], 'int64') }),
  seenOf: (_, inputs) => inputs.class,
  nullOf: ({ classes }, seen) => seen.mul(0).add(classes),
  isTold: ({ classes }, seen) => select(seen.less(classes), constant(1, []), constant(0, [])),
  describe: ({ classes }) => `${classes} classes`,
}

/** The vector with a flag behind it: 0, and for the null zeros and 1. */
const vectorKind: Kind<VectorSpec> = {
  plural: 'vectors',
  size: ({ size }) => size,
  shape: ({ size }) => [size + 1],
  dtype: 'float32',
  seen: ({ size, standardization }, values) =>
    values ? [...standardized(standardization, values), 0] : [...new Array<number>(size).fill(0), 1],
  inputs: ({ size }, batch, none) => ({
    vector: spec([batch, size]),
    ...(none && { none: spec([batch]) }),
  }),
  seenOf: ({ size, standardization: { shift, scale } }, { vector, none }) => {
    const row = (values: readonly number[]) => constant(values, [1, size], vector.dtype)
    // A constant column is seen as 0, whatever is said.
    const unit = row(scale.map(value => (value === 0 ? 0 : 1 / value)))
    const z = vector.sub(row(shift)).mul(unit)
    const flag = none ? none.reshape([none.shape[0], 1]) : z.sum(-1, true).mul(0)
    return concat([none ? z.mul(flag.neg().add(1)) : z, flag])
  },
  nullOf: ({ size }, seen) => {
    const none = Float64Array.from({ length: size + 1 }, (_, i) => (i === size ? 1 : 0))
    return seen.mul(0).add(constant(none, [1, size + 1], seen.dtype))
  },
  isTold: ({ size }, seen) =>
    seen
      .slice(1, size, size + 1)
      .reshape([seen.shape[0]])
      .neg()
      .add(1),
  describe: ({ size }) => `vectors of ${size} ${size === 1 ? 'number' : 'numbers'}`,
}

/** The noisy points `[B, ...shape]` and their times, shaped as times are, of what a network sees of states. */
export function stateOf(
  seen: Tensor,
  shape: readonly number[],
): { readonly xTau: Tensor; readonly tau: Tensor } {
  const size = seen.shape[1] - 1
  const batch = seen.shape[0]
  return {
    xTau: seen.slice(1, 0, size).reshape([batch, ...shape]),
    tau: seen.slice(1, size, size + 1).reshape([batch, ...shape.map(() => 1)]),
  }
}

/** What a network sees of noisy points `[B, ...D]` and their times. */
export const seenState = (xTau: Tensor, tau: Tensor): Tensor => {
  const batch = xTau.shape[0]
  const size = sizeOf(xTau.shape.slice(1))
  return concat([xTau.reshape([batch, size]), tau.reshape([batch, 1])])
}

/** The point and its time as they are; for the null zeros at the time of pure noise, which tells nothing. */
const stateKind: Kind<StateSpec> = {
  plural: 'states',
  size: ({ size }) => size + 1,
  shape: ({ size }) => [size + 1],
  dtype: 'float32',
  seen: ({ size }, values) => values ?? [...new Array<number>(size).fill(0), 1],
  inputs: ({ size }, batch) => ({ condition: spec([batch, size]), tau: spec([batch]) }),
  seenOf({ size, standardization }, { condition, tau: time }) {
    const tau = time.reshape([condition.shape[0], 1])
    if (!standardization) return concat([condition, tau])
    const row = (values: readonly number[]) => constant(values, [1, size], tau.dtype)
    const rest = tau.neg().add(1)
    const scale = tau.add(rest.mul(row(standardization.scale.map(value => value || 1))))
    return concat([condition.sub(rest.mul(row(standardization.shift))).div(scale), tau])
  },
  nullOf: ({ size }, seen) => {
    const none = Float64Array.from({ length: size + 1 }, (_, i) => (i === size ? 1 : 0))
    return seen.mul(0).add(constant(none, [1, size + 1], seen.dtype))
  },
  isTold: ({ size }, seen) =>
    select(
      seen
        .slice(1, size, size + 1)
        .reshape([seen.shape[0]])
        .less(1),
      constant(1, []),
      constant(0, []),
    ),
  describe: () => 'noisy points and their times',
}

const kinds: { readonly [kind in ConditionKind]: Kind<Extract<ConditionSpec, { kind: kind }>> } = {
  class: classKind,
  vector: vectorKind,
  state: stateKind,
}

/** The names of all kinds. */
export const conditionKinds = Object.keys(kinds) as ConditionKind[]

const rowOf = ({ kind }: ConditionSpec): Kind<ConditionSpec> => kinds[kind] as Kind<ConditionSpec>

/** Numbers that the data has for a sample. */
export const conditionSize = (told: ConditionSpec): number => rowOf(told).size(told)

/** Numbers that a network sees of a sample. */
export const seenSize = (told: ConditionSpec): number =>
  rowOf(told)
    .shape(told)
    .reduce((a, b) => a * b, 1)

/** What a network sees of a batch. */
export function seenSpec(told: ConditionSpec, batch: number): Spec {
  const { shape, dtype } = rowOf(told)
  return spec([batch, ...shape(told)], dtype)
}

/**
 * What a network sees of some samples, `[n, seenSize]`.
 *
 * @param values  of the data, `[n, conditionSize]`
 * @param isNone  whether a sample is shown the null
 */
export function seenConditions(
  told: ConditionSpec,
  values: Float32Array,
  isNone: (row: number) => boolean,
): Float32Array {
  const [size, width] = [conditionSize(told), seenSize(told)]
  const { seen } = rowOf(told)
  const out = new Float32Array((values.length / size) * width)
  for (let row = 0; row * size < values.length; row++) {
    const own = isNone(row) ? undefined : values.subarray(row * size, (row + 1) * size)
    out.set(seen(told, own), row * width)
  }
  return out
}

/** Inputs of an exported graph, in the data's own units; see `Kind`. */
export const conditionInputs = (told: ConditionSpec, batch: number, none: boolean) =>
  rowOf(told).inputs(told, batch, none)

/** The condition that the inputs of an exported graph stand for. */
export const conditionOfInputs = (
  told: ConditionSpec,
  inputs: Readonly<Record<string, Tensor>>,
): Condition<Tensor> => ({ [told.kind]: rowOf(told).seenOf(told, inputs) })

/** The same samples shown the null, at guidance scale 1. */
export function nullCondition(told: ConditionSpec, condition: Condition<Tensor>): Condition<Tensor> {
  const seen = condition[told.kind]
  return seen ? { [told.kind]: rowOf(told).nullOf(told, seen) } : {}
}

/** 1 for samples that are told something, 0 for those that are shown the null, float32 `[B]`. */
export const isToldOf = (told: ConditionSpec, seen: Tensor): Tensor => rowOf(told).isTold(told, seen)

/** Whether what a network sees of a sample is the null. */
export const isNull = (told: ConditionSpec, seen: ArrayLike<number>): boolean =>
  Array.from(rowOf(told).seen(told, undefined)).every((value, i) => value === seen[i])

export const describeCondition = (told: ConditionSpec): string => rowOf(told).describe(told)

/** Such as `classes`. */
export const pluralOf = (kind: ConditionKind): string => kinds[kind].plural
