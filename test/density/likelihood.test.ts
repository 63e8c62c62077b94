import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../src/autodiff/index.ts'
import { flowLogDensity } from '../../src/density/flow.ts'
import { givenLogDensity } from '../../src/density/given-points.ts'
import { mixtureLogDensity } from '../../src/metric/density.ts'
import {
  fromVelocity,
  gaussianFlowMap,
  interpolants,
  type Mixture,
  mixtureVelocity,
} from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'

const MEAN = [0.8, -1.3]
const SIGMA = 0.5
const gaussian: Mixture = { components: [{ weight: 1, mean: MEAN, scales: [SIGMA, SIGMA] }] }

const [cos, sin] = [Math.cos(0.7), Math.sin(0.7)]
const rotated: Mixture = {
  components: [
    {
      weight: 0.3,
      mean: [1, -1],
      scales: [0.4, 0.9],
      axes: [
        [cos, -sin],
        [sin, cos],
      ],
    },
    { weight: 0.7, mean: [-1, 0.5], scales: [0.7, 0.3] },
  ],
}

const padded = (x: Tensor, before: number, after: number) => x.pad([0, before], [0, after])
const concatColumns = (a: Tensor, b: Tensor): Tensor => padded(a, 0, 1).add(padded(b, 1, 0))

function normals(count: number, name = 'likelihood'): Float64Array {
  const source = random(1, name)
  return Float64Array.from({ length: count }, () => source.normal())
}

const points = normals(60)

function expectClose(found: Float64Array, expected: Float64Array, digits: number): void {
  expect(found).toHaveLength(expected.length)
  found.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], digits)
  })
}

describe('the density of a mixture', () => {
  test('is the product of normal densities', () => {
    const [x, y] = [0.1, -0.7]
    const square = ((x - MEAN[0]) ** 2 + (y - MEAN[1]) ** 2) / SIGMA ** 2
    const expected = -square / 2 - Math.log(2 * Math.PI * SIGMA ** 2)
    expect(mixtureLogDensity(gaussian, [x, y])[0]).toBeCloseTo(expected, 12)
  })

  test('integrates to one, axes and all', () => {
    const step = 0.05
    const grid = Array.from({ length: 240 }, (_, i) => -6 + step * i)
    const density = mixtureLogDensity(
      rotated,
      grid.flatMap(x => grid.flatMap(y => [x, y])),
    )
    expect(density.reduce((sum, log) => sum + Math.exp(log) * step * step, 0)).toBeCloseTo(1, 6)
  })
})

describe('the density of a flow', () => {
  test.each(['linear', 'trig'] as const)('is that of the mixture whose %s velocity it has', async name => {
    for (const mixture of [gaussian, rotated]) {
      const field = mixtureVelocity(mixture, interpolants[name])
      const found = await flowLogDensity(nodeRuntime(), field, points, 2, { tolerance: 1e-8 })
      expectClose(found, mixtureLogDensity(mixture, points), 6)
    }
  })

  test('in five dimensions', async () => {
    const five: Mixture = {
      components: [
        { weight: 0.5, mean: [1, 0, 0, 0.5, -1], scales: [0.5, 1, 0.7, 0.9, 0.6] },
        { weight: 0.5, mean: [-1, 0.3, 0, 0, 0], scales: [0.8, 0.6, 1, 0.5, 1] },
      ],
    }
    const found = await flowLogDensity(nodeRuntime(), mixtureVelocity(five, interpolants.linear), points, 5)
    expectClose(found, mixtureLogDensity(five, points), 4)
  })

  test('a start after 0 is the density of data with that much noise', async () => {
    const start = 0.2
    const found = await flowLogDensity(nodeRuntime(), gaussianFlowMap(MEAN, SIGMA), points, 2, { start })
    const scale = Math.hypot((1 - start) * SIGMA, start)
    const noisy: Mixture = {
      components: [{ weight: 1, mean: MEAN.map(m => (1 - start) * m), scales: [scale, scale] }],
    }
    expectClose(found, mixtureLogDensity(noisy, points), 4)
  })
})

describe('the density of a jump', () => {
  const starts = normals(400, 'starts')

  test('is that of the Gaussian whose exact map it is', async () => {
    const { logDensity, missed, folded } = await givenLogDensity(
      nodeRuntime(),
      gaussianFlowMap(MEAN, SIGMA),
      points,
      2,
      starts,
    )
    expect([missed, folded]).toEqual([0, 0])
    expectClose(logDensity, mixtureLogDensity(gaussian, points), 9)
  })

  /** `F(z, 1, 0) = f(z)`, whatever the flow. */
  const jumping = (f: Parameters<typeof fromVelocity>[0]) => fromVelocity((x, s, t) => x.sub(f(x, s, t)))

  test('follows a bent map whose Jacobian is known', async () => {
    // z + 0.5 tanh(z) in the first coordinate, and 0.3 of its sine more in the second.
    const bend = jumping((x, _s, _t) => {
      const first = x.slice(1, 0, 1)
      const second = x.slice(1, 1, 2)
      const moved = first.add(first.tanh().mul(0.5))
      return concatColumns(moved, second.add(first.sin().mul(0.3)))
    })
    const noise = normals(60, 'noise')
    const image = Float64Array.from(noise, (z, i) =>
      i % 2 === 0 ? z + 0.5 * Math.tanh(z) : z + 0.3 * Math.sin(noise[i - 1]),
    )
    const { logDensity, missed } = await givenLogDensity(nodeRuntime(), bend, image, 2, starts)
    expect(missed).toBe(0)
    logDensity.forEach((value, i) => {
      const [a, b] = [noise[2 * i], noise[2 * i + 1]]
      const slope = 1 + 0.5 / Math.cosh(a) ** 2
      expect(value).toBeCloseTo(-(a * a + b * b) / 2 - Math.log(2 * Math.PI) - Math.log(slope), 8)
    })
  })

  test('counts points that no noise leads to, and where the map is turned over', async () => {
    // The first coordinate is squared: nothing ends below 0, and half of the noise is turned over.
    const fold = jumping(x => concatColumns(x.slice(1, 0, 1).square(), x.slice(1, 1, 2)))
    const below = Float64Array.of(-1, 0, -2, 1)
    const lost = await givenLogDensity(nodeRuntime(), fold, below, 2, starts)
    expect(lost.missed).toBe(1)
    expect([...lost.logDensity].every(Number.isNaN)).toBe(true)
    const mirror = jumping(x => concatColumns(x.slice(1, 0, 1).neg(), x.slice(1, 1, 2)))
    const turned = await givenLogDensity(nodeRuntime(), mirror, points, 2, starts)
    expect([turned.missed, turned.folded]).toEqual([0, 1])
    expectClose(
      turned.logDensity,
      mixtureLogDensity({ components: [{ weight: 1, mean: [0, 0], scales: [1, 1] }] }, points),
      9,
    )
    const flat = jumping(x => concatColumns(x.slice(1, 0, 1), x.slice(1, 0, 1)))
    const squashed = await givenLogDensity(nodeRuntime(), flat, Float64Array.of(0.5, 0.5), 2, starts)
    expect(squashed.missed + squashed.folded).toBe(1)
    expect(squashed.logDensity[0]).toBeNaN()
  })
})
