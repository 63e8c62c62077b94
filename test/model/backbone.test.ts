import { describe, expect, test } from 'vitest'
import {
  constant,
  countOperations,
  evaluate,
  type Graph,
  grad,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../src/autodiff/index.ts'
import { resolveConfig } from '../../src/config/index.ts'
import { kindOf, mapOf, networkOf, type PointSpec, parameterCount, seenState } from '../../src/model/index.ts'
import { drawnVelocity } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { largest } from '../objective/setting.ts'

const point: PointSpec = { shape: [2], condition: { kind: 'state', size: 2 } }
const configOf = (layers: number, backbone: number, hidden = 64) =>
  resolveConfig({ objective: 'tmd-head', network: { hidden, layers, backbone, frequencies: 3 } })

/** The graph of a velocity that is drawn by inner jumps at one noisy point each. */
function drawn(layers: number, backbone: number, inner: number, hidden?: number) {
  const config = configOf(layers, backbone, hidden)
  return trace(
    ({ parameters, x, s, noise }: Readonly<Record<string, Tensor>>) => {
      const { velocity } = mapOf(config, point, parameters, { state: seenState(x, s) })
      return { y: drawnVelocity((y, p, q) => velocity(y, p, q), noise, s, inner) }
    },
    {
      parameters: spec([parameterCount(config, point)]),
      x: spec([512, 2]),
      s: spec([512, 1]),
      noise: spec([512, 2]),
    },
  )
}

const products = ({ nodes }: Graph): number => nodes.filter(({ op }) => op === 'matmul').length

describe('a network with a backbone', () => {
  test.each([
    [3, 1],
    [3, 2],
    [5, 4],
  ])(
    'of %i layers of which %i are backbone makes its features once for all inner jumps',
    (layers, backbone) => {
      for (const inner of [1, 2, 4]) {
        expect(products(drawn(layers, backbone, inner) as Graph)).toBe(
          backbone + inner * (layers + 1 - backbone),
        )
      }
    },
  )

  test('costs 1 + (N-1) H/L of a network', () => {
    const [layers, backbone] = [3, 2]
    const config = configOf(layers, backbone, 512)
    const share = kindOf(config.network).headShare!(config.network, point)
    expect(share).toBeGreaterThan(0.4)
    expect(share).toBeLessThan(0.6)
    const cost = (inner: number) => countOperations(simplify(drawn(layers, backbone, inner, 512)))
    for (const inner of [2, 5]) {
      const expected = 1 + (inner - 1) * share
      expect(Math.abs(cost(inner) / cost(1) / expected - 1)).toBeLessThan(0.03)
    }
  })

  const config = configOf(3, 2)
  const network = networkOf(config.network, point)
  const parameters = Float64Array.from(
    Object.values(network.initialize(random(3, 'backbone'))).flatMap(values => [...values]),
  )
  const flat = () => constant(parameters, [parameters.length], 'float64')
  const points = value([0.3, -1.2, 1.5, 0.8], [2, 2])
  const times = value([0.9, 0.4], [2, 1])

  test('sees the noisy point also where it is pure noise, and its time', () => {
    const [a, b, c] = valuesOf(
      (x, p) => {
        const at = (shift: number, s: number) =>
          mapOf(config, point, flat(), { state: seenState(x.add(shift), p.mul(0).add(s)) }).velocity(x, p, p)
        return [at(0, 1), at(0.5, 1), at(0, 0.5)]
      },
      points,
      times,
    )
    const far = (u: typeof a, v: typeof a) => Math.max(...u.data.map((each, i) => Math.abs(each - v.data[i])))
    expect(far(a, b)).toBeGreaterThan(1e-3)
    expect(far(a, c)).toBeGreaterThan(1e-3)
  })

  test('of whom nothing is told is at a point of zeros and pure noise', () => {
    const [missed] = valuesOf(
      (x, p) => {
        const zeros = seenState(x.mul(0), p.mul(0).add(1))
        const told = mapOf(config, point, flat(), { state: zeros }).velocity(x, p, p)
        return told.sub(mapOf(config, point, flat()).velocity(x, p, p))
      },
      points,
      times,
    )
    expect(largest(missed)).toBe(0)
  })

  test('has gradients by its parameters and by the noisy point that are those of differences', () => {
    const sum = (parameters: Tensor, x: Tensor, p: Tensor) => {
      const { velocity } = mapOf(config, point, parameters, { state: seenState(x, p) })
      return drawnVelocity((y, p, q) => velocity(y, p, q), x.sin(), p, 2)
        .square()
        .sum()
    }
    const graph = trace(
      ([parameters, x, p]: Tensor[]) => {
        const [byParameters, byPoint] = grad(([a, b]: Tensor[]) => sum(a, b, p))([parameters, x])
        return [sum(parameters, x, p), byParameters, byPoint]
      },
      [spec([parameters.length], 'float64'), spec([2, 2], 'float64'), spec([2, 1], 'float64')],
    )
    const at = (parameters: Float64Array, x: ArrayLike<number>) =>
      evaluate(graph, [
        { shape: [parameters.length], data: parameters },
        { shape: [2, 2], data: Float64Array.from(x) },
        times,
      ])
    const [, byParameters, byPoint] = at(parameters, points.data)
    const source = random(1, 'direction')
    const h = 1e-5
    const direction = Float64Array.from(parameters, () => source.normal())
    const moved = (by: number) => parameters.map((a, i) => a + by * direction[i])
    const slope = (at(moved(h), points.data)[0].data[0] - at(moved(-h), points.data)[0].data[0]) / (2 * h)
    const expected = direction.reduce((sum, d, i) => sum + d * byParameters.data[i], 0)
    expect(Math.abs(slope / expected - 1)).toBeLessThan(1e-6)
    const shifted = (by: number) => Float64Array.from(points.data, a => a + by)
    const along = (at(parameters, shifted(h))[0].data[0] - at(parameters, shifted(-h))[0].data[0]) / (2 * h)
    expect(Math.abs(along / byPoint.data.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-6)
  })
})

describe('a transformer with a backbone', () => {
  const picture: PointSpec = { shape: [8, 8, 1], condition: { kind: 'state', size: 64 } }
  const small = { kind: 'dit', width: 16, depth: 4, heads: 2, patch: 4, frequencies: 4 } as const
  const configWith = (backbone: number) =>
    resolveConfig({ objective: 'tmd-head', network: { ...small, backbone } })

  /** Parameters without zeros, which would hide what a block sees. */
  const parametersOf = (backbone: number) => {
    const source = random(5, 'transformer')
    return Float64Array.from(
      { length: parameterCount(configWith(backbone), picture) },
      () => 0.2 * source.normal(),
    )
  }
  const flat = (backbone: number) => {
    const values = parametersOf(backbone)
    return constant(values, [values.length], 'float64')
  }
  const drawPicture = (seed: number) => {
    const source = random(seed, 'picture')
    return value(
      Array.from({ length: 128 }, () => source.normal()),
      [2, 8, 8, 1],
    )
  }
  const times = value([0.8, 0.3], [2, 1, 1, 1])

  test.each([1, 3])('of 4 blocks, %i of them backbone, asks the others alone again', backbone => {
    const count = (inner: number) =>
      products(
        trace(
          ([x, s, noise]: Tensor[]) => {
            const { velocity } = mapOf(configWith(backbone), picture, flat(backbone), {
              state: seenState(x, s),
            })
            return drawnVelocity((y, p, q) => velocity(y, p, q), noise, s, inner)
          },
          [spec([2, 8, 8, 1], 'float64'), spec([2, 1, 1, 1], 'float64'), spec([2, 8, 8, 1], 'float64')],
        ) as Graph,
      )
    const perJump = count(2) - count(1)
    expect(count(4)).toBe(count(1) + 3 * perJump)
    const whole = count(1)
    // Each block has as many products; what is not of a block is some for the points, times and last layer.
    const perBlock = (count(1) - perJump - 3) / backbone
    expect(Number.isInteger(perBlock)).toBe(true)
    expect(whole - perJump).toBe(3 + backbone * perBlock)
  })

  test('sees the noisy point, its time, the point and both times of the map', () => {
    const seen = valuesOf(
      (x, y, p) => {
        const at = (dx: number, ds: number, dy: number, dp: number, dq: number) =>
          mapOf(configWith(2), picture, flat(2), {
            state: seenState(x.add(dx), p.mul(0).add(0.9 + ds)),
          }).velocity(y.add(dy), p.add(dp), p.mul(0.5).add(dq))
        return [at(0, 0, 0, 0, 0), at(0.3, 0, 0, 0, 0), at(0, 0.1, 0, 0, 0), at(0, 0, 0.3, 0, 0)].concat([
          at(0, 0, 0, 0.1, 0),
          at(0, 0, 0, 0, 0.1),
        ])
      },
      drawPicture(1),
      drawPicture(2),
      times,
    )
    const far = (v: (typeof seen)[0]) =>
      Math.max(...v.data.map((each, i) => Math.abs(each - seen[0].data[i])))
    for (const other of seen.slice(1)) expect(far(other)).toBeGreaterThan(1e-3)
  })

  test('of whom nothing is told is at zeros and pure noise', () => {
    const [missed] = valuesOf(
      (x, p) => {
        const zeros = seenState(x.mul(0), p.mul(0).add(1))
        const told = mapOf(configWith(2), picture, flat(2), { state: zeros }).velocity(x, p, p)
        return told.sub(mapOf(configWith(2), picture, flat(2)).velocity(x, p, p))
      },
      drawPicture(3),
      times,
    )
    expect(largest(missed)).toBeLessThan(1e-12)
  })
})
