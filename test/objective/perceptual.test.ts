import { describe, expect, test } from 'vitest'
import { checkGradients, constant, grad, stopGradient, type Tensor } from '../../src/autodiff/index.ts'
import { applyClassifier, cutClassifier, initialClassifier } from '../../src/model/classifier.ts'
import { clippedPath, flat, flowMap, interpolants } from '../../src/model/index.ts'
import {
  type Draw,
  type ErrorFunction,
  perceptual,
  perceptualError,
  squaredError,
} from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { valuesOf } from '../autodiff/values.ts'

const SHAPE = [4, 4, 1] as const
const of = { shape: SHAPE, classes: 3 }
const weights = initialClassifier(of, random(1, 'test'))
const features = (x: Tensor): Tensor =>
  applyClassifier(of, cutClassifier(constant(weights, [weights.length], x.dtype), of), x).features

const source = random(2, 'test')
const pictures = (count: number) => ({
  shape: [count, ...SHAPE],
  data: Float64Array.from({ length: 16 * count }, () => source.normal()),
})
const timesOf = (...values: number[]) => ({
  shape: [values.length, 1, 1, 1],
  data: Float64Array.from(values),
})

/** A draw whose map has some velocity. */
const drawOf = (x0: Tensor, eps: Tensor, s: Tensor, t: Tensor, velocity: (x: Tensor) => Tensor): Draw => {
  const path = flat.path(interpolants.linear, x0, eps)
  return { path, s, t, map: flowMap(velocity) } as Draw
}

const LEAST = 0.05

describe.each<[string, number, ErrorFunction]>([
  ['as trained', 0, perceptualError],
  ['as trained, with a denoised map', LEAST, perceptualError],
  ['as plain squares', LEAST, squaredError],
])('the perceptual distance %s', (_, least, error) => {
  const [x0, eps] = [pictures(4), pictures(4)]
  const s = timesOf(0.3, least > 0 ? 0.01 : 0.2, 0.79, 0.6)
  const lossAt = (below: number, moved: number): number[] => {
    const [losses] = valuesOf(
      (a: Tensor, b: Tensor, c: Tensor) =>
        perceptual(
          features,
          below,
          least,
          error,
        )(drawOf(a, b, c, c.mul(0), x => x.sub(a.add(moved)).div(least > 0 ? c.maximum(least) : c))),
      x0,
      eps,
      s,
    )
    return [...losses.data]
  }

  test('is 0 where the denoised point is that of the data', () => {
    for (const loss of lossAt(1, 0)) expect(Math.abs(loss)).toBeLessThan(1e-25)
    for (const loss of lossAt(1, 0.1)) expect(loss).toBeGreaterThan(1e-5)
  })

  test('counts samples below a source time alone', () => {
    const all = lossAt(1, 0.3)
    expect(lossAt(0.6, 0.3)).toEqual([all[0], all[1], 0, 0])
    expect(lossAt(0.8, 0.3)).toEqual(all)
  })
})

/** The loss by the output of the network of a denoised map, at times that reach below the clip. */
const byOutput =
  (least: number, error: ErrorFunction) =>
  (N: Tensor, x0: Tensor, eps: Tensor, s: Tensor): Tensor => {
    const draw = drawOf(x0, eps, s, s.mul(0.5), x => x)
    const map = flowMap(() => N, { parameterization: 'denoised', least: LEAST })
    return perceptual(features, 0.8, least, error)({ ...draw, map })
  }

describe('under a denoised map', () => {
  const [N, x0, eps] = [pictures(3), pictures(3), pictures(3)]
  const s = timesOf(0.01, 0.04, 0.5)

  test('what is compared is the output of the network, also below the time that divides', () => {
    const expected = valuesOf((a, b) => squaredError(features(a), features(b)), N, x0)[0].data
    const [found] = valuesOf(byOutput(LEAST, squaredError), N, x0, eps, s)
    found.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 12)
    })
    // The trap: x - s V of the published code, which is another point there.
    const [trap] = valuesOf(byOutput(0, squaredError), N, x0, eps, s)
    expect(Math.abs(trap.data[0] - expected[0])).toBeGreaterThan(1e-2 * expected[0])
    expect(Math.abs(trap.data[1] - expected[1])).toBeGreaterThan(1e-2 * expected[1])
    expect(trap.data[2]).toBeCloseTo(expected[2], 12)
  })

  test('its gradient through the network for features is that of differences', () => {
    const [b, c, d] = [x0, eps, s].map(({ data, shape }) => constant(data, shape, 'float64'))
    checkGradients(a => byOutput(LEAST, squaredError)(a, b, c, d), [N], { order: 1 })
  })

  test('is weighed by itself, and that weight has no gradient', () => {
    const gradientOf = (error: ErrorFunction, change = (x: Tensor) => x) =>
      valuesOf(
        (a, b, c, d) => grad((x: Tensor) => change(byOutput(LEAST, error)(x, b, c, d)).sum())(a) as Tensor,
        N,
        x0,
        eps,
        s,
      )[0].data
    const sums: ErrorFunction = (a, b) => flat.squared(a.sub(b), 'sum')
    const found = gradientOf(perceptualError)
    const expected = gradientOf(sums, loss => loss.div(stopGradient(loss).add(0.01)))
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 12)
    })
    expect(Math.max(...found.map(Math.abs))).toBeGreaterThan(1e-3)
  })
})

test('a target that is clipped as the parameterization is has the data as its denoised point', () => {
  const [x0, eps] = [pictures(2), pictures(2)]
  const [losses] = valuesOf(
    (a, b, s) => {
      const path = clippedPath(flat.path(interpolants.linear, a, b), LEAST)
      const map = flowMap(() => path.velocity(s))
      return perceptual(features, 1, LEAST, squaredError)({ path, s, t: s, map } as Draw)
    },
    x0,
    eps,
    timesOf(0.01, 0.7),
  )
  for (const loss of losses.data) expect(Math.abs(loss)).toBeLessThan(1e-25)
})
