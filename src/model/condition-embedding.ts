import { concat, constant, sizeOf, type Tensor } from '../autodiff/index.ts'
import type { Random } from '../random/random.ts'
import {
  type ConditionKind,
  type ConditionSpec,
  describeCondition,
  type StateSpec,
  seenConditions,
  seenSize,
} from './condition.ts'
import { embeddingSize, embeddings } from './embedding.ts'
import { type ScaleInput, shownScale } from './guidance.ts'
import type { Named, ParameterSpec } from './network.ts'

/** How a kind of condition becomes features of the layers. */
export interface ConditionEmbedding<S> {
  /** Their number. */
  features(condition: S): number
  /** Parameters of its own. */
  parameters(condition: S): Named<ParameterSpec>
  draw(condition: S, source: Random): Named<Float32Array>
  /** The features `[B, ...]` of what is seen of each sample, or of none for as many rows as there are points. */
  embed(
    condition: S,
    parameters: Named<Tensor>,
    seen: Tensor | undefined,
    scale?: Tensor,
  ): (x: Tensor) => Tensor
  /** The features of none. */
  none(condition: S, parameters: Named<Float32Array>): Float32Array
}

/** A row for each of as many rows as there are points. */
const forEach = (x: Tensor, row: Tensor): Tensor => x.sum(-1, true).mul(0).add(row)

/** Embeddings of the classes, and last that of none. */
const TABLE = 'class.table'
/** Numbers of one. */
const CLASS_FEATURES = 16

/** Of the time of a noisy point. */
const STATE_FREQUENCIES = 4

/**
 * A noisy point as it is with its time, for a map of what depends on the point at every time, also at that of pure noise.
 *
 * @param seen  `[B, size + 1]`
 */
export function wholeState({ size }: StateSpec, seen: Tensor): Tensor {
  const tau = seen.slice(1, size, size + 1)
  return concat([seen.slice(1, 0, size), embeddings.fourier(tau, STATE_FREQUENCIES)])
}

const tableShape = (classes: number): readonly number[] => [classes + 1, CLASS_FEATURES]

const embedders: {
  readonly [kind in ConditionKind]: ConditionEmbedding<Extract<ConditionSpec, { kind: kind }>>
} = {
  class: {
    features: () => CLASS_FEATURES,
    parameters: ({ classes }) => ({ [TABLE]: { shape: tableShape(classes), group: 'class' } }),
    draw: ({ classes }, source) => ({
      [TABLE]: Float32Array.from({ length: sizeOf(tableShape(classes)) }, () => source.normal()),
    }),
    embed({ classes }, { [TABLE]: table }, seen) {
      if (seen) return () => table.gather(seen)
      const none = table.slice(0, classes, classes + 1)
      return x => forEach(x, none)
    },
    none: ({ classes }, { [TABLE]: table }) => table.subarray(classes * CLASS_FEATURES),
  },
  // As it is: the layers are linear in it, and the weights of its flag are the learned embedding of none.
  vector: {
    features: seenSize,
    parameters: () => ({}),
    draw: () => ({}),
    embed(condition, _, seen) {
      if (seen) return () => seen
      const none = seenConditions(condition, new Float32Array(condition.size), () => true)
      return x => forEach(x, constant(none, [1, none.length], x.dtype))
    },
    none: condition => seenConditions(condition, new Float32Array(condition.size), () => true),
  },
  // `(1-tau) x_tau`, as the point enters what it tells: nothing at the time of pure noise, so that derivatives by it fade there as
  // they should. And its time as the network sees times.
  state: {
    features: ({ size }) => size + embeddingSize('fourier', STATE_FREQUENCIES),
    parameters: () => ({}),
    draw: () => ({}),
    embed(condition, _, seen) {
      const { size } = condition
      const shown = (row: Tensor) => {
        const tau = row.slice(1, size, size + 1)
        const point = tau
          .neg()
          .add(1)
          .mul(row.slice(1, 0, size))
        return concat([point, embeddings.fourier(tau, STATE_FREQUENCIES)])
      }
      if (seen) return () => shown(seen)
      const none = seenConditions(condition, new Float32Array(size + 1), () => true)
      return x => forEach(x, shown(constant(none, [1, none.length], x.dtype)))
    },
    none({ size }) {
      const angles = Array.from({ length: STATE_FREQUENCIES }, (_, k) => 2 ** k * Math.PI)
      return Float32Array.of(
        ...new Array<number>(size).fill(0),
        ...angles.map(Math.sin),
        ...angles.map(Math.cos),
      )
    },
  },
}

/** An embedding with one more feature: what is shown of the guidance scale, which is 1 where nobody says. */
function withScale(
  own: ConditionEmbedding<ConditionSpec>,
  shown: Exclude<ScaleInput, 'none'>,
): ConditionEmbedding<ConditionSpec> {
  const unguided = shown === 'inverse' ? 1 : 0
  return {
    ...own,
    features: condition => own.features(condition) + 1,
    embed(condition, parameters, seen, scale) {
      const embed = own.embed(condition, parameters, seen)
      return x => {
        const w = scale?.reshape([scale.shape[0], 1])
        return concat([embed(x), w ? shownScale(w, shown) : forEach(x, constant(unguided, [1, 1], x.dtype))])
      }
    },
    none: (condition, parameters) => Float32Array.of(...own.none(condition, parameters), unguided),
  }
}

/** How a network is told conditions of a kind, and guidance scales where it is shown these. */
export function embeddingOf(
  { kind }: ConditionSpec,
  shown: ScaleInput = 'none',
): ConditionEmbedding<ConditionSpec> {
  const own = embedders[kind] as ConditionEmbedding<ConditionSpec>
  return shown === 'none' ? own : withScale(own, shown)
}

/** A weight whose rows `from` stand where they stood, and what is inserted behind them is zero. */
export function withRows(
  weight: Float32Array,
  columns: number,
  from: number,
  inserted: number,
): Float32Array {
  const grown = new Float32Array(weight.length + inserted * columns)
  grown.set(weight.subarray(0, from * columns))
  grown.set(weight.subarray(from * columns), (from + inserted) * columns)
  return grown
}

/** Why a network that was told something cannot begin one that is told something else; nothing when it can. */
export function otherCondition(
  before: ConditionSpec | undefined,
  after: ConditionSpec | undefined,
): string | undefined {
  if (!before || JSON.stringify(before) === JSON.stringify(after)) return undefined
  const [theirs, ours] = [before, after].map(each => (each ? describeCondition(each) : 'none'))
  return `it knows ${theirs}, and this run ${theirs === ours ? 'others' : ours}`
}
