import { describe, expect, test } from 'vitest'
import { grad, stopGradient, type Tensor } from '../../../src/autodiff/index.ts'
import { type FlowMap, flat, fromJump, interpolants, pathOf } from '../../../src/model/index.ts'
import { comparing, type Draw, type Loss, squaredError } from '../../../src/objective/index.ts'
import { imm, immWeight, kernelDistance } from '../../../src/objective/matching/imm.ts'
import { number, numberOf, value, valuesOf } from '../../autodiff/values.ts'
import { hermite, normalBelow, quantiles } from './nodes.ts'

/** Data `N(MEAN, DEVIATION^2)` on the line, and its exact map. */
const [MEAN, DEVIATION] = [0.7, 0.5]
const spread = (t: number) => Math.hypot((1 - t) * DEVIATION, t)
const centre = (t: number) => (1 - t) * MEAN
const spreadOf = (t: Tensor): Tensor => t.neg().add(1).mul(DEVIATION).square().add(t.square()).sqrt()
const centreOf = (t: Tensor): Tensor => t.neg().add(1).mul(MEAN)
const exactly = (x: Tensor, s: Tensor, t: Tensor): Tensor =>
  centreOf(t).add(x.sub(centreOf(s)).mul(spreadOf(t)).div(spreadOf(s)))

const [S, M, T] = [0.8, 0.6, 0.3]
const WIDTH = 2 * (S - T)
const options = { kernel: 'gaussian', sigmaData: 2, a: 1, b: 5 } as const

/** `E exp(-u^2/(2 h^2))`, `u ~ N(m, q^2)`. */
const gaussianMean = (m: number, q: number, h: number): number =>
  (h / Math.sqrt(q * q + h * h)) * Math.exp((-m * m) / (2 * (q * q + h * h)))

/** `E exp(-a|u|)`, `u ~ N(m, q^2)`. */
const laplaceMean = (m: number, q: number, a: number): number =>
  Math.exp((a * q) ** 2 / 2) *
  (Math.exp(-a * m) * normalBelow(m / q - a * q) + Math.exp(a * m) * normalBelow(-m / q - a * q))

/** Pairs of samples whose data and noise are nodes of a rule: groups of two, each with a weight. */
const pairs = (() => {
  const { nodes, weights } = hermite(10)
  const points = nodes.flatMap((x, i) => nodes.map((e, j) => ({ x, e, w: weights[i] * weights[j] })))
  return points.flatMap(p => points.map(q => ({ first: p, second: q, w: p.w * q.w })))
})()
const x0 = pairs.flatMap(({ first, second }) => [first, second].map(({ x }) => MEAN + DEVIATION * x))
const eps = pairs.flatMap(({ first, second }) => [first, second].map(({ e }) => e))
const column = (values: readonly number[]) => value(values, [values.length, 1])
const all = (time: number) => column(x0.map(() => time))

/** What a draw of such points is for a loss: only what `imm` reads. */
const drawOf = (map: FlowMap, points: readonly Tensor[], group = 2): Draw => {
  const [x0, eps, s, t, m] = points
  const none = undefined as never
  return {
    ...{ target: none, frozen: none, teacher: none, pretrained: none, auxiliary: none, noise: none, r: none },
    ...{ map, path: pathOf(interpolants.linear, x0, eps), s, t, m, group },
    ...comparing(flat, squaredError),
  }
}

/** The expectation of a loss over all pairs, for the map `(1 + a (s - 1/2)) F + b s`, and its gradient by `a` and `b`. */
function expected(loss: Loss, [scale, shift]: readonly [number, number], change = (draw: Draw) => draw) {
  const of = (scale: Tensor, shift: Tensor, points: readonly Tensor[]): Tensor => {
    const map = fromJump((x, s, t) => exactly(x, s, t).mul(s.sub(0.5).mul(scale).add(1)).add(s.mul(shift)))
    const shares = loss(change(drawOf(map, points)))
    return shares.reshape([pairs.length, 2]).mean(-1).mul(points[5]).sum()
  }
  const inputs = [column(x0), column(eps), all(S), all(T), all(M), value(pairs.map(({ w }) => w))]
  const [loss0, byScale, byShift] = valuesOf(
    (scale, shift, ...points) => {
      const by = grad((p: readonly Tensor[]) => of(p[0], p[1], points))([scale, shift]) as Tensor[]
      return [of(scale, shift, points), ...by]
    },
    number(scale),
    number(shift),
    ...inputs,
  ).map(({ data }) => data[0])
  return { loss: loss0, gradient: [byScale, byShift] }
}

const W = numberOf(s => immWeight(s, options), S)

test('the weight of a source time', () => {
  const l = 2 * Math.log((1 - S) / S)
  const published =
    (0.5 * (1 / (1 + Math.exp(l - 5))) * (2 / (S * (1 - S))) * (1 - S)) / ((1 - S) ** 2 + S ** 2)
  expect(W).toBeCloseTo(published, 12)
})

describe('the kernels', () => {
  const nodes = quantiles(500)
  /** The squared distance of `N(m, q^2)` and `N(0, 1)` by the middles of their quantiles. */
  const distanceOf = (kernel: 'laplace' | 'gaussian', m: number, q: number): number => {
    const [y, z] = [nodes.map(x => m + q * x), nodes].map(points => value(points, [1, points.length, 1]))
    const [shares] = valuesOf(
      (y, z, width) => kernelDistance(y, z, width, { kernel, diagonal: true }),
      y,
      z,
      value([0.9], [1, 1, 1]),
    )
    return shares.data.reduce((a, b) => a + b, 0) / nodes.length
  }
  const closed = {
    gaussian: (m: number, q: number) => gaussianMean(m, q, 0.9),
    laplace: (m: number, q: number) => laplaceMean(m, q, 1 / 0.9),
  }
  test.each(['gaussian', 'laplace'] as const)('%s: between normal laws the closed form', kernel => {
    const mean = closed[kernel]
    const [m, q] = [0.8, 0.6]
    const exact = mean(0, Math.SQRT2 * q) + mean(0, Math.SQRT2) - 2 * mean(m, Math.hypot(1, q))
    expect(exact).toBeGreaterThan(0.1)
    expect(distanceOf(kernel, m, q)).toBeCloseTo(exact, 3)
    expect(distanceOf(kernel, 0, 1)).toBe(0)
  })

  test('a point has a finite gradient beside itself', () => {
    const y = value([0.3, 0.3, 1], [1, 3, 1])
    const [gradient] = valuesOf(
      y =>
        grad((y: Tensor) =>
          kernelDistance(y, stopGradient(y), y.sum().mul(0).add(1), { diagonal: true }).sum(),
        )(y),
      y,
    )
    expect([...gradient.data].every(Number.isFinite)).toBe(true)
  })
})

describe('at the exact map', () => {
  /** `y - y'` of one sample is normal: both ends go by the same data and noise. */
  const between = (() => {
    const part = (time: number) => spread(T) / spread(time)
    const byData = (1 - S) * part(S) - (1 - M) * part(M)
    const byNoise = S * part(S) - M * part(M)
    return Math.hypot(byData * DEVIATION, byNoise)
  })()

  test('the diagonal leaves (2/M)(1 - E k), without it nothing is left', () => {
    const own = gaussianMean(0, between, WIDTH)
    expect(expected(imm({ ...options, diagonal: true }), [0, 0]).loss / W).toBeCloseTo((2 / 2) * (1 - own), 8)
    const { loss, gradient } = expected(imm({ ...options, diagonal: false }), [0, 0])
    expect(Math.abs(loss)).toBeLessThan(1e-10)
    for (const slope of gradient) expect(Math.abs(slope)).toBeLessThan(1e-10)
  })

  test('the diagonal moves the fixed point', () => {
    const { gradient } = expected(imm({ ...options, diagonal: true }), [0, 0])
    expect(Math.abs(gradient[0])).toBeGreaterThan(1e-4)
  })

  test('and another map is none', () => {
    const { loss, gradient } = expected(imm({ ...options, diagonal: false }), [0.6, 0.4])
    expect(loss).toBeGreaterThan(1e-4)
    for (const slope of gradient) expect(Math.abs(slope)).toBeGreaterThan(1e-2)
  })
})

describe('what the formula must not do', () => {
  const loss = imm({ ...options, diagonal: false })
  const at = [0.6, 0.4] as const
  /** Its gradient with the other end held, by differences of the closed form. */
  const held = (() => {
    const kernel = (m: number, q: number) => gaussianMean(m, q, WIDTH)
    const law = (time: number, a: number, b: number) => {
      const scale = 1 + a * (time - 0.5)
      return { m: scale * centre(T) + b * time, q: scale * spread(T) }
    }
    const known = law(M, ...at)
    const distance = (a: number, b: number): number => {
      const { m, q } = law(S, a, b)
      const cross = kernel(m - known.m, Math.hypot(q, known.q))
      return (W * (kernel(0, Math.SQRT2 * q) + kernel(0, Math.SQRT2 * known.q) - 2 * cross)) / 2
    }
    const h = 1e-5
    return [
      (distance(at[0] + h, at[1]) - distance(at[0] - h, at[1])) / (2 * h),
      (distance(at[0], at[1] + h) - distance(at[0], at[1] - h)) / (2 * h),
    ]
  })()
  const isRight = (found: { loss: number; gradient: readonly number[] }): boolean =>
    found.gradient.every((slope, i) => Math.abs(slope - held[i]) < 1e-6)

  test('it is right where ends of different laws are compared', () => {
    expect(isRight(expected(loss, at))).toBe(true)
  })

  test('a target that is not stopped is found', () => {
    const live: Loss = draw => {
      const { map, path, s, t, m } = draw
      const rows = (x: Tensor) => x.reshape([pairs.length, 2, 1])
      const [y, z] = [rows(map.jump(path.at(s), s, t)), rows(map.jump(path.at(m), m, t))]
      return kernelDistance(y, z, y.slice(1, 0, 1).mul(0).add(WIDTH), { kernel: 'gaussian', diagonal: false })
        .mul(W)
        .reshape([2 * pairs.length])
    }
    expect(isRight(expected(live, at))).toBe(false)
  })

  test('a group that is not one is found', () => {
    expect(isRight(expected(loss, at, draw => ({ ...draw, group: 4 })))).toBe(false)
  })

  test('a middle time that is the source time trains nothing', () => {
    const found = expected(imm({ ...options, diagonal: true }), at, draw => ({ ...draw, m: draw.s }))
    expect(Math.abs(found.loss)).toBeLessThan(1e-12)
  })
})

test('samples of one group do not see those of another', () => {
  const points = [
    column([0.3, -0.2, 1.1, 0.4]),
    column([0.1, 0.9, -0.7, 0.2]),
    column([0.8, 0.8, 0.5, 0.5]),
    column([0.2, 0.2, 0.1, 0.1]),
    column([0.6, 0.6, 0.3, 0.3]),
  ]
  const shares = (group: number, moved: number) =>
    valuesOf(
      (...given) => imm({ ...options, diagonal: true })(drawOf(fromJump(exactly), given, group)),
      column([0.3, -0.2, 1.1 + moved, 0.4]),
      ...points.slice(1),
    )[0].data.slice(0, 2)
  expect(shares(2, 1)).toEqual(shares(2, 0))
  expect(shares(4, 1)).not.toEqual(shares(4, 0))
})
