import {
  type DType,
  DYNAMIC,
  formatShape,
  type None,
  type Params,
  type Primitive,
  type Shape,
  sameShape,
  sizeOf,
} from './primitive.ts'
import { typeRules } from './shape.ts'
import { captureSite, GraphError, type Site } from './site.ts'

/** What arithmetic accepts: a plain number takes the type of the traced operand beside it. */
export type Operand = Tensor | number

type Axes = number | readonly number[]

let made = 0

/**
 * A traced value: one node of a graph. Nothing is computed when it is made; the graph runs later. Elementwise
 * operations broadcast as in NumPy. Every method throws `GraphError`, naming the operation, the shapes and the
 * caller's line, when the operands do not fit.
 */
export class Tensor<P extends Primitive = Primitive> {
  /** Grows with every node made: operands always have smaller ids than what uses them. */
  readonly id: number = made++

  constructor(
    readonly op: P,
    readonly inputs: readonly Tensor[],
    readonly params: Params[P],
    readonly shape: Shape,
    readonly dtype: DType,
    readonly site: Site,
  ) {}

  get rank(): number {
    return this.shape.length
  }

  add(other: Operand): Tensor {
    return apply('add', [this, lift(other, this)])
  }
  sub(other: Operand): Tensor {
    return apply('sub', [this, lift(other, this)])
  }
  mul(other: Operand): Tensor {
    return apply('mul', [this, lift(other, this)])
  }
  div(other: Operand): Tensor {
    return apply('div', [this, lift(other, this)])
  }
  pow(other: Operand): Tensor {
    return apply('pow', [this, lift(other, this)])
  }
  maximum(other: Operand): Tensor {
    return apply('maximum', [this, lift(other, this)])
  }
  minimum(other: Operand): Tensor {
    return apply('minimum', [this, lift(other, this)])
  }
  /** `this < other`, bool. */
  less(other: Operand): Tensor {
    return apply('less', [this, lift(other, this)])
  }
  lessEqual(other: Operand): Tensor {
    return apply('lessEqual', [this, lift(other, this)])
  }
  equal(other: Operand): Tensor {
    return apply('equal', [this, lift(other, this)])
  }

  neg(): Tensor {
    return apply('neg', [this])
  }
  exp(): Tensor {
    return apply('exp', [this])
  }
  log(): Tensor {
    return apply('log', [this])
  }
  sin(): Tensor {
    return apply('sin', [this])
  }
  cos(): Tensor {
    return apply('cos', [this])
  }
  /** The angle whose tangent this is, in (-pi/2, pi/2). */
  atan(): Tensor {
    return apply('atan', [this])
  }
  tanh(): Tensor {
    return apply('tanh', [this])
  }
  sqrt(): Tensor {
    return apply('sqrt', [this])
  }
  abs(): Tensor {
    return apply('abs', [this])
  }
  sign(): Tensor {
    return apply('sign', [this])
  }
  square(): Tensor {
    return this.mul(this)
  }
  sigmoid(): Tensor {
    return apply('sigmoid', [this])
  }
  /** `x sigmoid(x)`. */
  silu(): Tensor {
    return apply('silu', [this], { order: 0 })
  }
  /** GELU in its tanh form, Hendrycks & Gimpel 2016, arXiv:1606.08415. */
  gelu(): Tensor {
    return apply('gelu', [this], { order: 0 })
  }
  cast(dtype: DType): Tensor {
    return this.dtype === dtype ? this : apply('cast', [this], { dtype })
  }

  /** Sum over `axes` (all when absent); negative axes count from the end; reduced axes vanish unless `keep`. */
  sum(axes?: Axes, keep = false): Tensor {
    return this.reduce('sum', axes, keep)
  }
  /** Largest element over `axes`. */
  max(axes?: Axes, keep = false): Tensor {
    return this.reduce('max', axes, keep)
  }
  mean(axes?: Axes, keep = false): Tensor {
    const over = this.axes(axes, 'mean')
    const total = this.reduce('sum', over, keep)
    return total.div(guard('mean', () => sizeOf(over.map(axis => this.shape[axis]))))
  }
  cumsum(axis: number, reverse = false): Tensor {
    return apply('cumsum', [this], { axis: this.axes(axis, 'cumsum')[0], reverse })
  }

  /** Matrix product over the last two axes; the other axes broadcast. */
  matmul(other: Tensor, { transposeA = false, transposeB = false } = {}): Tensor {
    // Rows of every leading axis as one matrix: one large product instead of many small ones.
    const lead = this.shape.slice(0, -1)
    if (this.rank > 2 && other.rank === 2 && !transposeA && !lead.includes(DYNAMIC)) {
      const rows = this.reshape([sizeOf(lead), this.shape.at(-1)!])
      const product = rows.matmul(other, { transposeB })
      return product.reshape([...lead, product.shape[1]])
    }
    return apply('matmul', [this, other], { transposeA, transposeB })
  }
  softmax(): Tensor {
    return apply('softmax', [this])
  }
  logSoftmax(): Tensor {
    return apply('logSoftmax', [this])
  }

  reshape(shape: Shape): Tensor {
    return apply('reshape', [this], { shape })
  }
  broadcastTo(shape: Shape): Tensor {
    return apply('broadcastTo', [this], { shape })
  }
  /** Reorders the axes; swaps the last two when no order is given. */
  transpose(permutation?: readonly number[]): Tensor {
    const axes = this.shape.map((_, i) => i)
    const swapped = [...axes.slice(0, -2), ...axes.slice(-2).reverse()]
    return apply('transpose', [this], { permutation: permutation ?? swapped })
  }
  /** Elements `start ... end-1` of one axis; negative bounds count from the end. */
  slice(axis: number, start: number, end: number = this.shape[this.axes(axis, 'slice')[0]]): Tensor {
    const [along] = this.axes(axis, 'slice')
    const size = this.shape[along]
    const at = (bound: number) => (bound < 0 && size > 0 ? bound + size : bound)
    return apply('slice', [this], {
      starts: this.shape.map((_, i) => (i === along ? at(start) : 0)),
      ends: this.shape.map((n, i) => (i === along ? at(end) : n)),
    })
  }
  /** Zeros before and after each axis. */
  pad(low: readonly number[], high: readonly number[]): Tensor {
    return apply('pad', [this], { low, high })
  }
  /** Rows of this table at int64 `indices`: `[...I, ...R]`. */
  gather(indices: Tensor): Tensor {
    return apply('gather', [this, indices])
  }

  toString(): string {
    return `${this.op} ${this.dtype}[${formatShape(this.shape)}]`
  }

  private axes(axes: Axes | undefined, operation: string): number[] {
    if (axes === undefined) return this.shape.map((_, i) => i)
    const all = [axes].flat().map(axis => {
      const positive = axis < 0 ? axis + this.rank : axis
      if (!Number.isInteger(axis) || positive < 0 || positive >= this.rank) {
        throw new GraphError(operation, `axis ${axis} is outside of shape [${formatShape(this.shape)}]`)
      }
      return positive
    })
    if (new Set(all).size < all.length) throw new GraphError(operation, `an axis is named twice in [${axes}]`)
    return all
  }

  private reduce(op: 'sum' | 'max', axes: Axes | undefined, keep: boolean): Tensor {
    const over = this.axes(axes, op)
    const reduced = apply(op, [this], { axes: over })
    return keep ? reduced : reduced.reshape(this.shape.filter((_, i) => !over.includes(i)))
  }
}

function guard<T>(operation: string, compute: () => T): T {
  try {
    return compute()
  } catch (error) {
    throw error instanceof GraphError ? error : new GraphError(operation, (error as Error).message)
  }
}

function lift(operand: Operand, like: Tensor): Tensor {
  if (typeof operand !== 'number') return operand
  if (like.dtype === 'int64' && !Number.isInteger(operand)) {
    throw new GraphError('constant', `${operand} is no int64; cast the tensor first`)
  }
  return constant(operand, [], like.dtype)
}

type Args<P extends Primitive> = None extends Params[P]
  ? [inputs: readonly Tensor[], params?: Params[P], site?: Site]
  : [inputs: readonly Tensor[], params: Params[P], site?: Site]

/**
 * Makes the node that applies a primitive.
 *
 * @throws GraphError when the operands do not fit the primitive's type rule
 */
export function apply<P extends Primitive>(op: P, ...[inputs, params, site]: Args<P>): Tensor<P> {
  const given = (params ?? {}) as Params[P]
  const { shape, dtype } = guard(op, () => typeRules[op](inputs, given))
  return new Tensor(op, inputs, given, shape, dtype, site ?? captureSite())
}

/** A constant: `value` fills `shape`, or is an array of all elements, row after row. */
export function constant(
  value: number | ArrayLike<number>,
  shape: Shape = typeof value === 'number' ? [] : [value.length],
  dtype: DType = 'float32',
): Tensor {
  if (typeof value === 'number') return new Tensor('constant', [], { value }, shape, dtype, captureSite())
  const array = Float64Array.from(value)
  if (array.length !== sizeOf(shape)) {
    throw new GraphError('constant', `${array.length} values for shape [${formatShape(shape)}]`)
  }
  return new Tensor('constant', [], { value: array }, shape, dtype, captureSite())
}

/** `value` everywhere in the shape and type of `like`. */
export function full(like: Tensor, value: number): Tensor {
  const { shape } = like
  // A dynamic axis has no constant to fill it, so its size is taken from `like` itself.
  if (!shape.includes(DYNAMIC)) return constant(value, shape, like.dtype)
  return apply('select', [
    apply('equal', [like, like]),
    constant(value, [], like.dtype),
    constant(value, [], like.dtype),
  ])
}

/** `x` in the shape of `like`, to which it broadcasts. */
export function stretchTo(x: Tensor, like: Tensor): Tensor {
  if (sameShape(x.shape, like.shape)) return x
  const offset = like.rank - x.rank
  const opens = like.shape.some((n, i) => n === DYNAMIC && x.shape[i - offset] !== DYNAMIC)
  // A size that is known only when the graph runs cannot be named: it is taken from `like` itself.
  return opens ? x.add(zerosLike(like)) : x.broadcastTo(like.shape)
}

export const zerosLike = (x: Tensor): Tensor => full(x, 0)
export const onesLike = (x: Tensor): Tensor => full(x, 1)

/** `condition ? a : b`, elementwise; at least one branch must be traced. */
export function select(condition: Tensor, a: Operand, b: Operand): Tensor {
  const like = a instanceof Tensor ? a : b instanceof Tensor ? b : constant(a)
  return apply('select', [condition, lift(a, like), lift(b, like)])
}

/** Joins tensors along an axis (negative counts from the end). */
export function concat(tensors: readonly Tensor[], axis = -1): Tensor {
  if (tensors.length === 0) throw new GraphError('concat', 'nothing to join')
  return apply('concat', [...tensors], { axis: axis < 0 ? axis + tensors[0].rank : axis })
}

/** Sums rows of `updates` into a table of `rows` rows, at int64 `indices`: the adjoint of `gather`. */
export function scatterAdd(indices: Tensor, updates: Tensor, rows: number): Tensor {
  return apply('scatterAdd', [indices, updates], { rows })
}

/** The value with no derivative: neither mode of differentiation passes through it. */
export function stopGradient(x: Tensor): Tensor {
  return apply('stopGradient', [x])
}

/** `x / sqrt(mean(x^2) + epsilon)` over the last axis. Zhang & Sennrich 2019, arXiv:1910.07467. */
export function rmsNorm(x: Tensor, epsilon = 1e-6): Tensor {
  const root = x.square().mean(-1, true).add(epsilon).sqrt()
  // One division for a row, and products for its elements and in every derivative.
  return x.mul(onesLike(root).div(root))
}

/** `(x - mean) / sqrt(variance + epsilon)` over the last axis. Ba et al. 2016, arXiv:1607.06450. */
export function layerNorm(x: Tensor, epsilon = 1e-6): Tensor {
  return rmsNorm(x.sub(x.mean(-1, true)), epsilon)
}
