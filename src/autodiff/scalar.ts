import { gatePolynomial } from './gated-activations.ts'

/** Elementwise primitives as functions of numbers: shared by the evaluator and by constant folding. */
const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

/** `sum_ijk c_ijk x^i sigma^j (1-sigma)^k`, the closed form of a gate's derivative. */
function gate(kind: 'silu' | 'gelu'): (x: number, params: { order: number }) => number {
  return (x, { order }) => {
    const { argument, terms } = gatePolynomial(kind, order)
    const p = x * (argument[0] + argument[1] * x * x)
    const [s, r] = [sigmoid(p), sigmoid(-p)]
    return terms.reduce(
      (sum, term) => sum + term.coefficient * x ** term.x * s ** term.sigma * r ** term.rest,
      0,
    )
  }
}

export const unaryScalar = {
  neg: (x: number) => -x,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  atan: Math.atan,
  tanh: Math.tanh,
  sqrt: Math.sqrt,
  abs: Math.abs,
  sign: Math.sign,
  sigmoid,
  silu: gate('silu'),
  gelu: gate('gelu'),
} as const

export const binaryScalar = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  pow: (a: number, b: number) => a ** b,
  maximum: (a: number, b: number) => Math.max(a, b),
  minimum: (a: number, b: number) => Math.min(a, b),
  less: (a: number, b: number) => Number(a < b),
  lessEqual: (a: number, b: number) => Number(a <= b),
  equal: (a: number, b: number) => Number(a === b),
} as const

export type UnaryScalar = keyof typeof unaryScalar
export type BinaryScalar = keyof typeof binaryScalar

export const isUnaryScalar = (op: string): op is UnaryScalar => op in unaryScalar
export const isBinaryScalar = (op: string): op is BinaryScalar => op in binaryScalar
