import { describe, expect, test } from 'vitest'
import { DYNAMIC, evaluate, jvp, simplify, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { applyDit } from '../../src/model/dit/dit.ts'
import { compile } from '../../src/runtime/node.ts'
import { batchOf, constants, drawn, samplesOf, variants } from '../model/dit/variants.ts'

/** The largest difference of two arrays, as a part of the largest element of the second. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const top = Array.from(b).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0) / top
}

describe('a transformer whose batch is open until it runs', () => {
  test.each(Object.entries(variants))('%s: the same, told something or nothing', async (_, options) => {
    const weights = drawn(options)
    const { x, s, t, seen } = batchOf(options, samplesOf(options))
    for (const told of [Object.entries(seen), []]) {
      const isClass = (i: number) => told[i - 3]?.[1].dtype === 'int64'
      const inputs = [x, s, t, ...told.map(([, { value }]) => value)]
      const graph = (batch: number) =>
        simplify(
          trace(
            ([x, s, t, ...rest]: Tensor[]) => {
              const condition = Object.fromEntries(told.map(([name], i) => [name, rest[i]]))
              return applyDit(options, constants(weights), condition)(x, s, t)
            },
            inputs.map(({ shape }, i) => spec([batch, ...shape.slice(1)], isClass(i) ? 'int64' : 'float64')),
          ),
        )
      const program = await compile(graph(DYNAMIC), { threads: 1 })
      const [found] = await program.run(
        inputs.map(({ data }, i) => (isClass(i) ? BigInt64Array.from(data, value => BigInt(value)) : data)),
      )
      await program.close()
      expect(apart(found as Float64Array, evaluate(graph(3), inputs)[0].data)).toBeLessThan(1e-12)
    }
  })
})

describe('a transformer and its derivative in float32 on ONNX Runtime', () => {
  test.each(Object.entries(variants))('%s: as in the evaluator to 1e-4', async (_, options) => {
    const parameters = Object.entries(drawn(options))
    const { x, s, t, seen } = batchOf(options, samplesOf(options))
    const conditions = Object.entries(seen)
    const inputs = [
      x,
      s,
      t,
      ...conditions.map(([, { value }]) => value),
      ...parameters.map(([, value]) => value),
    ]
    const graph = (float: 'float32' | 'float64') =>
      simplify(
        trace(
          (all: Tensor[]) => {
            const [x, s, t, ...rest] = all
            const named = (names: readonly string[], from: number) =>
              Object.fromEntries(names.map((name, i) => [name, rest[from + i]]))
            const condition = named(
              conditions.map(([name]) => name),
              0,
            )
            const weights = named(
              parameters.map(([name]) => name),
              conditions.length,
            )
            const network = applyDit(options, weights, condition)
            const head = network.heads?.velocity
            const all3 = (x: Tensor, s: Tensor, t: Tensor) => [
              network(x, s, t),
              ...(head ? [head(x, s, t)] : []),
            ]
            return jvp(all3, [x, s, t], [x.cos(), s.cos(), t.sin()])
          },
          inputs.map(({ shape }, i) =>
            spec(shape, conditions[i - 3]?.[1].dtype === 'int64' ? 'int64' : float),
          ),
        ),
      )
    const program = await compile(graph('float32'), { threads: 1 })
    const found = await program.run(
      inputs.map(({ data }, i) =>
        conditions[i - 3]?.[1].dtype === 'int64'
          ? BigInt64Array.from(data, value => BigInt(value))
          : Float32Array.from(data),
      ),
    )
    await program.close()
    evaluate(graph('float64'), inputs).forEach(({ data }, i) => {
      expect(apart(found[i] as Float32Array, data)).toBeLessThan(1e-4)
    })
  })
})
