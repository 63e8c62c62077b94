import { evaluate, type Graph, spec, type Tensor, trace, type Value } from '../../src/autodiff/index.ts'
import { random } from '../../src/random/random.ts'
import type { Argument } from './gallery.ts'

/** Elements for an argument; representable in float32, so that both precisions see the same point. */
export function sampleArgument({ shape, low, high, gap }: Argument, seed: number, index: number): Value {
  const source = random(seed, 'argument', index)
  const size = shape.reduce((a, b) => a * b, 1)
  const data = Float64Array.from({ length: size }, () => {
    const x = low + (high - low) * source.uniform()
    return Math.fround(Math.abs(x) < gap ? x + Math.sign(x) * gap : x)
  })
  return { shape, data }
}

export const sampleArguments = (args: readonly Argument[], seed: number): Value[] =>
  args.map((argument, i) => sampleArgument(argument, seed, i))

export const value = (data: readonly number[], shape: readonly number[] = [data.length]): Value => ({
  shape,
  data: Float64Array.from(data),
})

export const number = (x: number): Value => value([x], [])

/** The float64 graph of a function of several tensors. */
export const graphOf = (fn: (...args: Tensor[]) => unknown, at: readonly Value[]): Graph =>
  trace(
    args => fn(...(args as Tensor[])),
    at.map(({ shape }) => spec(shape, 'float64')),
  )

/** The function's outputs at a point, in float64. */
export const valuesOf = (fn: (...args: Tensor[]) => unknown, ...at: Value[]): Value[] =>
  evaluate(graphOf(fn, at), at)

/** The first output of a function of numbers, as a number. */
export const numberOf = (fn: (...args: Tensor[]) => unknown, ...at: number[]): number =>
  valuesOf(fn, ...at.map(number))[0].data[0]
