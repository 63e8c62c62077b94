import { describe, expect, test } from 'vitest'
import { constant, grad, stopGradient, type Tensor, type Value } from '../../src/autodiff/index.ts'
import { glass, glassVelocity } from '../../src/model/glass.ts'
import {
  type FlowMap,
  fromVelocity,
  gaussianFlowMap,
  interpolants,
  type Mixture,
  mixtureVelocity,
  type VelocityField,
} from '../../src/model/index.ts'
import { psdMap } from '../../src/objective/compositional.ts'
import { tiltMatching } from '../../src/objective/diagonal.ts'
import { emd, meanflow } from '../../src/objective/eulerian.ts'
import type { Draw, Loss } from '../../src/objective/index.ts'
import { lmd } from '../../src/objective/lagrangian.ts'
import { adaptedFlow, evidenceBound, noiseLaw } from '../../src/objective/noise-adapter.ts'
import { type RewardConfig, rewardOf } from '../../src/objective/reward.ts'
import { metaFinetuning, posteriorTilt, rewardBackprop } from '../../src/objective/reward-training.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { batch, column, drawOf, inputsOf, largest, type Roles, residuals } from './setting.ts'

const row = (x: readonly number[]) => constant(x, [1, x.length], 'float64')
const square = (t: Tensor) => t.square()
const rest = (t: Tensor) => t.neg().add(1)

const SIGMA = 0.6
const MU = [0.4, -0.7]
/** `(1-t)^2 sigma^2 + t^2` */
const k2 = (t: Tensor, sigma = SIGMA) => square(rest(t).mul(sigma)).add(square(t))
const outer = gaussianFlowMap(MU, SIGMA)

/** Mean and deviation of Gaussian data given a point at a time. */
function given(x: Tensor, tau: Tensor): { mean: Tensor; deviation: Tensor } {
  const gain = rest(tau)
    .mul(SIGMA ** 2)
    .div(k2(tau))
  const mean = row(MU).add(gain.mul(x.sub(rest(tau).mul(row(MU)))))
  return { mean, deviation: tau.mul(SIGMA).div(k2(tau).sqrt()) }
}

/** The exact flow map of Gaussians whose mean and deviation are those of each sample. */
const gaussians = ({ mean, deviation }: ReturnType<typeof given>): FlowMap =>
  fromVelocity((z, s, t) => {
    const variance = square(deviation)
    const k = (t: Tensor) => square(rest(t)).mul(variance).add(square(t)).sqrt()
    const slope = variance
      .add(1)
      .mul(s.add(t))
      .sub(variance.mul(2))
      .div(k(s).mul(k(s).add(k(t))))
    return slope.mul(z.sub(rest(s).mul(mean))).sub(mean)
  })

const posterior = (x: Tensor, s: Tensor) => gaussians(given(x, s))

describe('the glass velocity', () => {
  const two: Mixture = {
    components: [
      { weight: 0.3, mean: [-1.5, 0.5], scales: [0.5, 0.8] },
      { weight: 0.7, mean: [1, -0.5], scales: [0.3, 0.3] },
    ],
  }
  /** The mixture given a point at a time, in plain numbers. */
  function mixtureGiven(x: readonly number[], t: number): Mixture {
    const parts = two.components.map(({ weight, mean, scales }) => {
      const widths = scales.map(scale => (1 - t) ** 2 * scale ** 2 + t ** 2)
      const far = x.map((v, d) => v - (1 - t) * mean[d])
      const log = Math.log(weight) - widths.reduce((sum, w, d) => sum + far[d] ** 2 / w + Math.log(w), 0) / 2
      return {
        log,
        mean: mean.map((m, d) => m + ((1 - t) * scales[d] ** 2 * far[d]) / widths[d]),
        scales: scales.map((scale, d) => (scale * t) / Math.sqrt(widths[d])),
      }
    })
    const most = Math.max(...parts.map(({ log }) => log))
    const total = parts.reduce((sum, { log }) => sum + Math.exp(log - most), 0)
    return {
      components: parts.map(({ log, mean, scales }) => ({
        weight: Math.exp(log - most) / total,
        mean,
        scales,
      })),
    }
  }
  const v = mixtureVelocity(two, interpolants.linear)
  const [x, z] = [
    [0.35, -0.57],
    [-1.1, 0.6],
  ]
  const at = (tau: number, s: number, field = glass) =>
    valuesOf(
      (x, tau, z, s) => field(v, x, tau, z, s),
      value(x, [1, 2]),
      column(tau),
      value(z, [1, 2]),
      column(s),
    )[0].data

  test.each([
    [0.7, 0.55],
    [0.3, 0.9],
    [0.05, 0.02],
    [0.999, 0.5],
    [0.5, 1],
  ])('at tau %d, s %d is that of the mixture given the point', (tau, s) => {
    const inner = mixtureVelocity(mixtureGiven(x, tau), interpolants.linear)
    const [exact] = valuesOf((z, s) => inner.velocity(z, s), value(z, [1, 2]), column(s))
    const scale = largest(exact)
    at(tau, s).forEach((found, d) => {
      expect(Math.abs(found - exact.data[d]) / scale).toBeLessThan(1e-12)
    })
    // With the ratio of signal to noise turned over it is another one.
    const wrong = at(tau, s, (v, x, tau, z, s) => {
      const lam = square(tau.div(rest(tau))).add(square(s.div(rest(s).maximum(1e-9))))
      const t = lam.sqrt().add(1).pow(-1)
      const stat = x
        .mul(rest(tau))
        .div(square(tau))
        .add(z.mul(rest(s)).div(square(s)))
        .div(lam)
      const point = rest(t).mul(stat)
      return z.sub(point.sub(t.mul(v.velocity(point, t)))).div(s)
    })
    expect(Math.abs(wrong[0] - exact.data[0]) / scale).toBeGreaterThan(1e-3)
  })

  test('with no information is the velocity of the data, and with all of it leads to the point', () => {
    for (const s of [0.2, 0.9]) {
      const [plain] = valuesOf((z, s) => v.velocity(z, s), value(z, [1, 2]), column(s))
      at(1, s).forEach((found, d) => {
        expect(found).toBeCloseTo(plain.data[d], 12)
      })
      at(0, s).forEach((found, d) => {
        expect(found).toBeCloseTo((z[d] - x[d]) / s, 12)
      })
    }
    for (const corner of [
      [1, 1],
      [0, 0],
      [1, 0],
      [1e-7, 1e-7],
    ])
      expect(at(corner[0], corner[1]).every(Number.isFinite), String(corner)).toBe(true)
  })

  test('lets no gradient pass', () => {
    const slope = (field: (z: Tensor, s: Tensor) => Tensor) =>
      largest(valuesOf((z, s) => grad((z: Tensor) => field(z, s).sum())(z), batch.x0, batch.s)[0])
    const tau = 0.4
    const stopped = (z: Tensor, s: Tensor) => glassVelocity(v, z, s.mul(0).add(tau)).velocity(z, s)
    expect(slope(stopped)).toBe(0)
    expect(slope((z, s) => glass(v, z, s.mul(0).add(tau), z, s))).toBeGreaterThan(0.1)
  })
})

describe('a stochastic map of Gaussian data: the flow map of the data given each point', () => {
  const tau = column(0.3, 0.55, 0.7, 0.9, 0.15)
  /** `x_tau` is made from the batch's data and its own noise. */
  const roles = (
    map: (xTau: Tensor, tau: Tensor) => FlowMap,
    teacher: (xTau: Tensor, tau: Tensor) => VelocityField = (x, tau) => glassVelocity(outer, x, tau),
  ): Roles => {
    const told = <M>(make: (xTau: Tensor, tau: Tensor) => M): M => {
      const times = constant(tau.data, tau.shape, 'float64')
      const [x0, e2] = [batch.x0, batch.noise].map(({ data, shape }) => constant(data, shape, 'float64'))
      return make(x0.add(times.mul(e2.sub(x0))), times)
    }
    return { map: told(map), teacher: told(teacher) }
  }
  const lossOf: Readonly<Record<string, Loss>> = { psd: psdMap, lmd, emd }
  // Constants belong to a graph: roles are made while it is traced.
  const miss = (loss: Loss, ...make: Parameters<typeof roles>): number => {
    const traced: Loss = draw => {
      const { map, teacher } = roles(...make)
      return loss({ ...draw, map, target: map, teacher: teacher! })
    }
    return largest(residuals(traced, { map: outer })[0])
  }

  test.each(Object.entries(lossOf))('leaves no residual of %s', (_, loss) => {
    expect(miss(loss, posterior)).toBeLessThan(1e-12)
  })

  test.each(Object.entries(lossOf))('and %s sees what is wrong', (id, loss) => {
    // The condition goes along with the point that it was told of.
    const moving = (_: Tensor, tau: Tensor): FlowMap =>
      fromVelocity((z, s, t) => posterior(z, tau).velocity(z, s, t))
    expect(miss(loss, moving)).toBeGreaterThan(1e-2)
    // The velocity of all data in place of that of the inner path.
    if (id !== 'psd') expect(miss(loss, posterior, () => outer)).toBeGreaterThan(1e-2)
  })
})

describe('Gaussian data tilted by a linear reward', () => {
  const b = [0.8, -0.3]
  const BETA = 0.9
  const config: RewardConfig = { kind: 'linear', b, offset: 0.2 }
  const reward = rewardOf(config)
  const tilted = gaussianFlowMap(
    MU.map((mu, d) => mu + BETA * SIGMA ** 2 * b[d]),
    SIGMA,
  )
  const inside = { ...batch, s: column(0.99, 0.95, 0.8, 0.6, 0.5) }
  const withPosterior =
    (loss: Loss, posteriorOf = posterior): Loss =>
    draw =>
      loss({ ...draw, posterior: posteriorOf })

  test('mfm-ft leaves no residual of any sample', () => {
    const loss = withPosterior(metaFinetuning(BETA, reward))
    expect(largest(residuals(loss, { map: tilted, teacher: outer }, inside)[0])).toBeLessThan(1e-12)
    expect(largest(residuals(loss, { map: outer, teacher: outer }, inside)[0])).toBeGreaterThan(0.05)
  })

  test('mfm-ft sees a gradient of the other sign, and one that does not pass the condition', () => {
    const against: Loss = draw => {
      const { posterior } = draw
      // G(2 x0 - x) has the opposite gradient at x0, and the same value.
      return metaFinetuning(
        BETA,
        reward,
      )({ ...draw, posterior: (x, s) => posterior!(stopGradient(x).mul(2).sub(x), s) })
    }
    const standing: Loss = draw =>
      metaFinetuning(BETA, reward)({ ...draw, posterior: (x, s) => draw.posterior!(stopGradient(x), s) })
    for (const wrong of [against, standing]) {
      const miss = residuals(withPosterior(wrong), { map: tilted, teacher: outer }, inside)
      expect(largest(miss[0])).toBeGreaterThan(0.05)
    }
  })

  /** Noises of one sample, and weights by which a mean over them is that of normal noise, to 1e-12. */
  const nodes = Array.from({ length: 41 * 41 }, (_, i) => [(i % 41) * 0.4 - 8, Math.floor(i / 41) * 0.4 - 8])
  const weights = nodes.map(([p, q]) => (0.4 ** 2 * Math.exp(-(p * p + q * q) / 2)) / (2 * Math.PI))
  const S = 0.7
  const POINT = [0.3, 0.5]

  /** The largest mean residual at the tilted velocity, over what one point may come from. */
  function meanMiss(loss: Loss, map: FlowMap): number {
    const count = nodes.length
    const repeat = (x: readonly number[]) => value(new Array(count).fill(x).flat(), [count, x.length])
    // Data and noise of which the point is made, by its posterior: a sample by each noise.
    const noise = value(nodes.flat(), [count, 2])
    const [x0] = valuesOf(
      (x, s, e) => {
        const { mean, deviation } = given(x, s)
        return mean.add(deviation.mul(e))
      },
      repeat(POINT),
      repeat([S]),
      noise,
    )
    const eps = value(
      Array.from(x0.data, (v, i) => (POINT[i % 2] - (1 - S) * v) / S),
      [count, 2],
    )
    const [s, zero] = [S, 0].map(time => repeat([time]))
    const [found] = residuals(
      withPosterior(loss),
      { map, teacher: outer },
      { x0, eps, s, t: zero, m: zero, noise, r: zero },
    )
    const mean = [0, 1].map(d => weights.reduce((sum, w, i) => sum + w * found.data[2 * i + d], 0))
    return Math.max(...mean.map(Math.abs))
  }

  test.each<[string, Loss]>([
    ['itm', tiltMatching(BETA, reward)],
    ['itm with a center', tiltMatching(BETA, reward, 0.6)],
    ['itm from the posterior', posteriorTilt(BETA, reward)],
    ['itm from the posterior with a center', posteriorTilt(BETA, reward, -0.4)],
    ['mfm-ft', metaFinetuning(BETA, reward)],
  ])('%s leaves none in the mean', (_, loss) => {
    expect(meanMiss(loss, tilted)).toBeLessThan(1e-10)
    expect(meanMiss(loss, outer)).toBeGreaterThan(0.05)
  })

  test('itm with the teacher in the bracket leaves some', () => {
    const wrong: Loss = ({ map, teacher, path, s, error }) => {
      const x = path.at(s)
      const v = teacher.velocity(x, s)
      const tilt = reward(path.x0).mul(BETA).exp().sub(1)
      return error(map.velocity(x, s), stopGradient(v.add(tilt.mul(path.velocity(s).sub(v)))))
    }
    expect(meanMiss(wrong, tilted)).toBeGreaterThan(0.02)
  })

  test('a center for the batch makes the weights 1 in the mean, and keeps their ratios', () => {
    const draw = (center: number | boolean) =>
      residuals(tiltMatching(BETA, reward, center), { map: outer, teacher: outer })[0]
    // With V = v the residual is -(w - 1)(u - v): of each sample in proportion to w - 1.
    const [plain, centred] = [draw(false), draw(true)].map(({ data }) => [...data])
    const r = batch.x0.data.filter((_, i) => i % 2 === 0)
    const w = [...r].map((x, i) => Math.exp(BETA * (b[0] * x + b[1] * batch.x0.data[2 * i + 1] + 0.2)))
    const mean = w.reduce((sum, each) => sum + each) / w.length
    plain.forEach((miss, i) => {
      const k = i >> 1
      expect(centred[i]).toBeCloseTo((miss * (w[k] / mean - 1)) / (w[k] - 1), 11)
    })
  })

  describe('the leash by velocities', () => {
    // Gauss-Legendre would do; the integrand is smooth, and midpoints of 4000 steps are within 1e-7.
    const STEPS = 4000
    const times = value(
      Array.from({ length: STEPS }, (_, i) => (i + 0.5) / STEPS),
      [STEPS, 1],
    )
    const points = value(
      Array.from({ length: 2 * STEPS }, (_, i) => 2 * Math.sin(1.7 * i)),
      [STEPS, 2],
    )
    const all = { ...batch, x0: points, eps: points, noise: points, s: times, t: times, m: times, r: times }
    const shifted = (by: number) =>
      gaussianFlowMap(
        MU.map((mu, d) => mu + by * SIGMA ** 2 * b[d]),
        SIGMA,
      )
    const loss = (map: FlowMap, beta: number, leash: number, by: 'kl' | 'l2' = 'kl'): number => {
      const [{ data }] = valuesOf(
        (...x) => rewardBackprop(beta, reward, leash, by)(drawOf({ map, pretrained: outer }, x)).mean(),
        ...inputsOf(all),
      )
      return data[0]
    }
    const b2 = b[0] ** 2 + b[1] ** 2

    test('is the divergence of the tilted from the plain distribution', () => {
      const divergence = (BETA ** 2 * SIGMA ** 2 * b2) / 2
      expect(loss(tilted, 0, 1)).toBeCloseTo(divergence, 6)
      expect(loss(outer, 0, 1)).toBeCloseTo(0, 12)
    })

    test('with the weight 1 is least at the tilted distribution; that of points is not', () => {
      const at = (by: number, kind: 'kl' | 'l2') => loss(shifted(by), BETA, 1, kind)
      const slope = (by: number, kind: 'kl' | 'l2') => (at(by + 1e-3, kind) - at(by - 1e-3, kind)) / 2e-3
      expect(Math.abs(slope(BETA, 'kl'))).toBeLessThan(1e-5)
      expect(at(BETA, 'kl')).toBeLessThan(Math.min(at(0.8 * BETA, 'kl'), at(1.2 * BETA, 'kl')))
      expect(Math.abs(slope(BETA, 'l2'))).toBeGreaterThan(0.01)
    })
  })
})

describe('a noise adapter of a linear map', () => {
  const S = [
    [0.8, 0.3],
    [-0.2, 0.6],
  ]
  const [H, y, sd] = [[1, 0.5], 0.7, 0.3]
  const HS = [0, 1].map(j => H[0] * S[0][j] + H[1] * S[1][j])
  const seen = H[0] * MU[0] + H[1] * MU[1]
  // P = I + S'H'HS/sd^2
  const P = [0, 1].map(i => [0, 1].map(j => Number(i === j) + (HS[i] * HS[j]) / sd ** 2))
  const det = P[0][0] * P[1][1] - P[0][1] ** 2
  const right = HS.map(v => (v * (y - seen)) / sd ** 2)
  const mean = [
    (P[1][1] * right[0] - P[0][1] * right[1]) / det,
    (P[0][0] * right[1] - P[1][0] * right[0]) / det,
  ]
  const map: FlowMap = {
    ...outer,
    jump: z => row(MU).add(z.matmul(constant(S.flat(), [2, 2], 'float64'), { transposeB: true })),
  }
  /** Three nodes are enough for a mean of squares: `0` and `+-sqrt 3`. */
  const ROOT = Math.sqrt(3)
  const nodes = [-ROOT, 0, ROOT].flatMap(p => [-ROOT, 0, ROOT].map(q => [p, q]))
  const weights = nodes.map(([p, q]) => (p === 0 ? 2 / 3 : 1 / 6) * (q === 0 ? 2 / 3 : 1 / 6))

  /** Minus the evidence bound, its mean over noises exact. */
  const bound = (output: Tensor): Tensor => {
    const count = nodes.length
    const terms = evidenceBound({
      map,
      law: noiseLaw(output.add(constant(new Array(4 * count).fill(0), [count, 4], 'float64'))),
      operator: x => x.matmul(row(H), { transposeB: true }),
      y: constant(new Array(count).fill(y), [count, 1], 'float64'),
      sd,
      noise: constant(nodes.flat(), [count, 2], 'float64'),
    })
    return terms.mul(constant(weights, [count], 'float64')).sum()
  }
  const best = value([...mean, -Math.log(P[0][0]) / 2, -Math.log(P[1][1]) / 2], [1, 4])

  test('is best at the mean of the noise given the observation and one over the diagonal of its precision', () => {
    const [slope] = valuesOf(output => grad(bound)(output), best)
    expect(largest(slope)).toBeLessThan(1e-8)
  })

  test('falls short of the evidence by what the correlations count', () => {
    const [{ data }] = valuesOf(bound, best)
    const variance = HS[0] ** 2 + HS[1] ** 2 + sd ** 2
    const evidence = -((y - seen) ** 2) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2
    const gap = (Math.log(P[0][0]) + Math.log(P[1][1]) - Math.log(det)) / 2
    expect(gap).toBeGreaterThan(0.1)
    expect(data[0] + Math.log(2 * Math.PI * sd ** 2) / 2).toBeCloseTo(gap - evidence, 8)
  })

  test('of one coordinate is the posterior: the bound is the evidence', () => {
    const one: FlowMap = { ...outer, jump: z => z.mul(0.8).add(0.4) }
    const variance = 0.8 ** 2 + sd ** 2
    const precision = 1 + (0.8 / sd) ** 2
    const at = [(0.8 * (y - 0.4)) / sd ** 2 / precision, -Math.log(precision) / 2]
    const [{ data }] = valuesOf(
      (output: Tensor) =>
        evidenceBound({
          map: one,
          law: noiseLaw(output.add(constant(new Array(6).fill(0), [3, 2], 'float64'))),
          operator: x => x,
          y: constant([y, y, y], [3, 1], 'float64'),
          sd,
          noise: constant([-ROOT, 0, ROOT], [3, 1], 'float64'),
        })
          .mul(constant([1 / 6, 2 / 3, 1 / 6], [3], 'float64'))
          .sum(),
      value(at, [1, 2]),
    )
    const evidence = -((y - 0.4) ** 2) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2
    expect(data[0] + Math.log(2 * Math.PI * sd ** 2) / 2).toBeCloseTo(-evidence, 10)
  })

  test('scales are held between e^-6 and e^3', () => {
    const [{ data }] = valuesOf((output: Tensor) => noiseLaw(output).logScale, value([0, 0, -9, 8], [1, 4]))
    expect([...data]).toEqual([-6, 3])
  })

  test('the flow beside it is the loss of meanflow where the noise is normal, and trains the adapter', () => {
    const wave = fromVelocity((x, s, t) => x.mul(s).sub(t.square()).sin())
    const run = (x: readonly Tensor[], output: Tensor, keep: Tensor): Tensor => {
      const draw: Draw = drawOf({ map: wave }, x)
      const { path, noise, s, t } = draw
      const law = noiseLaw(output)
      const observed = { map: wave, law, operator: (x: Tensor) => x, y: noise, sd, noise }
      return adaptedFlow(observed, { x0: path.x0, fresh: path.eps, keep, s, t, tau: 0.5 })
    }
    const inputs = inputsOf(batch)
    const zeros: Value = value(new Array(20).fill(0), [5, 4])
    const keeps = [column(0, 0, 0, 0, 0), column(1, 1, 1, 1, 1)]
    const [fresh, own] = keeps.map(
      keep => valuesOf((...x) => run(x.slice(0, 7), x[7], x[8]), ...inputs, zeros, keep)[0].data,
    )
    const plain = (at: Value[]) => valuesOf((...x) => meanflow(drawOf({ map: wave }, x)), ...at)[0].data
    const swapped = inputs.map((input, i) => (i === 1 ? batch.noise : input))
    // A sum over two coordinates, over 2 tau^2.
    plain(inputs).forEach((loss, i) => {
      expect(fresh[i]).toBeCloseTo((2 * loss) / (2 * 0.25), 11)
    })
    plain(swapped).forEach((loss, i) => {
      expect(own[i]).toBeCloseTo((2 * loss) / (2 * 0.25), 11)
    })
    const [slope, none] = keeps
      .toReversed()
      .map(keep =>
        largest(
          valuesOf(
            (...x) => grad((output: Tensor) => run(x.slice(0, 7), output, x[8]).mean())(x[7]),
            ...inputs,
            zeros,
            keep,
          )[0],
        ),
      )
    expect(slope).toBeGreaterThan(1e-3)
    expect(none).toBe(0)
  })
})
