import {
  block,
  concat,
  constant,
  scatterAdd,
  select,
  stopGradient,
  type Tensor,
} from '../../src/autodiff/index.ts'
import type { Params, Primitive } from '../../src/autodiff/primitive.ts'
import { apply } from '../../src/autodiff/tensor.ts'

/** A float argument: a shape and the range of its elements, of which none lies within `gap` of zero. */
export interface Argument {
  readonly shape: readonly number[]
  readonly low: number
  readonly high: number
  readonly gap: number
}

type Function = (...args: Tensor[]) => Tensor

/** One function that uses a primitive, at sizes of its axes that a test may choose. */
export interface Case {
  readonly name: string
  readonly make: (a: number, b: number, c: number) => readonly [args: readonly Argument[], fn: Function]
  /** Why differences do not give the derivative that is wanted. */
  readonly notDifferentiable?: string
  /** For functions that round: a coarser check. */
  readonly step?: number
  readonly tolerance?: number
  /** Relative error to be expected of float32, where it is large. */
  readonly roundoff?: number
}

const real = (...shape: number[]): Argument => ({ shape, low: -2, high: 2, gap: 0 })
const positive = (...shape: number[]): Argument => ({ shape, low: 0.5, high: 2, gap: 0 })
/** Away from zero, where there is a kink or a pole. */
const nonzero = (...shape: number[]): Argument => ({ shape, low: -2, high: 2, gap: 0.3 })

type Kind = (...shape: number[]) => Argument

/** An elementwise function of one argument, from rank 0 to 4. */
const elementwise = (fn: (x: Tensor) => Tensor, kind: Kind = real): Case[] => [
  { name: 'rank 0', make: () => [[kind()], fn] },
  { name: 'rank 1', make: a => [[kind(a)], fn] },
  { name: 'rank 2', make: (a, b) => [[kind(a, b)], fn] },
  { name: 'rank 4', make: (a, b, c) => [[kind(a, 1, b, c)], fn] },
]

/** A function of two arguments that broadcast. */
const broadcasting = (
  fn: (x: Tensor, y: Tensor) => Tensor,
  left: Kind = real,
  right: Kind = real,
): Case[] => [
  { name: 'equal shapes', make: (a, b) => [[left(a, b), right(a, b)], fn] },
  { name: 'two numbers', make: () => [[left(), right()], fn] },
  { name: 'matrix and number', make: (a, b) => [[left(a, b), right()], fn] },
  { name: 'number and matrix', make: (a, b) => [[left(), right(a, b)], fn] },
  { name: 'row and matrix', make: (a, b) => [[left(b), right(a, b)], fn] },
  { name: 'column and row', make: (a, b) => [[left(a, 1), right(1, b)], fn] },
  { name: 'rank 4 and rank 3', make: (a, b, c) => [[left(a, 1, b, 1), right(c, 1, b)], fn] },
  { name: 'one and many', make: a => [[left(1), right(a)], fn] },
  { name: 'a constant', make: (a, b) => [[left(a, b)], x => fn(x, constant(1.5, [b], x.dtype))] },
]

const twice = (fn: (x: Tensor, y: Tensor) => Tensor, kind: Kind = real): Case => ({
  name: 'the same value twice',
  make: (a, b) => [[kind(a, b)], x => fn(x, x)],
})

const gate = (op: 'silu' | 'gelu'): Case[] =>
  [0, 1, 2, 3].flatMap(order =>
    elementwise(x => apply(op, [x], { order })).map(c => ({
      ...c,
      name: `order ${order}, ${c.name}`,
      // High orders are polynomials whose terms nearly cancel.
      roundoff: order === 3 ? 2e-4 : undefined,
    })),
  )

/** A comparison as a number, beside a smooth factor. */
const comparison = (op: 'less' | 'lessEqual' | 'equal'): Case[] => {
  const fn = (x: Tensor, y: Tensor) => apply(op, [x, y]).cast(x.dtype).mul(x)
  return [...broadcasting(fn), twice(fn)]
}

const reduction = (op: 'sum' | 'max'): Case[] => [
  { name: 'rank 0', make: () => [[real()], x => x[op]()] },
  { name: 'all of a matrix', make: (a, b) => [[real(a, b)], x => x[op]()] },
  { name: 'columns', make: (a, b) => [[real(a, b)], x => x[op](0)] },
  { name: 'rows', make: (a, b) => [[real(a, b)], x => x[op](1)] },
  { name: 'the last axis, kept', make: (a, b) => [[real(a, b)], x => x[op](-1, true)] },
  { name: 'a middle axis', make: (a, b, c) => [[real(a, b, c)], x => x[op](1)] },
  { name: 'two axes', make: (a, b, c) => [[real(a, b, c)], x => x[op]([0, 2])] },
  { name: 'two axes of four, kept', make: (a, b, c) => [[real(a, b, 2, c)], x => x[op]([-1, 1], true)] },
  { name: 'an axis of size 1', make: (a, b) => [[real(a, 1, b)], x => x[op](1)] },
  { name: 'no axis', make: (a, b) => [[real(a, b)], x => x[op]([])] },
]

const flags = [false, true].flatMap(transposeA =>
  [false, true].map(transposeB => ({ transposeA, transposeB })),
)

const turned = (swap: boolean, lead: number[], m: number, n: number): Argument =>
  real(...lead, ...(swap ? [n, m] : [m, n]))

const products: Case[] = flags.flatMap((params): Case[] => {
  const text = `${params.transposeA ? 'Aᵀ' : 'A'}${params.transposeB ? 'Bᵀ' : 'B'}`
  const { transposeA, transposeB } = params
  const of = (name: string, left: number[], right: number[]): Case => ({
    name: `${text}, ${name}`,
    make: (a, b, c) => [
      [turned(transposeA, left, a, b), turned(transposeB, right, b, c)],
      (x, y) => x.matmul(y, params),
    ],
  })
  return [
    of('matrices', [], []),
    of('a batch of each', [2], [2]),
    of('a batch and one', [3], []),
    of('one and a batch', [], [2]),
    of('batches that broadcast', [2, 1], [3]),
    of('batches of rank 4', [2, 1], [1, 3]),
  ]
})

const overLast = (fn: (x: Tensor) => Tensor): Case[] => [
  { name: 'rank 1', make: a => [[real(a)], fn] },
  { name: 'rank 2', make: (a, b) => [[real(a, b)], fn] },
  { name: 'rank 3', make: (a, b, c) => [[real(a, b, c)], fn] },
  { name: 'a last axis of size 1', make: a => [[real(a, 1)], fn] },
]

/** Row numbers that reach every row and repeat some. */
const indices = (shape: readonly number[], rows: number): Tensor => {
  const size = shape.reduce((x, y) => x * y, 1)
  return constant(
    Array.from({ length: size }, (_, i) => (i * 5 + 1) % rows),
    shape,
    'int64',
  )
}

/** Nodes that take no operands, and why they have no case. */
export const leafPrimitives = {
  input: 'is what a derivative is taken by; it has no operands',
  constant: 'has no operands; part of most cases',
} as const satisfies { readonly [P in Primitive]?: string }

/** Every primitive with operands: at least one function that uses it. */
export const gallery: {
  readonly [P in Exclude<keyof Params, keyof typeof leafPrimitives>]: readonly [Case, ...Case[]]
} = {
  border: [
    {
      name: 'a block',
      make: (a, b) => [[real(a, b), real(b)], (x, y) => block((h, e) => h.mul(e).sin(), x, y)],
    },
  ],
  opaque: [{ name: 'inside', make: a => [[real(a)], x => apply('opaque', [x]).sin()] }],
  stopGradient: [
    {
      name: 'one factor',
      make: a => [[real(a)], x => x.mul(stopGradient(x.sin()))],
      notDifferentiable: 'its derivative is defined to differ from its differences',
    },
  ],

  neg: cases(elementwise(x => x.neg())),
  exp: cases(elementwise(x => x.exp())),
  log: cases(elementwise(x => x.log(), positive)),
  sin: cases(elementwise(x => x.sin())),
  cos: cases(elementwise(x => x.cos())),
  tanh: cases(elementwise(x => x.tanh())),
  sqrt: cases(elementwise(x => x.sqrt(), positive)),
  abs: cases(elementwise(x => x.abs(), nonzero)),
  sign: cases(elementwise(x => x.sign().mul(x.sin()), nonzero)),
  atan: cases(elementwise(x => x.mul(3).atan())),
  sigmoid: cases(elementwise(x => x.sigmoid())),
  silu: cases(gate('silu')),
  gelu: cases(gate('gelu')),
  cast: [
    {
      name: 'to the other precision and back',
      make: (a, b) => [
        [real(a, b)],
        x => x.cast(x.dtype === 'float32' ? 'float64' : 'float32').cast(x.dtype),
      ],
      step: 0.05,
      tolerance: 1e-4,
    },
    { name: 'through int64', make: a => [[nonzero(a)], x => x.cast('int64').cast(x.dtype).mul(x)] },
    { name: 'from bool', make: a => [[nonzero(a)], x => x.less(0).cast(x.dtype).mul(x)] },
  ],

  add: cases([...broadcasting((x, y) => x.add(y)), twice((x, y) => x.add(y))]),
  sub: cases([...broadcasting((x, y) => x.sub(y)), twice((x, y) => x.sub(y))]),
  mul: cases([
    ...broadcasting((x, y) => x.mul(y)),
    twice((x, y) => x.mul(y)),
    { name: 'constants that stretch', make: a => [[real(1)], x => constant(2, [a], x.dtype).mul(x).mul(5)] },
    { name: 'a sign that stretches', make: a => [[real(1)], x => x.neg().mul(constant(3, [a], x.dtype))] },
  ]),
  div: cases([...broadcasting((x, y) => x.div(y), real, nonzero), twice((x, y) => x.div(y), nonzero)]),
  pow: cases([
    ...broadcasting((x, y) => x.pow(y), positive),
    twice((x, y) => x.pow(y), positive),
    { name: 'a negative base', make: a => [[nonzero(a)], x => x.pow(3)] },
  ]),
  maximum: cases([...broadcasting((x, y) => x.maximum(y)), twice((x, y) => x.maximum(y))]),
  minimum: cases([...broadcasting((x, y) => x.minimum(y)), twice((x, y) => x.minimum(y))]),
  less: cases(comparison('less')),
  lessEqual: cases(comparison('lessEqual')),
  equal: cases(comparison('equal')),

  select: cases([
    ...broadcasting((x, y) => select(x.less(y), x.sin(), y.square())),
    { name: 'a number', make: a => [[nonzero(a)], x => select(x.less(0), 3, x.exp())] },
    {
      name: 'a column of conditions',
      make: (a, b) => [
        [nonzero(a, 1), real(b), real(a, b)],
        (c, x, y) => select(c.less(0), x.sin(), y.cos()),
      ],
    },
  ]),

  sum: cases(reduction('sum')),
  max: cases(reduction('max')),
  cumsum: cases(
    [false, true].flatMap((reverse): Case[] => [
      { name: `rank 1, reverse ${reverse}`, make: a => [[real(a)], x => x.cumsum(0, reverse)] },
      { name: `rows, reverse ${reverse}`, make: (a, b) => [[real(a, b)], x => x.cumsum(-1, reverse)] },
      {
        name: `axis 1 of 3, reverse ${reverse}`,
        make: (a, b, c) => [[real(a, b, c)], x => x.cumsum(1, reverse)],
      },
    ]),
  ),

  matmul: cases([
    ...products,
    { name: 'a matrix with itself', make: (a, b) => [[real(a, b)], x => x.matmul(x, { transposeB: true })] },
    {
      name: 'of transposed operands',
      make: (a, b, c) => [[real(b, a), real(c, b)], (x, y) => x.transpose().matmul(y.transpose())],
    },
  ]),
  softmax: cases(overLast(x => x.softmax())),
  logSoftmax: cases(overLast(x => x.logSoftmax())),

  reshape: [
    { name: 'flat', make: (a, b, c) => [[real(a, b, c)], x => x.reshape([a * b * c])] },
    { name: 'new axes', make: (a, b) => [[real(a, b)], x => x.reshape([1, b, 1, a])] },
    { name: 'a number', make: () => [[real()], x => x.reshape([1, 1])] },
    {
      name: 'twice',
      make: (a, b) => [
        [real(a, b)],
        x =>
          x
            .reshape([a * b])
            .sin()
            .reshape([b, a]),
      ],
    },
  ],
  broadcastTo: [
    { name: 'a number', make: (a, b) => [[real()], x => x.broadcastTo([a, b])] },
    { name: 'leading axes', make: (a, b, c) => [[real(c)], x => x.broadcastTo([a, b, c])] },
    { name: 'axes of size 1', make: (a, b, c) => [[real(b, 1)], x => x.broadcastTo([a, b, c])] },
    { name: 'nothing', make: (a, b) => [[real(a, b)], x => x.broadcastTo([a, b])] },
  ],
  transpose: [
    { name: 'rank 1', make: a => [[real(a)], x => x.transpose()] },
    { name: 'rank 2', make: (a, b) => [[real(a, b)], x => x.transpose()] },
    { name: 'the last two of three', make: (a, b, c) => [[real(a, b, c)], x => x.transpose()] },
    { name: 'a cycle of three', make: (a, b, c) => [[real(a, b, c)], x => x.transpose([1, 2, 0])] },
    { name: 'rank 4', make: (a, b, c) => [[real(a, b, c, 2)], x => x.transpose([3, 1, 0, 2])] },
    {
      name: 'twice',
      make: (a, b, c) => [[real(a, b, c)], x => x.transpose([2, 0, 1]).transpose([2, 1, 0])],
    },
  ],
  slice: [
    { name: 'the middle', make: a => [[real(a + 2)], x => x.slice(0, 1, a + 1)] },
    { name: 'the tail', make: (a, b) => [[real(a, b + 1)], x => x.slice(-1, -2)] },
    { name: 'two axes', make: (a, b) => [[real(a + 1, b, 3)], x => x.slice(0, 1).slice(2, 0, -1)] },
    { name: 'overlapping', make: a => [[real(a + 2)], x => x.slice(0, 0, a).mul(x.slice(0, 2))] },
    { name: 'every part', make: (a, b) => [[real(a, 2 * b)], x => x.slice(1, 0, b).mul(x.slice(1, b))] },
  ],
  pad: [
    { name: 'rank 1', make: a => [[real(a)], x => x.pad([2], [1])] },
    { name: 'one side', make: (a, b) => [[real(a, b)], x => x.pad([0, 1], [0, 0]).cos()] },
    { name: 'twice', make: (a, b) => [[real(a, b)], x => x.pad([1, 0], [0, 2]).pad([0, 1], [1, 0])] },
    {
      name: 'neighbours, added',
      make: (a, b) => [[real(a, 2), real(a, b)], (x, y) => x.pad([0, 0], [0, b]).add(y.pad([0, 2], [0, 0]))],
    },
    {
      name: 'neighbours of other heights, added',
      make: (a, b) => [[real(a, 2), real(1, b)], (x, y) => x.pad([0, 0], [0, b]).add(y.pad([0, 2], [0, 0]))],
    },
  ],
  concat: [
    { name: 'axis 0', make: (a, b) => [[real(a), real(b)], (x, y) => concat([x, y], 0)] },
    {
      name: 'three along the last axis',
      make: (a, b, c) => [[real(a, b), real(a, 1), real(a, c)], (x, y, z) => concat([x, y, z])],
    },
    { name: 'the same value twice', make: (a, b) => [[real(a, b)], x => concat([x, x.sin(), x], 0)] },
    { name: 'one', make: a => [[real(a)], x => concat([x])] },
    { name: 'beside a constant', make: a => [[real(a)], x => concat([constant(2, [3], x.dtype), x])] },
    {
      name: 'nested, then sliced',
      make: (a, b) => [
        [real(a), real(b), real(2)],
        (x, y, z) => concat([x, concat([y, z])]).slice(0, a, a + b + 1),
      ],
    },
  ],
  gather: [
    { name: 'numbers', make: (a, b) => [[real(a)], x => x.gather(indices([b], a))] },
    { name: 'rows', make: (a, b, c) => [[real(a, b)], x => x.gather(indices([c + 2], a))] },
    { name: 'a matrix of rows', make: (a, b, c) => [[real(a, b)], x => x.gather(indices([2, c], a))] },
    { name: 'one row', make: (a, b) => [[real(a, b, 2)], x => x.gather(indices([], a))] },
  ],
  scatterAdd: [
    { name: 'numbers', make: (a, b) => [[real(b + 2)], x => scatterAdd(indices([b + 2], a), x, a)] },
    { name: 'rows', make: (a, b, c) => [[real(c, b)], x => scatterAdd(indices([c], a), x, a)] },
    {
      name: 'a matrix of rows',
      make: (a, b, c) => [[real(2, c, b)], x => scatterAdd(indices([2, c], a), x, a + 1)],
    },
  ],
}

function cases(list: readonly Case[]): readonly [Case, ...Case[]] {
  return list as readonly Case[] as readonly [Case, ...Case[]]
}

/** Every case with a name of its own, for `describe.each`. */
export const allCases: readonly (Case & { readonly title: string })[] = Object.entries(gallery).flatMap(
  ([primitive, list]) => list.map(c => ({ ...c, title: `${primitive}: ${c.name}` })),
)
