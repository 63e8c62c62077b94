import { describe, expect, test } from 'vitest'
import { spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import {
  baseDeviation,
  coefficientsAt,
  flowMap,
  fromVelocity,
  type InterpolantName,
  interpolants,
  parameterizations,
  pathOf,
  ratioAt,
  timeOfRatio,
} from '../../src/model/index.ts'
import { numberOf, value, valuesOf } from '../autodiff/values.ts'

const network = (x: Tensor, s: Tensor, t: Tensor) => x.mul(s.add(2)).add(t.square()).sin()

describe('a flow map over a network', () => {
  test.each(['average-velocity', 'denoised'] as const)('%s: the jump moves by (t - s) V', name => {
    const map = flowMap(network, { parameterization: name })
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
    const found = numberOf(
      (x, s, t) => flowMap(network, { parameterization: 'denoised' }).jump(x, s, t),
      0.7,
      0.8,
      0,
    )
    expect(found).toBeCloseTo(Math.sin(0.7 * 2.8), 14)
  })

  test('without a target time the velocity is the one on the diagonal', () => {
    for (const name of Object.keys(parameterizations) as (keyof typeof parameterizations)[]) {
      // Of a mixture or of symbols in place of a number: objective/policy.test.ts, objective/categorical.test.ts.
      if (name === 'policy' || name === 'simplex') continue
      const map = flowMap(network, { parameterization: name })
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
  /** `d/dt sqrt(1 - a^2)` */
  const rootRate = (a: number, b: number, da: number) => (b <= 1e-6 ? 0 : (-a * da) / b)
  const vpAlpha = (t: number) => Math.exp((-19.9 / 4) * t * t - 0.05 * t)
  const vpRate = (t: number) => vpAlpha(t) * (-9.95 * t - 0.05)
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
      const [a, da] = [vpAlpha(t), vpRate(t)]
      const b = Math.max(1e-6, Math.sqrt(1 - a * a))
      return [a, b, da, rootRate(a, b, da)]
    },
    'sub-vp': t => {
      const [a, da] = [vpAlpha(t), vpRate(t)]
      return [a, 1 - a * a, da, -2 * a * da]
    },
    ve: t => {
      const b = 0.002 * 40_000 ** t
      return [1, b, 0, b * Math.log(40_000)]
    },
    cosine: t => {
      const k = Math.PI / 2 / 1.008
      const a = Math.cos(k * (t + 0.008)) / Math.cos(0.008 * k)
      const da = (-k * Math.sin(k * (t + 0.008))) / Math.cos(0.008 * k)
      const b = Math.max(1e-6, Math.sqrt(1 - a * a))
      return [a, b, da, rootRate(a, b, da)]
    },
    // Its times here lie midway between two steps, where the logarithm is linear.
    'ddpm-linear': t => {
      const beta = (k: number) => 1e-4 + ((0.02 - 1e-4) * (k - 1)) / 999
      const whole = Math.floor(1000 * t)
      let log = 0
      for (let k = 1; k <= whole; k++) log += Math.log(1 - beta(k))
      const slope = whole < 1000 ? Math.log(1 - beta(whole + 1)) : 0
      const a = Math.exp((log + (1000 * t - whole) * slope) / 2)
      const b = Math.max(1e-6, Math.sqrt(1 - a * a))
      const da = a * 500 * slope
      return [a, b, da, rootRate(a, b, da)]
    },
    edm: t => {
      const [low, high] = [0.002 ** (1 / 7), 80 ** (1 / 7)]
      const root = low + t * (high - low)
      return [1, root ** 7, 0, 7 * root ** 6 * (high - low)]
    },
  }

  test.each(Object.keys(expected) as InterpolantName[])('%s: point and conditional velocity', name => {
    const times = name === 'ddpm-linear' ? [0.0005, 0.3005, 0.8005, 0.9995] : [0, 0.3, 0.8, 1]
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
      const [point, rate] = [a * x0.data[i] + b * eps.data[i], da * x0.data[i] + db * eps.data[i]]
      // Numbers of the size of the noise, and those that 1 - alpha^2 leaves of few digits.
      expect(Math.abs(x - point) / Math.max(1, b)).toBeLessThan(name === 'cosine' ? 1e-12 : 3e-14)
      expect(Math.abs(velocity.data[i] - rate) / Math.max(1, Math.abs(db))).toBeLessThan(3e-12)
    })
  })

  test.each(Object.keys(expected) as InterpolantName[])('%s: the time of a ratio, and back', name => {
    const path = interpolants[name]
    for (const t of [0.05, 0.3, 0.7, 0.95]) {
      const r = ratioAt(path, t)
      expect(timeOfRatio(path, r)).toBeCloseTo(t, 10)
      expect(timeOfRatio({ alpha: path.alpha, sigma: path.sigma }, r)).toBeCloseTo(t, 9)
    }
    expect(timeOfRatio(path, Infinity)).toBe(1)
    expect(timeOfRatio(path, 0)).toBeLessThan(1e-9)
    expect(timeOfRatio(path, 0)).toBeGreaterThan(-1e-9)
  })

  test('the discrete path has one slope where two of its steps meet', () => {
    const path = interpolants['ddpm-linear']
    for (const k of [1, 250, 500, 999]) {
      const [at, after] = [k / 1000, k / 1000 + 1e-6].map(t => coefficientsAt(path, t))
      expect(at.alphaRate / after.alphaRate).toBeCloseTo(1, 2)
      expect(at.sigmaRate / after.sigmaRate).toBeCloseTo(1, 2)
    }
    const [end, before] = [1, 1 - 1e-6].map(t => coefficientsAt(path, t))
    expect(end.alphaRate / before.alphaRate).toBeCloseTo(1, 2)
  })

  test('the noise that a path ends at has its own deviation', () => {
    expect(['linear', 've', 'edm', 'cosine'].map(name => baseDeviation(interpolants[name as 've']))).toEqual([
      1,
      expect.closeTo(80, 10),
      expect.closeTo(80, 10),
      expect.closeTo(1, 14),
    ])
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
