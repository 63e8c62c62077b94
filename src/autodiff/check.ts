import { evaluate, type Value } from './evaluate.ts'
import { checkGraph, type Graph } from './graph.ts'
import { jvp } from './jvp.ts'
import { sizeOf } from './primitive.ts'
import { simplify } from './simplify.ts'
import type { Tensor } from './tensor.ts'
import { spec, trace } from './trace.ts'
import { vjp } from './vjp.ts'

export interface CheckOptions {
  /** How many times the derivative is differentiated again and checked; default 2. */
  readonly order?: number
  /** Largest accepted error, relative to the derivative's size or 1; default 1e-6. */
  readonly tolerance?: number
  /** Step of the central differences; default 1e-5. */
  readonly step?: number
}

/** A derivative that disagrees with finite differences or with the other mode. */
export class GradientError extends Error {
  override readonly name = 'GradientError'
}

type Fn = (...args: Tensor[]) => Tensor

/** Numbers in (-1, 1) that do not repeat, the same in every run: directions for the checks. */
function direction(shape: readonly number[], salt: number): Value {
  const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
    Math.sin(12.9898 * (i + 1) + 78.233 * salt),
  )
  return { shape, data }
}

const dot = (a: Value, b: Value): number => a.data.reduce((sum, v, i) => sum + v * b.data[i], 0)

function shifted(x: Value, along: Value, step: number): Value {
  return { shape: x.shape, data: x.data.map((v, i) => v + step * along.data[i]) }
}

function run(graph: Graph, inputs: readonly Value[]): Value[] {
  checkGraph(graph)
  const simple = simplify(graph)
  checkGraph(simple)
  return evaluate(simple, inputs)
}

function traceAll(fn: (args: Tensor[]) => unknown, values: readonly Value[]): Graph {
  return trace(
    inputs => fn(inputs as Tensor[]),
    values.map(value => spec(value.shape, 'float64')),
  )
}

function expectClose(found: number, expected: number, tolerance: number, what: string): void {
  if (Math.abs(found - expected) <= tolerance * Math.max(1, Math.abs(expected))) return
  throw new GradientError(`${what}: ${found}, expected ${expected}`)
}

/**
 * Checks a function's derivatives in float64: the Jacobian-vector product against central differences, the reverse
 * mode against it by an inner product, and then the derivative of the derivative in the same way.
 *
 * @param fn  any number of tensors to one tensor, smooth around `at`
 * @param at  the point, one value per argument
 * @throws GradientError saying which mode and order disagrees, with both numbers
 */
export function checkGradients(fn: Fn, at: readonly Value[], options: CheckOptions = {}): void {
  const { order = 2, tolerance = 1e-6, step = 1e-5 } = options
  const n = at.length
  const tangents = at.map((value, i) => direction(value.shape, i + 1))

  const forward = traceAll(args => jvp(fn, args.slice(0, n), args.slice(n)), [...at, ...tangents])
  const [value, derivative] = run(forward, [...at, ...tangents])
  const plain = traceAll(args => fn(...args), at)
  const [ahead] = run(
    plain,
    at.map((x, i) => shifted(x, tangents[i], step)),
  )
  const [behind] = run(
    plain,
    at.map((x, i) => shifted(x, tangents[i], -step)),
  )
  derivative.data.forEach((found, i) => {
    const expected = (ahead.data[i] - behind.data[i]) / (2 * step)
    expectClose(found, expected, tolerance, `forward derivative of element ${i}, order ${order}`)
  })

  const cotangent = direction(value.shape, 0)
  const reverse = (args: Tensor[]) => vjp(fn, args.slice(0, n))[1](args[n])
  const cotangents = run(traceAll(reverse, [...at, cotangent]), [...at, cotangent])
  const sum = cotangents.reduce((total, g, i) => total + dot(g, tangents[i]), 0)
  expectClose(sum, dot(cotangent, derivative), tolerance, `reverse derivative, order ${order}`)

  if (order <= 1) return
  const deeper = { ...options, order: order - 1 }
  checkGradients((...args) => jvp(fn, args.slice(0, n), args.slice(n))[1], [...at, ...tangents], deeper)
  for (let i = 0; i < n; i++) {
    checkGradients((...args) => reverse(args)[i], [...at, cotangent], deeper)
  }
}
