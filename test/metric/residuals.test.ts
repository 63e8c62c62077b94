import { describe, expect, test } from 'vitest'
import { concat, evaluate, type Tensor } from '../../src/autodiff/index.ts'
import { type Compile, measureResiduals } from '../../src/metric/residuals.ts'
import { type FlowMap, fromVelocity, gaussianFlowMap, interpolants } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { compile } from '../../src/runtime/node.ts'

/** The float64 evaluator in the place of the runtime. */
const evaluator: Compile = async graph => ({
  run: async inputs =>
    evaluate(
      graph,
      inputs.map((data, i) => ({ shape: graph.inputs[i].shape, data: Float64Array.from(data) })),
    ).map(({ data }) => data),
  close: async () => {},
})

const MEAN = [0.8, -1.3]
const SIGMA = 0.5
const exact = gaussianFlowMap(MEAN, SIGMA)

function normals(name: string, count = 200): Float64Array {
  const source = random(3, name)
  return Float64Array.from({ length: 2 * count }, () => source.normal())
}

const data = normals('data').map((value, i) => MEAN[i % 2] + SIGMA * value)
const options = {
  dimension: 2,
  interpolant: interpolants.linear,
  data,
  noise: normals('noise'),
  compile: evaluator,
}

test('all three vanish on the exact map of a Gaussian, below the diagonal only', async () => {
  const residuals = await measureResiduals(exact, options)
  for (const { s, t, values, mean } of [residuals.semigroup, residuals.lagrangian, residuals.eulerian]) {
    expect(s).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map(n => n / 8))
    expect(t).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map(n => n / 8))
    s.forEach((from, i) => {
      t.forEach((to, j) => {
        if (to < from) expect(values[i][j]).toBeLessThan(1e-12)
        else expect(values[i][j]).toBeNull()
      })
    })
    expect(mean).toBeLessThan(1e-12)
  }
})

/** The exact flow of another field in part: `V + c (s - t)`, whose residuals are known in closed form. */
const bent = (c: number): FlowMap => fromVelocity((x, s, t) => exact.velocity(x, s, t).add(s.sub(t).mul(c)))

test('a map that is wrong by a known term has the residuals of that term', async () => {
  // F = F* - c (s - t)^2 in both coordinates, and V(x, t, t) stays exact.
  const c = 0.3
  const length = Math.SQRT2 * c
  const { semigroup, lagrangian, eulerian } = await measureResiduals(bent(c), options)
  // d_s F + d_x F v = -2 c (s - t), at every point.
  const [s, t] = [0.75, 0.25]
  expect(eulerian.values[5][2]).toBeCloseTo(2 * length * (s - t), 12)
  // d_t F - v(F) = 2 c (s - t) + slope(t) c (s - t)^2, where v = -mu + slope (x - (1 - t) mu).
  const slope = (t - (1 - t) * SIGMA ** 2) / ((1 - t) ** 2 * SIGMA ** 2 + t ** 2)
  expect(lagrangian.values[5][2]).toBeCloseTo(
    Math.abs(2 * length * (s - t) + slope * length * (s - t) ** 2),
    12,
  )
  // F(F(x, s, m), m, t) = F* - k(t)/k(m) c (s - m)^2 - c (m - t)^2.
  const k = (time: number) => Math.hypot((1 - time) * SIGMA, time)
  const gaps = [0.25, 0.5, 0.75].map(part => {
    const m = t + part * (s - t)
    return (k(t) / k(m)) * length * (s - m) ** 2 + length * (m - t) ** 2 - length * (s - t) ** 2
  })
  const root = Math.sqrt(gaps.reduce((sum, gap) => sum + gap * gap, 0) / 3)
  expect(semigroup.values[5][2]).toBeCloseTo(root, 12)
})

test('the mean is over the triangle', async () => {
  const { eulerian } = await measureResiduals(bent(1), { ...options, levels: 2 })
  // Pairs (1/2, 0), (1, 0), (1, 1/2): 2 sqrt(2) (s - t) each.
  expect(eulerian.mean).toBeCloseTo((2 * Math.SQRT2 * (0.5 + 1 + 0.5)) / 3, 12)
})

test('the runtime gives what the evaluator gives', async () => {
  const wave = fromVelocity((x: Tensor, s: Tensor, t: Tensor) =>
    exact.velocity(x, s, t).add(x.sin().mul(0.05)),
  )
  const some = { ...options, levels: 2 }
  const [ours, theirs] = [
    await measureResiduals(wave, some),
    await measureResiduals(wave, { ...some, compile: compile as Compile }),
  ]
  for (const name of ['semigroup', 'lagrangian', 'eulerian'] as const) {
    expect(ours[name].mean).toBeGreaterThan(0.001)
    expect(theirs[name].mean).toBeCloseTo(ours[name].mean!, 12)
  }
})

test('what is not finite is null', async () => {
  const broken = fromVelocity((x, s, t) => exact.velocity(x, s, t).div(t))
  const { semigroup } = await measureResiduals(broken, { ...options, levels: 2 })
  expect(semigroup.values[1][0]).toBeNull()
  expect(semigroup.values[1][1]).not.toBeNull()
  expect(semigroup.mean).toBeNull()
})

test('refuses data and noise of different counts', async () => {
  await expect(measureResiduals(exact, { ...options, noise: new Float64Array(2) })).rejects.toThrow(
    'expected as many points of data and of noise',
  )
})

test('the standard error of the mean is its spread over draws of the points', async () => {
  const wave = fromVelocity((x: Tensor, s: Tensor, t: Tensor) =>
    exact.velocity(x, s, t).add(x.sin().mul(0.1)),
  )
  const found = []
  for (let k = 0; k < 40; k++) {
    const draw = { data: normals(`data ${k}`, 50), noise: normals(`noise ${k}`, 50) }
    found.push((await measureResiduals(wave, { ...options, ...draw, levels: 2 })).eulerian)
  }
  const mean = found.reduce((sum, residual) => sum + residual.mean! / found.length, 0)
  const spread = Math.sqrt(found.reduce((sum, residual) => sum + (residual.mean! - mean) ** 2, 0) / 39)
  const deviation = found.reduce((sum, residual) => sum + residual.deviation! / found.length, 0)
  expect(deviation / spread).toBeGreaterThan(0.75)
  expect(deviation / spread).toBeLessThan(1.35)
  // Of a residual that is the same at every point there is no doubt.
  expect((await measureResiduals(bent(1), { ...options, levels: 2 })).eulerian.deviation).toBeLessThan(1e-9)
})

describe('in a curved space', () => {
  /** The turn about the third axis by `angle` for each unit of time, and a velocity that says it is `said` times as fast. */
  const turn = (said: number): FlowMap => {
    const about = (x: Tensor, angle: Tensor): Tensor => {
      const [a, b, c] = [0, 1, 2].map(k => x.slice(-1, k, k + 1))
      const [cos, sin] = [angle.cos(), angle.sin()]
      return concat([cos.mul(a).sub(sin.mul(b)), sin.mul(a).add(cos.mul(b)), c], -1)
    }
    return {
      jump: (x, s, t) => about(x, t.sub(s)),
      velocity: x => {
        const [a, b] = [0, 1].map(k => x.slice(-1, k, k + 1))
        return concat([b.neg(), a, a.mul(0)], -1).mul(said)
      },
    }
  }
  // Two places of the equator, so that every point of the geodesic between them is on it, as no point of the chord is.
  const one = { ...options, dimension: 3, data: [1, 0, 0], noise: [0, 1, 0], space: 'sphere' }

  test('a flow along the sphere has none, and one whose velocity is twice as fast that speed', async () => {
    const exact = await measureResiduals(turn(1), one)
    for (const { mean } of Object.values(exact)) expect(mean).toBeLessThan(1e-12)
    const { lagrangian, eulerian } = await measureResiduals(turn(2), one)
    for (const { values } of [lagrangian, eulerian]) {
      values.forEach((row, i) => {
        for (const value of row.slice(0, i + 1)) expect(value).toBeCloseTo(1, 9)
      })
    }
  })

  test('lengths are of the metric: of a rotation the angle', async () => {
    // Identity and a quarter turn; the map stays, its velocity turns once around the third axis: |R hat(w)| = |w|.
    const still: FlowMap = {
      jump: x => x,
      velocity: x => {
        const [a, b] = [0, 1].map(k => [0, 3, 6].map(row => x.slice(-1, row + k, row + k + 1)))
        return concat(
          a.flatMap((_, row) => [b[row], a[row].neg(), a[row].mul(0)]),
          -1,
        )
      },
    }
    const data = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    const noise = [0, -1, 0, 1, 0, 0, 0, 0, 1]
    const { lagrangian } = await measureResiduals(still, {
      ...options,
      ...{ dimension: 9, data, noise, space: 'rotations' },
    })
    expect(lagrangian.mean).toBeCloseTo(1, 9)
  })
})
