import { describe, expect, test } from 'vitest'
import { evaluate, jvp, simplify, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { applyDit } from '../../src/model/dit/dit.ts'
import { compile } from '../../src/runtime/node.ts'
import { batchOf, drawn, samplesOf, variants } from '../model/dit/variants.ts'

/** The largest difference of two arrays, as a part of the largest element of the second. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const top = Array.from(b).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0) / top
}

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
            const head = network.velocityHead
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
