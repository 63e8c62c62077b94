import { Sums } from './cotangents.ts'
import { between, type Tangent, tieShare, variables } from './jvp.ts'
import { isFloat, type Params, type Primitive, type Shape, sameShape } from './primitive.ts'
import { Recomputation } from './recompute.ts'
import { GraphError } from './site.ts'
import { apply, constant, onesLike, scatterAdd, select, stretchTo, type Tensor, zerosLike } from './tensor.ts'
import { isTensor } from './trace.ts'
import { leaves, type MapTree, mapTree } from './tree.ts'

interface Node<P extends Primitive> {
  readonly inputs: readonly Tensor[]
  readonly params: Params[P]
  readonly output: Tensor
}

/** Gives the inputs' cotangents from the output's; `null` is a symbolic zero. */
type VjpRule<P extends Primitive> = (cotangent: Tensor, node: Node<P>) => readonly Tangent[]

const none = (): readonly Tangent[] => []

const unary =
  (rule: (cotangent: Tensor, x: Tensor, y: Tensor) => Tensor) =>
  (cotangent: Tensor, { inputs: [x], output }: { inputs: readonly Tensor[]; output: Tensor }) => [
    rule(cotangent, x, output),
  ]

/** Sums a cotangent over the axes along which its operand was broadcast. */
function unbroadcast(cotangent: Tensor, shape: Shape): Tensor {
  if (sameShape(cotangent.shape, shape)) return cotangent
  const extra = cotangent.rank - shape.length
  const axes = cotangent.shape.flatMap((n, i) => (i < extra || n !== shape[i - extra] ? [i] : []))
  return cotangent.sum(axes, true).reshape(shape)
}

/** Two broadcasting operands. */
const binary =
  (rule: (cotangent: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor, Tensor]) =>
  (cotangent: Tensor, { inputs: [a, b], output }: { inputs: readonly Tensor[]; output: Tensor }) => {
    const [da, db] = rule(cotangent, a, b, output)
    return [unbroadcast(da, a.shape), unbroadcast(db, b.shape)]
  }

const zero = (x: Tensor): Tensor => constant(0, [], x.dtype)

function matmulRule(
  g: Tensor,
  { inputs: [a, b], params: { transposeA, transposeB } }: Node<'matmul'>,
): Tensor[] {
  const da = transposeA
    ? b.matmul(g, { transposeA: transposeB, transposeB: true })
    : g.matmul(b, { transposeB: !transposeB })
  const db = transposeB
    ? g.matmul(a, { transposeA: true, transposeB: transposeA })
    : a.matmul(g, { transposeA: !transposeA })
  return [unbroadcast(da, a.shape), unbroadcast(db, b.shape)]
}

/** Reverse-mode rule of every primitive. */
export const vjpRules: { readonly [P in Primitive]: VjpRule<P> } = {
  input: none,
  constant: none,
  opaque: g => [g],
  stopGradient: none,
  border: g => [g],

  neg: g => [g.neg()],
  exp: unary((g, _, y) => g.mul(y)),
  log: unary((g, x) => g.div(x)),
  sin: unary((g, x) => g.mul(x.cos())),
  cos: unary((g, x) => g.mul(x.sin().neg())),
  atan: unary((g, x) => g.div(x.square().add(1))),
  tanh: unary((g, _, y) => g.mul(constant(1, [], y.dtype).sub(y.square()))),
  sqrt: unary((g, _, y) => g.div(y.mul(2))),
  abs: unary((g, x) => g.mul(x.sign())),
  sign: none,
  sigmoid: unary((g, _, y) => g.mul(y.mul(constant(1, [], y.dtype).sub(y)))),
  silu: (g, { inputs, params }) => [g.mul(apply('silu', inputs, { order: params.order + 1 }))],
  gelu: (g, { inputs, params }) => [g.mul(apply('gelu', inputs, { order: params.order + 1 }))],
  cast: (g, { inputs: [x], params: { dtype } }) => [
    isFloat(dtype) && isFloat(x.dtype) ? g.cast(x.dtype) : null,
  ],

  add: binary(g => [g, g]),
  sub: binary(g => [g, g.neg()]),
  mul: binary((g, a, b) => [g.mul(b), g.mul(a)]),
  div: binary((g, _, b, y) => [g.div(b), g.neg().mul(y.div(b))]),
  pow: binary((g, a, b, y) => [g.mul(b.mul(a.pow(b.sub(1)))), g.mul(y.mul(a.log()))]),
  maximum: binary((g, a, b) => [select(a.less(b), zero(g), g), select(a.less(b), g, zero(g))]),
  minimum: binary((g, a, b) => [select(b.less(a), zero(g), g), select(b.less(a), g, zero(g))]),
  less: none,
  lessEqual: none,
  equal: none,
  select: (g, { inputs: [condition, a, b] }) => [
    null,
    unbroadcast(select(condition, g, zero(g)), a.shape),
    unbroadcast(select(condition, zero(g), g), b.shape),
  ],

  sum: (g, { inputs: [x] }) => [stretchTo(g, x)],
  max: (g, { inputs: [x], params: { axes }, output }) => [tieShare(x, output, axes).mul(g)],
  cumsum: (g, { params: { axis, reverse } }) => [g.cumsum(axis, !reverse)],

  matmul: matmulRule,
  softmax: unary((g, _, y) => y.mul(g.sub(y.mul(g).sum(-1, true)))),
  logSoftmax: unary((g, _, y) => g.sub(y.exp().mul(g.sum(-1, true)))),

  reshape: (g, { inputs: [x] }) => [g.reshape(x.shape)],
  broadcastTo: (g, { inputs: [x] }) => [unbroadcast(g, x.shape)],
  transpose: (g, { params: { permutation } }) => [
    g.transpose(permutation.map((_, i) => permutation.indexOf(i))),
  ],
  slice: (g, { inputs: [x], params: { starts, ends } }) => [
    g.pad(
      starts,
      x.shape.map((n, i) => n - ends[i]),
    ),
  ],
  pad: (g, { inputs: [x], params: { low } }) => [
    apply('slice', [g], { starts: low, ends: x.shape.map((n, i) => low[i] + n) }),
  ],
  concat: (g, { inputs, params: { axis } }) => {
    let start = 0
    return inputs.map(({ shape }) => g.slice(axis, start, (start += shape[axis])))
  },
  gather: (g, { inputs: [table, indices] }) => [scatterAdd(indices, g, table.shape[0]), null],
  scatterAdd: (g, { inputs: [indices] }) => [null, g.gather(indices)],
}

export interface GradientOptions {
  readonly recompute?: boolean
}

/**
 * Reverse-mode derivative: the function's value, and the map from a cotangent of it to cotangents of the arguments.
 *
 * @param fn  any number of tensors to one tensor
 * @param primals  where to differentiate
 * @param options.recompute  whether values inside of a `block` are computed again rather than kept; default false
 * @returns the value and `pullback(cotangent)`, one tensor per primal in its shape
 */
export function vjp(
  fn: (...args: Tensor[]) => Tensor,
  primals: readonly Tensor[],
  { recompute = false }: GradientOptions = {},
): [value: Tensor, pullback: (cotangent: Tensor) => Tensor[]] {
  const args = variables(primals, 'vjp')
  const value = fn(...args)
  return [value, cotangent => pullBack(args, value, cotangent, recompute)]
}

function pullBack(args: readonly Tensor[], value: Tensor, cotangent: Tensor, recompute: boolean): Tensor[] {
  if (!sameShape(cotangent.shape, value.shape)) {
    throw new GraphError('vjp', `the cotangent is ${cotangent}, the value ${value}`)
  }
  const path = between(args, [value])
  const active = new Set([...args, ...path])
  const again = recompute ? new Recomputation(value) : undefined
  const cotangents = again?.cotangents ?? new Sums()
  cotangents.add(value, value, cotangent)
  for (const node of (again?.inOrder(path) ?? path).reverse()) {
    const found = cotangents.get(node)
    if (!found) continue
    const g = again?.reach(node, found) ?? found
    const seen = (each: Tensor): Tensor => again?.seen(node, each) ?? each
    const contributions = vjpRules[node.op](g, {
      inputs: node.inputs.map(seen),
      params: node.params as never,
      output: seen(node),
    })
    node.inputs.forEach((input, i) => {
      const contribution = contributions[i]
      if (!contribution || !active.has(input)) return
      again?.contribute(node, input, contribution)
      cotangents.add(input, node, contribution)
    })
  }
  return args.map(arg => cotangents.get(arg) ?? zerosLike(arg))
}

/** A tree of tensors of the same nesting as `P`. */
type Like<P> = MapTree<P, Tensor, Tensor>

/**
 * The function's value together with its gradient by its first argument, a tree of tensors.
 *
 * @throws GraphError when the value is not a scalar
 */
export function valueAndGrad<P, A extends unknown[]>(
  fn: (params: P, ...args: A) => Tensor,
  options?: GradientOptions,
): (params: P, ...args: A) => [value: Tensor, gradient: Like<P>] {
  const withAux = valueAuxAndGrad((params: P, ...args: A) => [fn(params, ...args), null], options)
  return (params, ...args) => {
    const [value, , gradient] = withAux(params, ...args)
    return [value, gradient]
  }
}

/** As `valueAndGrad`, for a function that returns its value and something else to hand through. */
export function valueAuxAndGrad<P, A extends unknown[], X>(
  fn: (params: P, ...args: A) => readonly [value: Tensor, aux: X],
  options?: GradientOptions,
): (params: P, ...args: A) => [value: Tensor, aux: X, gradient: Like<P>] {
  return (params, ...args) => {
    const flat = leaves(params, isTensor).map(([, tensor]) => tensor)
    let aux: X | undefined
    const [value, pullback] = vjp(
      (...traced) => {
        let i = 0
        const [result, extra] = fn(mapTree(params, isTensor, () => traced[i++]) as P, ...args)
        aux = extra
        return result
      },
      flat,
      options,
    )
    if (value.rank !== 0) throw new GraphError('grad', `the function must return a scalar, found ${value}`)
    const gradients = pullback(onesLike(value))
    let i = 0
    return [value, aux as X, mapTree(params, isTensor, () => gradients[i++]) as Like<P>]
  }
}

/** The gradient of a scalar function by its first argument, a tree of tensors. */
export function grad<P, A extends unknown[]>(
  fn: (params: P, ...args: A) => Tensor,
): (params: P, ...args: A) => Like<P> {
  const both = valueAndGrad(fn)
  return (params, ...args) => both(params, ...args)[1]
}
