import {
  concat,
  constant,
  evaluate,
  simplify,
  spec,
  stopGradient,
  type Tensor,
  trace,
  valueAndGrad,
} from '../../../src/autodiff/index.ts'
import { type FlowMap, flat, noisePath } from '../../../src/model/index.ts'
import { comparing, type Draw, squaredError } from '../../../src/objective/index.ts'

/** A world in the plane in which all is affine: the generator `x = A eps + b`, and data `N(mu, S)`. */

export type Matrix = readonly (readonly number[])[]
export type Vector = readonly number[]

const D = 2
export const MU: Vector = [0.7, -0.4]
export const S: Matrix = [
  [1.3, 0.5],
  [0.5, 0.8],
]
/** `A A^T = S`. */
export const ROOT: Matrix = (() => {
  const [[a, b], [, c]] = S
  const l = Math.sqrt(a)
  return [
    [l, 0],
    [b / l, Math.sqrt(c - (b * b) / a)],
  ]
})()
export const AWAY = {
  A: [
    [0.6, -0.2],
    [0.35, 1.1],
  ] as Matrix,
  b: [0.2, 0.5] as Vector,
}

export const transposed = (a: Matrix): number[][] => a[0].map((_, j) => a.map(row => row[j]))
export const product = (a: Matrix, b: Matrix): number[][] =>
  a.map(row => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)))
export const plus = (a: Matrix, b: Matrix, by = 1): number[][] =>
  a.map((row, i) => row.map((x, j) => x + by * b[i][j]))
export const scaled = (a: Matrix, by: number): number[][] => a.map(row => row.map(x => by * x))
export const identity: Matrix = [
  [1, 0],
  [0, 1],
]
export function inverse([[a, b], [c, d]]: Matrix): number[][] {
  const det = a * d - b * c
  return [
    [d / det, -b / det],
    [-c / det, a / det],
  ]
}
export const determinant = ([[a, b], [c, d]]: Matrix): number => a * d - b * c

/** `(1-r)^2 S + r^2 I` */
export const noisyCovariance = (covariance: Matrix, r: number): number[][] =>
  plus(scaled(covariance, (1 - r) ** 2), identity, r * r)

/** Nodes and weights of the Gauss-Hermite rule for a standard normal: exact for polynomials up to the ninth degree. */
const NODES: readonly (readonly [number, number])[] = (() => {
  const [near, far] = [-1, 1].map(sign => Math.sqrt(5 + sign * Math.sqrt(10)))
  const [ofNear, ofFar] = [-1, 1].map(sign => (7 - sign * 2 * Math.sqrt(10)) / 60)
  return [
    [0, 8 / 15],
    [near, ofNear],
    [-near, ofNear],
    [far, ofFar],
    [-far, ofFar],
  ]
})()

/** All of `axes` independent normal numbers, with weights that sum to 1. */
function grid(axes: number): { points: number[][]; weights: number[] } {
  const all = Array.from({ length: axes }).reduce<{ point: number[]; weight: number }[]>(
    before =>
      before.flatMap(({ point, weight }) =>
        NODES.map(([x, w]) => ({ point: [...point, x], weight: weight * w })),
      ),
    [{ point: [], weight: 1 }],
  )
  return { points: all.map(({ point }) => point), weights: all.map(({ weight }) => weight) }
}

const NODES_OF_ALL = grid(2 * D)
/** Four normal numbers of each sample: noise, and noise that is added. */
export const NORMALS: Matrix = NODES_OF_ALL.points
export const COUNT = NORMALS.length
export const tensor = (values: Matrix): Tensor =>
  constant(values.flat(), [values.length, values[0].length], 'float64')
const EPS = NORMALS.map(point => point.slice(0, D))
const NOISE = NORMALS.map(point => point.slice(D))
const WEIGHTS = NODES_OF_ALL.weights

export const column = (value: number): Tensor => constant(new Array(COUNT).fill(value), [COUNT, 1], 'float64')

/** `y = x M^T + c` of rows. */
const affine = (x: Tensor, M: Tensor, c: Tensor): Tensor => x.matmul(M, { transposeB: true }).add(c)

/** The inverse of a matrix `[2, 2]` of tensors. */
function inverseOf(K: Tensor): Tensor {
  const at = (i: number, j: number) => K.slice(0, i, i + 1).slice(1, j, j + 1)
  const [a, b, c, d] = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)]
  const det = a.mul(d).sub(b.mul(c))
  return concat([concat([d, b.neg()], 1), concat([c.neg(), a], 1)], 0).div(det)
}

/** The exact velocity of `N(m, C)` on the linear path at one time: `(z - D)/r`, `D = m + (1-r) C K^-1 (z - (1-r) m)`. */
const gaussianVelocity =
  (mean: Tensor, covariance: Tensor, r: number) =>
  (z: Tensor): Tensor => {
    const one = constant(identity.flat(), [D, D], 'float64')
    const K = covariance.mul((1 - r) ** 2).add(one.mul(r * r))
    const gain = covariance.matmul(inverseOf(K)).mul(1 - r)
    return z.sub(affine(z.sub(mean.mul(1 - r)), gain, mean)).div(r)
  }

export interface Generator {
  readonly A: Tensor
  readonly b: Tensor
}

/** The generator as a flow map, from any time. */
const mapOf = ({ A, b }: Generator): FlowMap => {
  const jump = (x: Tensor) => affine(x, A, b)
  return { jump, velocity: x => x.sub(jump(x)) }
}

/** The exact velocity of the generator's samples. */
export const fakeOf = ({ A, b }: Generator, r: number) =>
  gaussianVelocity(b, A.matmul(A, { transposeB: true }), r)

/** A draw of this world at one time, whose samples are the nodes. */
export function drawAt(generator: Generator, r: number, more: Partial<Draw> = {}): Draw {
  const teacher = gaussianVelocity(tensor([MU]), tensor(S), r)
  const fake = fakeOf({ A: stopGradient(generator.A), b: stopGradient(generator.b) }, r)
  const refuse = (): never => {
    throw new Error('is not asked for')
  }
  const none = { velocity: refuse, jump: refuse }
  const eps = tensor(EPS)
  return {
    map: mapOf(generator),
    target: none,
    frozen: none,
    teacher: { velocity: teacher },
    pretrained: none,
    auxiliary: none,
    players: { fake },
    path: noisePath(eps),
    s: column(1),
    t: column(0),
    m: column(0.5),
    noise: tensor(NOISE),
    r: column(r),
    ...comparing(flat, squaredError),
    ...more,
  }
}

/** A point of the generator, or a gradient by it. */
export interface At {
  readonly A: Matrix
  readonly b: Vector
}

/** `D E[loss]` and its gradient by `A` and `b`, as a function of these; losses are means over coordinates. */
export function expectationOf(
  lossOf: (generator: Generator) => Tensor,
): (at: At) => { value: number; A: number[][]; b: number[] } {
  const weights = constant(WEIGHTS, [COUNT], 'float64')
  const mean = (live: Record<string, Tensor>) =>
    lossOf(live as unknown as Generator)
      .mul(weights)
      .sum()
      .mul(D)
  const graph = simplify(
    trace(inputs => valueAndGrad(mean)(inputs as Record<string, Tensor>), {
      A: spec([D, D], 'float64'),
      b: spec([1, D], 'float64'),
    }),
  )
  return ({ A, b }) => {
    const [value, byA, byB] = evaluate(graph, [
      { shape: [D, D], data: Float64Array.from(A.flat()) },
      { shape: [1, D], data: Float64Array.from(b) },
    ])
    const a = [...byA.data].map(Number)
    return { value: Number(value.data[0]), A: [a.slice(0, D), a.slice(D)], b: [...byB.data].map(Number) }
  }
}

/** The same at one generator. */
export const expectation = (lossOf: (generator: Generator) => Tensor, at: At) => expectationOf(lossOf)(at)

/** The largest difference of two gradients. */
export const apart = (
  a: { readonly A: Matrix; readonly b: Vector },
  b: { readonly A: Matrix; readonly b: Vector },
): number =>
  Math.max(
    ...a.A.flatMap((row, i) => row.map((x, j) => Math.abs(x - b.A[i][j]))),
    ...a.b.map((x, i) => Math.abs(x - b.b[i])),
  )

export const ZERO = {
  A: [
    [0, 0],
    [0, 0],
  ] as Matrix,
  b: [0, 0] as Vector,
}
