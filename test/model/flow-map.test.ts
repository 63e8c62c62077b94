import { describe, expect, test } from 'vitest'
import { spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import {
  flowMap,
  fromVelocity,
  type InterpolantName,
  interpolants,
  parameterizations,
  pathOf,
} from '../../src/model/index.ts'
import { numberOf, value, valuesOf } from '../autodiff/values.ts'

const network = (x: Tensor, s: Tensor, t: Tensor) => x.mul(s.add(2)).add(t.square()).sin()

describe('a flow map over a network', () => {
  test.each(['average-velocity', 'denoised'] as const)('%s: the jump moves by (t - s) V', name => {
    const map = flowMap(network, name)
    const [jump, moved] = valuesOf(
      (x, s, t) => [map.jump(x, s, t), x.add(t.sub(s).mul(map.velocity(x, s, t)))],
      value([0.3, -1, 2, 0.5], [2, 2]),
      value([0.9, 0.4], [2, 1]),
      value([0.2, 0.1], [2, 1]),
    )
    expect([...jump.data]).toEqual([...moved.data])
    expect(numberOf((x, s) => map.jump(x, s, s), 0.7, 0.3)).toBe(0.7)
  })

  test('average-velocity is the network itself', () => {
    expect(numberOf((x, s, t) => flowMap(network).velocity(x, s, t), 0.7, 0.8, 0.3)).toBe(
      Math.sin(0.7 * 2.8 + 0.09),
    )
  })

  test('denoised: the jump to time 0 is the network', () => {
    const found = numberOf((x, s, t) => flowMap(network, 'denoised').jump(x, s, t), 0.7, 0.8, 0)
    expect(found).toBeCloseTo(Math.sin(0.7 * 2.8), 14)
  })

  test('without a target time the velocity is the one on the diagonal', () => {
    for (const name of Object.keys(parameterizations) as (keyof typeof parameterizations)[]) {
      const map = flowMap(network, name)
      expect(numberOf((x, s) => map.velocity(x, s), 0.7, 0.8)).toBe(
        numberOf((x, s) => map.velocity(x, s, s), 0.7, 0.8),
      )
    }
  })

  test('uses the velocity that it is given', () => {
    const map = fromVelocity((x, s, t) => x.mul(s).sub(t))
    expect(numberOf((x, s, t) => map.jump(x, s, t), 2, 0.5, 0.25)).toBe(2 - 0.25 * (2 * 0.5 - 0.25))
  })
})

describe('interpolants', () => {
  const half = Math.PI / 2
  const expected: Record<InterpolantName, (t: number) => [a: number, b: number, da: number, db: number]> = {
    linear: t => [1 - t, t, -1, 1],
    trig: t => [
      Math.cos(half * t),
      Math.sin(half * t),
      -half * Math.sin(half * t),
      half * Math.cos(half * t),
    ],
    // Its variance is kept above 1e-12, where it no longer changes: at the data alone.
    vp: t => {
      const a = Math.exp((-19.9 / 4) * t * t - 0.05 * t)
      const b = Math.max(1e-6, Math.sqrt(1 - a * a))
      const da = a * (-9.95 * t - 0.05)
      return [a, b, da, t === 0 ? 0 : (-a * da) / b]
    },
  }

  test.each(Object.keys(interpolants) as InterpolantName[])('%s: point and conditional velocity', name => {
    const times = [0, 0.3, 0.8, 1]
    const [x0, eps] = [value([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]), value([-1, 0, 2, 1, 0.5, 3, -2, 1], [4, 2])]
    const [at, velocity] = valuesOf(
      (x0, eps, t) => {
        const path = pathOf(interpolants[name], x0, eps)
        return [path.at(t), path.velocity(t)]
      },
      x0,
      eps,
      value(times, [4, 1]),
    )
    expect(velocity.shape).toEqual([4, 2])
    at.data.forEach((x, i) => {
      const [a, b, da, db] = expected[name](times[i >> 1])
      expect(x).toBeCloseTo(a * x0.data[i] + b * eps.data[i], 14)
      expect(velocity.data[i]).toBeCloseTo(da * x0.data[i] + db * eps.data[i], 14)
    })
  })

  test('trig keeps the variance', () => {
    const { alpha, sigma } = interpolants.trig
    expect(numberOf(t => alpha(t).square().add(sigma(t).square()), 0.37)).toBeCloseTo(1, 15)
  })

  test('the same time gives the same node', () => {
    trace(
      ({ x0, eps, s, t }) => {
        const path = pathOf(interpolants.linear, x0, eps)
        expect(path.at(s)).toBe(path.at(s))
        expect(path.at(s)).not.toBe(path.at(t))
        return path.at(s)
      },
      { x0: spec([2]), eps: spec([2]), s: spec([]), t: spec([]) },
    )
  })
})
