import { describe, expect, test } from 'vitest'
import { concat, constant, grad, simplify, spec, type Tensor, trace } from '../../../src/autodiff/index.ts'
import { applyDit } from '../../../src/model/dit/dit.ts'
import type { DitOptions } from '../../../src/model/dit/options.ts'
import type { BoundNetwork } from '../../../src/model/index.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { reference, type Sample } from './reference.ts'
import { batchOf, constants, drawn, samplesOf, small, stored, symbols, variants } from './variants.ts'

/** The largest difference of two arrays. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)

/** Both outputs of a network for some samples. */
function outputsOf(options: DitOptions, samples: readonly Sample[], values = drawn(options)) {
  const { x, s, t, condition } = batchOf(options, samples)
  return valuesOf(
    (...at: Tensor[]) => {
      const [x, s, t] = at
      const network = applyDit(options, constants(values), condition())
      const head = network.heads?.velocity?.(x, s, t)
      return { average: network(x, s, t), ...(head && { head }) }
    },
    x,
    s,
    t,
  )
}

describe('the transformer is the formula', () => {
  test.each(Object.entries(variants))('%s', (_, options) => {
    const samples = samplesOf(options)
    const weights = stored(options, drawn(options))
    const prefixes = options.velocityHead > 0 ? (['', 'velocity.'] as const) : ([''] as const)
    const found = outputsOf(options, samples)
    expect(found).toHaveLength(prefixes.length)
    prefixes.forEach((prefix, i) => {
      const expected = samples.flatMap(sample => reference(options, weights, sample, prefix))
      expect(apart(found[i].data, expected)).toBeLessThan(1e-12)
      expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.3)
    })
  })

  test('every option changes it', () => {
    const samples = samplesOf(small)
    const changes: Partial<DitOptions>[] = [
      ...(['norm:rms', 'position:none', 'activation:swiglu', 'embedding:sinusoidal'] as const).map(
        pair => Object.fromEntries([pair.split(':')]) as Partial<DitOptions>,
      ),
      { modulationNorm: true },
      { qkNorm: true },
      { heads: 1 },
      { position: 'rotary' },
      { position: 'rotary2d' },
      { position: 'learned' },
      { scalesInput: true },
      { conditioning: 's,s-t' },
      { conditioning: 'decoupled' },
    ]
    const [before] = outputsOf(small, samples)
    for (const change of changes) {
      const [after] = outputsOf({ ...small, ...change }, samples)
      expect(apart(before.data, after.data), JSON.stringify(change)).toBeGreaterThan(1e-3)
    }
  })
})

describe('a network that is asked twice', () => {
  const options = { ...small, depth: 3, velocityHead: 1 }

  test('gives each point its own, and each time', () => {
    const { x, s, t, condition } = batchOf(options, samplesOf(options))
    const [first, moved, later, again] = valuesOf(
      (...at: Tensor[]) => {
        const [x, s, t] = at
        const network = applyDit(options, constants(drawn(options)), condition())
        return [network(x, s, t), network(x.mul(2), s, t), network(x, s, s), network(x, s, t)]
      },
      x,
      s,
      t,
    )
    expect(again.data).toEqual(first.data)
    expect(apart(moved.data, first.data)).toBeGreaterThan(1e-2)
    expect(apart(later.data, first.data)).toBeGreaterThan(1e-2)
  })

  test('shares the blocks of its two outputs, and their gradients', () => {
    const { x, s, t } = batchOf(options, samplesOf(options))
    const values = drawn(options)
    /** Matrix products of the gradient of some outputs. */
    const products = (outputsOf: (network: BoundNetwork) => BoundNetwork[]): number => {
      const loss = (parameters: Record<string, Tensor>) => {
        const [point, from, to] = [x, s, t].map(({ shape, data }) => constant(data, shape, 'float64'))
        return outputsOf(applyDit(options, parameters))
          .map(output => output(point, from, to).square().sum())
          .reduce((a, b) => a.add(b))
      }
      const specs = Object.fromEntries(
        Object.entries(values).map(([name, { shape }]) => [name, spec(shape, 'float64')]),
      )
      const graph = simplify(trace(all => grad(loss)(all as Record<string, Tensor>), specs))
      return graph.nodes.filter(({ op }) => op === 'matmul').length
    }
    const one = products(network => [network])
    const both = products(network => [network, network.heads!.velocity!])
    expect(both - one).toBeLessThan(one / 2)
  })
})

describe('what is not told', () => {
  const unconditional = (options: DitOptions) => {
    const samples = samplesOf(options).map(({ x, s, t }) => ({ x, s, t }))
    const { x, s, t } = batchOf(options, samples)
    const [alone] = valuesOf(
      (...at: Tensor[]) => applyDit(options, constants(drawn(options)))(at[0], at[1], at[2]),
      x,
      s,
      t,
    )
    return apart(alone.data, outputsOf(options, samples)[0].data)
  }
  test.each(['adaLN-zero', 'TVM', 'iMF', 'vectors'])('is the null, and a scale of 1: %s', name => {
    expect(unconditional(variants[name])).toBeLessThan(1e-14)
  })
})

test('symbols are scaled by their own time, and a noisy point that is told by its', () => {
  const options: DitOptions = { ...symbols, depth: 3, backbone: 1 }
  const { x, s, t } = batchOf(options, samplesOf(options))
  const tau = value([0.2, 0.5, 0.95], [3, 1])
  const [found, expected, unscaled] = valuesOf(
    (x, s, t, tau) => {
      const size = (time: Tensor) => time.square().add(time.neg().add(1).square()).sqrt()
      const rows = x.mul(2).reshape([3, 30])
      const of = (scalesInput: boolean, x: Tensor, rows: Tensor) =>
        applyDit({ ...options, scalesInput }, constants(drawn(options)), { state: concat([rows, tau]) })(
          x,
          s,
          t,
        )
      return [
        of(true, x, rows),
        of(false, x.div(size(s)), rows.div(size(tau))),
        of(false, x.div(size(s)), rows),
      ]
    },
    x,
    s,
    t,
    tau,
  )
  expect(apart(found.data, expected.data)).toBeLessThan(1e-13)
  expect(apart(found.data, unscaled.data)).toBeGreaterThan(1e-3)
})
