import { reachable } from './graph.ts'
import { isFloat, type Params, type Primitive, sameShape } from './primitive.ts'
import { GraphError } from './site.ts'
import { apply, constant, select, stretchTo, type Tensor, zerosLike } from './tensor.ts'
import { isTensor } from './trace.ts'
import { leaves, mapTree } from './tree.ts'

/** A tangent; `null` is a symbolic zero. */
export type Tangent = Tensor | null

interface Node<P extends Primitive> {
  readonly inputs: readonly Tensor[]
  readonly params: Params[P]
  readonly output: Tensor
}

/** Gives the output's tangent from the inputs' tangents, of which at least one is not zero. */
type JvpRule<P extends Primitive> = (tangents: readonly Tangent[], node: Node<P>) => Tangent

type Unary = (tangent: Tensor, x: Tensor, y: Tensor) => Tangent

const none = (): Tangent => null

/** One input, whose tangent is never a symbolic zero here. */
const unary =
  (rule: Unary) =>
  (
    [dx]: readonly Tangent[],
    { inputs: [x], output }: { inputs: readonly Tensor[]; output: Tensor },
  ): Tangent =>
    rule(dx!, x, output)

/** Linear in its only differentiable operand, the first: the same operation on the tangent. */
const linear =
  <P extends Primitive>(op: P): JvpRule<P> =>
  ([dx], { inputs, params }) =>
    dx &&
    (apply as (op: P, inputs: Tensor[], params: Params[P]) => Tensor)(op, [dx, ...inputs.slice(1)], params)

/** Linear in each of two operands. */
const bilinear =
  (product: (a: Tensor, b: Tensor, params: never) => Tensor) =>
  (
    [da, db]: readonly Tangent[],
    { inputs: [a, b], params }: { inputs: readonly Tensor[]; params: unknown },
  ): Tangent =>
    plus(da && product(da, b, params as never), db && product(a, db, params as never))

/** Sum of two tangents of equal shape. */
function plus(a: Tangent, b: Tangent): Tangent {
  return a && b ? a.add(b) : (a ?? b)
}

/** Gives a tangent the shape of the output where an operand was broadcast. */
const stretch = (tangent: Tangent | undefined, output: Tensor): Tangent =>
  tangent ? stretchTo(tangent, output) : null

const orZero = (tangent: Tangent, like: Tensor): Tensor => tangent ?? zerosLike(like)

/** Picks the tangent of the branch that the output was taken from. */
function choose(condition: Tensor, da: Tangent, db: Tangent): Tensor {
  return select(condition, da ?? 0, db ?? 0)
}

/** Forward-mode rule of every primitive. */
export const jvpRules: { readonly [P in Primitive]: JvpRule<P> } = {
  input: none,
  constant: none,
  opaque: unary(dx => dx),
  stopGradient: none,
  border: linear('border'),

  neg: linear('neg'),
  exp: unary((dx, _, y) => dx.mul(y)),
  log: unary((dx, x) => dx.div(x)),
  sin: unary((dx, x) => dx.mul(x.cos())),
  cos: unary((dx, x) => dx.mul(x.sin().neg())),
  atan: unary((dx, x) => dx.div(x.square().add(1))),
  tanh: unary((dx, _, y) => dx.mul(constant(1, [], y.dtype).sub(y.square()))),
  sqrt: unary((dx, _, y) => dx.div(y.mul(2))),
  abs: unary((dx, x) => dx.mul(x.sign())),
  sign: none,
  sigmoid: unary((dx, _, y) => dx.mul(y.mul(constant(1, [], y.dtype).sub(y)))),
  silu: ([dx], { inputs, params }) => dx!.mul(apply('silu', inputs, { order: params.order + 1 })),
  gelu: ([dx], { inputs, params }) => dx!.mul(apply('gelu', inputs, { order: params.order + 1 })),
  cast: ([dx], { params: { dtype } }) => (isFloat(dtype) ? dx!.cast(dtype) : null),

  add: ([da, db], { output }) => plus(stretch(da, output), stretch(db, output)),
  sub: ([da, db], { output }) => stretch(da && db ? da.sub(db) : (da ?? db!.neg()), output),
  mul: ([da, db], { inputs: [a, b], output }) =>
    plus(stretch(da?.mul(b), output), stretch(db?.mul(a), output)),
  div: ([da, db], { inputs: [, b], output }) =>
    plus(stretch(da?.div(b), output), stretch(db?.neg().mul(output.div(b)), output)),
  pow: ([da, db], { inputs: [a, b], output }) =>
    plus(stretch(da?.mul(b.mul(a.pow(b.sub(1)))), output), stretch(db?.mul(output.mul(a.log())), output)),
  maximum: ([da, db], { inputs: [a, b], output }) => stretch(choose(a.less(b), db, da), output),
  minimum: ([da, db], { inputs: [a, b], output }) => stretch(choose(b.less(a), db, da), output),
  less: none,
  lessEqual: none,
  equal: none,
  select: ([, da, db], { inputs: [condition], output }) => stretch(choose(condition, da, db), output),

  sum: linear('sum'),
  max: unary((dx, x, y) => {
    const axes = x.shape.flatMap((n, i) => (n === y.shape[i] ? [] : [i]))
    const share = tieShare(x, y, axes)
    return dx.mul(share).sum(axes, true)
  }),
  cumsum: linear('cumsum'),

  matmul: bilinear((a, b, params) => apply('matmul', [a, b], params)),
  softmax: unary((dx, _, y) => y.mul(dx.sub(y.mul(dx).sum(-1, true)))),
  logSoftmax: unary((dx, _, y) => dx.sub(y.exp().mul(dx).sum(-1, true))),

  reshape: linear('reshape'),
  broadcastTo: linear('broadcastTo'),
  transpose: linear('transpose'),
  slice: linear('slice'),
  pad: linear('pad'),
  concat: (tangents, { inputs, params }) =>
    apply(
      'concat',
      tangents.map((tangent, i) => orZero(tangent, inputs[i])),
      params,
    ),
  gather: linear('gather'),
  scatterAdd: ([, dupdates], { inputs: [indices], params }) =>
    dupdates && apply('scatterAdd', [indices, dupdates], params),
}

/** The weight of each element in its maximum: 1 at the maximum, shared equally among ties. */
export function tieShare(x: Tensor, maximum: Tensor, axes: readonly number[]): Tensor {
  const mask = x.equal(maximum).cast(x.dtype)
  return mask.div(mask.sum(axes, true))
}

/** Wraps what a function is differentiated by, so that only uses inside of the function count. */
export function variables(values: readonly Tensor[], operation: string): Tensor[] {
  return values.map(value => {
    if (!isTensor(value)) throw new GraphError(operation, `expected traced values, found ${typeof value}`)
    if (!isFloat(value.dtype))
      throw new GraphError(operation, `cannot differentiate by a value of type ${value.dtype}`)
    return apply('opaque', [value])
  })
}

/** The nodes that lie between the variables and the outputs, operands first. */
export function between(from: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] {
  const active = new Set(from)
  const first = from[0]?.id ?? 0
  return reachable(outputs).filter(node => {
    if (node.id < first || active.has(node)) return false
    const depends = node.op !== 'stopGradient' && node.inputs.some(input => active.has(input))
    if (depends) active.add(node)
    return depends
  })
}

/**
 * Jacobian-vector product: the function's value and its derivative along `tangents`.
 *
 * @param fn  any number of tensors to a tensor, or to a tree of tensors
 * @param primals  where to differentiate
 * @param tangents  the direction, of the same shapes
 * @returns value and derivative, in the nesting that `fn` returns
 * @throws GraphError when a tangent's shape or type differs from its primal's
 */
export function jvp<O>(
  fn: (...args: Tensor[]) => O,
  primals: readonly Tensor[],
  tangents: readonly Tensor[],
): [value: O, derivative: O] {
  if (primals.length !== tangents.length) {
    throw new GraphError('jvp', `${primals.length} primals but ${tangents.length} tangents`)
  }
  primals.forEach((primal, i) => {
    if (!sameShape(primal.shape, tangents[i].shape) || primal.dtype !== tangents[i].dtype) {
      throw new GraphError('jvp', `tangent ${i} is ${tangents[i]}, its primal ${primal}`)
    }
  })
  const args = variables(primals, 'jvp')
  const value = fn(...args)
  const outputs = leaves(value, isTensor).map(([, tensor]) => tensor)
  const tangentOf = new Map<Tensor, Tangent>(args.map((arg, i) => [arg, tangents[i]]))
  for (const node of between(args, outputs)) {
    const known = node.inputs.map(input => tangentOf.get(input) ?? null)
    if (known.every(tangent => tangent === null)) continue
    tangentOf.set(
      node,
      jvpRules[node.op](known, { inputs: node.inputs, params: node.params as never, output: node }),
    )
  }
  const derivative = mapTree(value, isTensor, output => orZero(tangentOf.get(output) ?? null, output))
  return [value, derivative as O]
}
