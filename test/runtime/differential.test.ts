import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type DType,
  evaluate,
  type Graph,
  grad,
  jvp,
  simplify,
  spec,
  type Tensor,
  trace,
  type Value,
  vjp,
} from '../../src/autodiff/index.ts'
import { compile } from '../../src/runtime/node.ts'
import type { Buffer } from '../../src/runtime/program.ts'
import { allCases, type Case } from '../autodiff/gallery.ts'
import { instructions, runProgram } from '../autodiff/random-graph.ts'
import { sampleArgument, sampleArguments } from '../autodiff/values.ts'
import { some } from '../helpers/long.ts'

type Float = Extract<DType, 'float32' | 'float64'>

const buffer = ({ data }: Value, dtype: Float): Buffer =>
  dtype === 'float32' ? Float32Array.from(data) : data.slice()

/** The value, its derivative along a direction and its gradient by a cotangent, in one graph. */
function derivativesOf({ make }: Case, sizes: readonly [number, number, number], dtype: Float, seed: number) {
  const [args, fn] = make(...sizes)
  const at = sampleArguments(args, seed)
  const n = args.length
  const like = (shape: readonly number[], salt: number) =>
    sampleArgument({ shape, low: -1, high: 1, gap: 0 }, seed + 1, salt)
  const tangents = args.map(({ shape }, i) => like(shape, i))
  const [out] = trace(
    x => fn(...(x as Tensor[])),
    args.map(({ shape }) => spec(shape, dtype)),
  ).outputs
  const cotangent = like(out.shape, n)
  const values = [...at, ...tangents, cotangent]
  const graph = trace(
    list => {
      const inputs = list as Tensor[]
      const [primal, derivative] = jvp(fn, inputs.slice(0, n), inputs.slice(n, 2 * n))
      const gradients = vjp(fn, inputs.slice(0, n))[1](inputs[2 * n])
      return { primal, derivative, gradients }
    },
    values.map(({ shape }) => spec(shape, dtype)),
  )
  return { graph, values }
}

/** Runs a graph in ONNX Runtime and in the evaluator. */
async function expectEqual(
  graph: Graph,
  values: readonly Value[],
  dtype: Float,
  tolerance: number,
): Promise<void> {
  const expected = evaluate(graph, values)
  const program = await compile(simplify(graph), { threads: 1 })
  const found = await program.run(values.map(v => buffer(v, dtype)))
  await program.close()
  expect(found).toHaveLength(expected.length)
  expected.forEach(({ data }, k) => {
    const scale = data.reduce((top, v) => Math.max(top, Math.abs(v)), 1)
    const got = [...(found[k] as Float32Array)]
    expect(got, graph.outputNames[k]).toHaveLength(data.length)
    got.forEach((v, i) => {
      const near = Object.is(v, data[i]) || Math.abs(v - data[i]) <= tolerance * scale
      expect(near, `${graph.outputNames[k]}[${i}]: ${v}, expected ${data[i]}`).toBe(true)
    })
  })
}

async function expectAgreement(
  c: Case,
  sizes: readonly [number, number, number],
  dtype: Float,
  seed: number,
): Promise<void> {
  const { graph, values } = derivativesOf(c, sizes, dtype, seed)
  await expectEqual(graph, values, dtype, dtype === 'float64' ? 1e-12 : (c.roundoff ?? 2e-5))
}

describe('ONNX Runtime agrees with the evaluator', () => {
  test.each(allCases)('$title', async c => {
    const size = fc.integer({ min: 1, max: 5 })
    const property = fc.asyncProperty(fc.tuple(size, size, size), fc.nat(1e6), (sizes, seed) =>
      expectAgreement(c, sizes, 'float32', seed),
    )
    await fc.assert(property, { numRuns: 3, seed: 5 })
  })

  test.each(some(allCases))('$title, in float64', async c => {
    await expectAgreement(c, [2, 3, 4], 'float64', 11)
  })
})

describe('ONNX Runtime agrees with the evaluator on random programs', () => {
  const shapes = [[2, 3], [3], [2, 1], []]

  test.each([
    ['float32', 1e-2],
    ['float64', 1e-7],
  ] as const)('and their gradients, in %s', async (dtype, tolerance) => {
    const property = fc.asyncProperty(instructions, fc.nat(1e6), async (program, seed) => {
      const run = (inputs: readonly Tensor[]) => runProgram(program, inputs, { withKinks: false })
      const graph = trace(
        list => {
          const inputs = list as Tensor[]
          const total = (all: Tensor[]) =>
            run(all)
              .map(made => made.sigmoid().sum())
              .reduce((a, b) => a.add(b))
          return [run(inputs), grad(total)(inputs)]
        },
        shapes.map(shape => spec(shape, dtype)),
      )
      const values = shapes.map((shape, i) =>
        sampleArgument({ shape, low: -1.5, high: 1.5, gap: 0 }, seed, i),
      )
      await expectEqual(graph, values, dtype, tolerance)
    })
    await fc.assert(property, { numRuns: 60, seed: 4 })
  })
})
