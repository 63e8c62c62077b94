import { type DType, type Params, type Primitive, type Shape, sameShape } from './primitive.ts'
import { constant, type Tensor } from './tensor.ts'

/** Gives a simpler equal of `op(inputs)`, or nothing. `make` builds further nodes, simplified in turn. */
export type Rewrite<P extends Primitive> = (
  inputs: readonly Tensor[],
  params: Params[P],
  make: Make,
  type: { readonly shape: Shape },
) => Tensor | undefined

export type Make = <P extends Primitive>(op: P, inputs: readonly Tensor[], params: Params[P]) => Tensor

export const is = <P extends Primitive>(node: Tensor, op: P): node is Tensor<P> => node.op === (op as string)

/** The number that a constant holds in every element, if it is one number. */
export function splat(node: Tensor): number | undefined {
  return is(node, 'constant') && typeof node.params.value === 'number' ? node.params.value : undefined
}

/** Whether a float of this type holds the number at full precision. */
function isNormal(value: number, dtype: DType): boolean {
  const [least, most] = dtype === 'float32' ? [2 ** -126, 3.4e38] : [2 ** -1022, Number.MAX_VALUE]
  const size = Math.abs(value)
  return size >= least && size <= most
}

/** `kept` stands for the whole result only where it already has the result's shape. */
const keep = (kept: Tensor, shape: Shape): Tensor | undefined =>
  sameShape(kept.shape, shape) ? kept : undefined

/** Layout of a constant that is the same everywhere. */
const refill = ([x]: readonly Tensor[], shape: Shape): Tensor | undefined => {
  const value = splat(x)
  return value === undefined || shape.includes(-1) ? undefined : constant(value, shape, x.dtype)
}

const first = (...results: (Tensor | undefined)[]): Tensor | undefined => results.find(r => r !== undefined)

/** Two zero-padded pieces that lie end to end along one axis are one padded concatenation. */
function joinPads(a: Tensor, b: Tensor, make: Make): Tensor | undefined {
  if (!is(a, 'pad') || !is(b, 'pad') || !sameShape(a.shape, b.shape)) return undefined
  const [p, q] = [a.params, b.params]
  const differing = p.low.flatMap((_, i) => (p.low[i] === q.low[i] && p.high[i] === q.high[i] ? [] : [i]))
  if (differing.length !== 1) return undefined
  const [axis] = differing
  const [before, after] = p.low[axis] < q.low[axis] ? [a, b] : [b, a]
  const [x, y] = [before.inputs[0], after.inputs[0]]
  if (before.params.low[axis] + x.shape[axis] !== after.params.low[axis]) return undefined
  const joined = make('concat', [x, y], { axis })
  return make('pad', [joined], {
    low: before.params.low,
    high: before.params.high.map((n, i) => (i === axis ? after.params.high[i] : n)),
  })
}

/** Algebraic identities, by the primitive at the root. */
export const rewrites: { readonly [P in Primitive]?: Rewrite<P> } = {
  opaque: ([x]) => x,
  stopGradient: ([x]) => x,
  border: ([x]) => x,
  neg: ([x]) => (is(x, 'neg') ? x.inputs[0] : undefined),
  cast: sameType,
  add: ([a, b], _, make, { shape }) => {
    if (splat(b) === 0) return keep(a, shape)
    if (splat(a) === 0) return keep(b, shape)
    if (is(b, 'neg')) return make('sub', [a, b.inputs[0]], {})
    if (is(a, 'neg')) return make('sub', [b, a.inputs[0]], {})
    if (a === b) return make('mul', [a, constant(2, [], a.dtype)], {})
    return joinPads(a, b, make)
  },
  sub: ([a, b], _, make, { shape }) => {
    if (splat(b) === 0) return keep(a, shape)
    if (splat(a) === 0 && sameShape(b.shape, shape)) return make('neg', [b], {})
    return is(b, 'neg') ? make('add', [a, b.inputs[0]], {}) : undefined
  },
  mul: ([a, b], _, make, { shape }) => {
    const [factor, x] = splat(a) === undefined ? [splat(b), a] : [splat(a), b]
    if (factor === undefined) {
      return is(a, 'neg') && is(b, 'neg') ? make('mul', [a.inputs[0], b.inputs[0]], {}) : undefined
    }
    if (factor === 1) return keep(x, shape) ?? make('broadcastTo', [x], { shape })
    // A factor that stretches its operand must keep its shape.
    if (!sameShape(x.shape, shape)) return undefined
    if (factor === -1) return make('neg', [x], {})
    if (is(x, 'neg')) return make('mul', [x.inputs[0], constant(-factor, [], x.dtype)], {})
    if (!is(x, 'mul')) return undefined
    const inner = splat(x.inputs[1])
    // Two factors meet only where their product is a number that neither overflows nor vanishes.
    return inner === undefined || !isNormal(inner * factor, x.dtype)
      ? undefined
      : make('mul', [x.inputs[0], constant(inner * factor, x.inputs[1].shape, x.dtype)], {})
  },
  div: ([a, b], _, make, { shape }) => {
    const divisor = splat(b)
    if (divisor === 1) return keep(a, shape)
    if (!divisor) return undefined
    return isNormal(1 / divisor, b.dtype)
      ? make('mul', [a, constant(1 / divisor, b.shape, b.dtype)], {})
      : undefined
  },
  sum: ([x], { axes }, make, { shape }) =>
    first(keep(x, shape), sumOfScaled(x, axes, make), sumOfSum(x, axes, make)),
  max: ([x], _, __, { shape }) => keep(x, shape),
  matmul: ([a, b], { transposeA, transposeB }, make) => {
    if (swapsLastTwo(a)) return make('matmul', [a.inputs[0], b], { transposeA: !transposeA, transposeB })
    if (swapsLastTwo(b)) return make('matmul', [a, b.inputs[0]], { transposeA, transposeB: !transposeB })
    return undefined
  },
  reshape: ([x], { shape }, make, type) =>
    first(
      keep(x, type.shape),
      refill([x], shape),
      is(x, 'reshape') ? make('reshape', [x.inputs[0]], { shape }) : undefined,
      reshapeOfScaled(x, shape, make),
    ),
  broadcastTo: ([x], { shape }, make, type) =>
    first(
      keep(x, type.shape),
      refill([x], shape),
      is(x, 'broadcastTo') ? make('broadcastTo', [x.inputs[0]], { shape }) : undefined,
    ),
  transpose: ([x], { permutation }, make, { shape }) => {
    if (permutation.every((axis, i) => axis === i)) return x
    if (!is(x, 'transpose')) return refill([x], shape)
    return make('transpose', [x.inputs[0]], {
      permutation: permutation.map(axis => x.params.permutation[axis]),
    })
  },
  slice: ([x], { starts, ends }, make, type) =>
    first(keep(x, type.shape), refill([x], type.shape), sliceOfConcat(x, starts, ends, make)),
  pad: ([x], { low, high }, make, type) => {
    if (!is(x, 'pad')) return keep(x, type.shape)
    const [p, q] = [x.params.low, x.params.high]
    return make('pad', [x.inputs[0]], {
      low: low.map((n, i) => n + p[i]),
      high: high.map((n, i) => n + q[i]),
    })
  },
  concat: (inputs, { axis }, make) => {
    if (inputs.length === 1) return inputs[0]
    const joined = joinSlices(inputs, axis, make)
    if (joined) return joined
    if (!inputs.some(x => is(x, 'concat') && x.params.axis === axis)) return undefined
    return make(
      'concat',
      inputs.flatMap(x => (is(x, 'concat') && x.params.axis === axis ? x.inputs : [x])),
      { axis },
    )
  },
}

function sameType([x]: readonly Tensor[], { dtype }: Params['cast']): Tensor | undefined {
  return x.dtype === dtype ? x : undefined
}

function swapsLastTwo(node: Tensor): node is Tensor<'transpose'> {
  if (!is(node, 'transpose')) return false
  const { permutation } = node.params
  const n = permutation.length
  return permutation.every((axis, i) => axis === (i < n - 2 ? i : i === n - 2 ? n - 1 : n - 2))
}

/** The operand and the number of `x c`, if it is that. */
function scaled(node: Tensor): [x: Tensor, factor: Tensor] | undefined {
  if (!is(node, 'mul')) return undefined
  const [x, factor] = node.inputs
  return splat(factor) !== undefined && factor.rank === 0 ? [x, factor] : undefined
}

/** `sum(c x) = c sum(x)`: the product on the smaller tensor. */
function sumOfScaled(node: Tensor, axes: readonly number[], make: Make): Tensor | undefined {
  const parts = scaled(node)
  return parts && make('mul', [make('sum', [parts[0]], { axes }), parts[1]], {})
}

/** `reshape(c x) = c reshape(x)`, so that factors meet. */
function reshapeOfScaled(node: Tensor, shape: Shape, make: Make): Tensor | undefined {
  const parts = scaled(node)
  return parts && make('mul', [make('reshape', [parts[0]], { shape }), parts[1]], {})
}

/** A sum of sums is one sum; a sum of everything does not see a reshape. */
function sumOfSum(x: Tensor, axes: readonly number[], make: Make): Tensor | undefined {
  if (is(x, 'sum'))
    return make('sum', [x.inputs[0]], {
      axes: [...new Set([...x.params.axes, ...axes])].sort((a, b) => a - b),
    })
  if (!is(x, 'reshape') || x.shape.some((n, i) => n !== 1 && !axes.includes(i))) return undefined
  const [inner] = x.inputs
  const total = make('sum', [inner], { axes: inner.shape.map((_, i) => i) })
  return make('reshape', [total], { shape: x.shape.map(() => 1) })
}

/** Neighbouring slices of one tensor, put together again. */
function joinSlices(inputs: readonly Tensor[], axis: number, make: Make): Tensor | undefined {
  const parts: Tensor[] = []
  for (const input of inputs) {
    const last = parts.at(-1)
    const together = last && unionOfSlices(last, input, axis)
    if (together) parts[parts.length - 1] = make('slice', [input.inputs[0]], together)
    else parts.push(input)
  }
  return parts.length < inputs.length ? make('concat', parts, { axis }) : undefined
}

function unionOfSlices(a: Tensor, b: Tensor, axis: number): Params['slice'] | undefined {
  if (!is(a, 'slice') || !is(b, 'slice') || a.inputs[0] !== b.inputs[0]) return undefined
  const [p, q] = [a.params, b.params]
  const touching = p.starts.every((start, i) =>
    i === axis ? p.ends[i] === q.starts[i] : start === q.starts[i] && p.ends[i] === q.ends[i],
  )
  return touching ? { starts: p.starts, ends: q.ends } : undefined
}

/** A slice that falls within one part of a concatenation is a slice of that part. */
function sliceOfConcat(
  x: Tensor,
  starts: readonly number[],
  ends: readonly number[],
  make: Make,
): Tensor | undefined {
  if (!is(x, 'concat')) return undefined
  const { axis } = x.params
  let offset = 0
  for (const part of x.inputs) {
    const size = part.shape[axis]
    if (starts[axis] >= offset && ends[axis] <= offset + size) {
      const shift = (bounds: readonly number[]) => bounds.map((n, i) => (i === axis ? n - offset : n))
      return make('slice', [part], { starts: shift(starts), ends: shift(ends) })
    }
    offset += size
  }
  return undefined
}
