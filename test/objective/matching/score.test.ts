import { describe, expect, test } from 'vitest'
import { stopGradient, type Tensor } from '../../../src/autodiff/index.ts'
import { interpolants, pathOf } from '../../../src/model/index.ts'
import { type Draw, dmd, type Loss } from '../../../src/objective/index.ts'
import { generated, movedBy } from '../../../src/objective/matching/sample.ts'
import { bridge, fisherDistance, moment, momentDistance, sid } from '../../../src/objective/matching/score.ts'
import {
  AWAY,
  apart,
  COUNT,
  column,
  determinant,
  drawAt,
  expectation,
  fakeOf,
  identity,
  inverse,
  type Matrix,
  MU,
  NORMALS,
  noisyCovariance,
  plus,
  product,
  ROOT,
  S,
  scaled,
  tensor,
  transposed,
  ZERO,
} from './affine-world.ts'

const TIMES = [0.1, 0.3, 0.8]
const AT_DATA = { A: ROOT, b: MU }
const covarianceOf = (A: Matrix) => product(A, transposed(A))

/** The gradient of `KL(q_r || p_r)` by `A` and `b`. */
function klGradient({ A, b }: typeof AWAY, r: number): { A: number[][]; b: number[] } {
  const [Kp, Kq] = [noisyCovariance(S, r), noisyCovariance(covarianceOf(A), r)].map(inverse)
  const byB = product(Kp, transposed([b.map((x, i) => (1 - r) ** 2 * (x - MU[i]))]))
  return { A: scaled(product(plus(Kp, Kq, -1), A), (1 - r) ** 2), b: byB.map(([x]) => x) }
}

const at = (loss: Loss, r: number, where: typeof AWAY, more: Partial<Draw> = {}) =>
  expectation(generator => loss(drawAt(generator, r, more)), where)

describe.each(TIMES)('at r = %d', r => {
  test('dmd with the weight kl has the gradient of the KL divergence', () => {
    expect(apart(at(dmd('kl'), r, AWAY), klGradient(AWAY, r))).toBeLessThan(1e-12)
    // Another weight, or teacher and fake score exchanged, has another.
    expect(apart(at(dmd('none'), r, AWAY), klGradient(AWAY, r))).toBeGreaterThan(0.01)
    const exchanged: Loss = draw =>
      dmd('kl')({
        ...draw,
        teacher: { velocity: (x, t) => draw.players!.fake(x, t, t) },
        players: { fake: (x, s) => draw.teacher.velocity(x, s) },
      })
    expect(apart(at(exchanged, r, AWAY), klGradient(AWAY, r))).toBeGreaterThan(0.01)
  })

  test('where dmd moves a sample is what it multiplies the sample by, turned about', () => {
    const loss = dmd('published')
    const given: Loss = draw => {
      const drift = movedBy(loss)(draw)
      return loss(draw).add(generated(draw).mul(stopGradient(drift)).mean(-1))
    }
    const { value, A, b } = at(given, r, AWAY)
    expect(Math.abs(value)).toBeLessThan(1e-12)
    expect(apart({ A, b }, ZERO)).toBeLessThan(1e-12)
    expect(apart(at(loss, r, AWAY), ZERO)).toBeGreaterThan(0.01)
  })

  test.each(['kl', 'published', 'none'] as const)('dmd with the weight %s rests at the data', weight => {
    expect(apart(at(dmd(weight), r, AT_DATA), ZERO)).toBeLessThan(1e-12)
    expect(apart(at(dmd(weight), r, AWAY), ZERO)).toBeGreaterThan(0.01)
  })

  test('without a fake score the spread of data is drawn together', () => {
    const alone: Loss = draw => {
      const one: Draw = {
        ...draw,
        players: { fake: z => z.sub(draw.map.jump(draw.path.eps, draw.s, draw.t)).div(draw.r) },
      }
      return dmd('none')(one).mul(r)
    }
    const expected = scaled(product(inverse(noisyCovariance(S, r)), ROOT), r * r)
    expect(apart(at(alone, r, AT_DATA), { A: expected, b: [0, 0] })).toBeLessThan(1e-12)
  })

  test('sid has the value (1 - alpha) E|d|^2', () => {
    const distance = at(fisherDistance, r, AWAY).value
    for (const alpha of [0.5, 1, 1.2]) {
      expect(at(sid(alpha, 'none'), r, AWAY).value).toBeCloseTo((1 - alpha) * distance, 12)
      expect(apart(at(sid(alpha, 'none'), r, AT_DATA), ZERO)).toBeLessThan(1e-12)
      expect(apart(at(sid(alpha), r, AT_DATA), ZERO)).toBeLessThan(1e-12)
    }
    expect(at(sid(-0.5, 'none'), r, AWAY).value).not.toBeCloseTo(0.5 * distance, 3)
  })

  test('sid with alpha 1/2 has half the gradient of E|d|^2, the fake score following', () => {
    const following = expectation(generator => {
      const live = { fake: fakeOf(generator, r) }
      return fisherDistance(drawAt(generator, r, { players: live }))
    }, AWAY)
    const half = { A: scaled(following.A, 0.5), b: following.b.map(x => x / 2) }
    expect(apart(at(sid(0.5, 'none'), r, AWAY), half)).toBeLessThan(1e-12)
    expect(apart(at(sid(1, 'none'), r, AWAY), half)).toBeGreaterThan(1e-4)
    // A fake score that lets no gradient pass to its input is another.
    const cut: Loss = draw => {
      const { fake } = draw.players!
      return sid(0.5, 'none')({ ...draw, players: { fake: (x, s, t) => stopGradient(fake(x, s, t)) } })
    }
    expect(apart(at(cut, r, AWAY), half)).toBeGreaterThan(1e-4)
  })

  test('sid with both networks stopped is dmd with weight r', () => {
    const stopped: Loss = draw => {
      const { fake } = draw.players!
      // A velocity whose denoiser `z - r v` passes no gradient on, to `z` either.
      const held = (z: Tensor, s: Tensor, v: Tensor) => z.sub(stopGradient(z.sub(s.mul(v)))).div(s)
      const teacher = {
        ...draw.teacher,
        velocity: (z: Tensor, s: Tensor) => held(z, s, draw.teacher.velocity(z, s)),
      }
      const players = { fake: (z: Tensor, s: Tensor, t: Tensor) => held(z, s, fake(z, s, t)) }
      return sid(0.7, 'none')({ ...draw, teacher, players })
    }
    const byR = at(dmd('none'), r, AWAY)
    const wanted = { A: scaled(byR.A, r), b: byR.b.map(x => r * x) }
    expect(apart(at(stopped, r, AWAY), wanted)).toBeLessThan(1e-12)
    expect(apart(at(sid(0.7, 'none'), r, AWAY), wanted)).toBeGreaterThan(1e-3)
  })
})

describe('the bridge', () => {
  const [s, r] = [0.7, 0.4]
  const coefficients = (s: number, r: number) => {
    // Each of data, noise of `z_s` and fresh noise alone.
    const [one, zero] = [tensor([[1]]), tensor([[0]])]
    const time = (t: number) => tensor([[t]])
    const of = (x: Tensor, e: Tensor, n: Tensor) => bridge(x.mul(1 - s).add(e.mul(s)), x, time(s), time(r), n)
    return [of(one, zero, zero), of(zero, one, zero), of(zero, zero, one)]
  }
  const values = (s: number, r: number) =>
    coefficients(s, r).map(
      x =>
        expectation(
          generator =>
            x
              .add(generator.A.mul(0).sum())
              .mul(tensor([new Array(COUNT).fill(0.5)]))
              .reshape([COUNT]),
          AWAY,
        ).value,
    )

  test('keeps the law of the noisy point', () => {
    const [data, old, fresh] = values(s, r)
    expect(data).toBeCloseTo(1 - r, 12)
    expect(Math.hypot(old, fresh)).toBeCloseTo(r, 12)
    // And the joint law: the covariance with z_s is that of a point that was made noisier.
    expect(old * s).toBeCloseTo(((1 - s) / (1 - r)) * r * r, 12)
    // Times the other way round keep none of it.
    const [, wrongOld, wrongFresh] = values(r, s)
    expect(Math.abs(Math.hypot(wrongOld, wrongFresh) - r)).toBeGreaterThan(0.01)
  })

  test('is fresh noise from noise', () => {
    const [data, old, fresh] = values(1, r)
    expect([data, old, fresh].map(x => Number(x.toFixed(12)))).toEqual([1 - r, 0, r])
  })
})

/** The symmetric square root of a positive matrix. */
function squareRoot(K: Matrix): number[][] {
  const root = Math.sqrt(determinant(K))
  const trace = Math.sqrt(K[0][0] + K[1][1] + 2 * root)
  return scaled(plus(K, identity, root), 1 / trace)
}

describe('moment', () => {
  const [FIRST, SECOND] = [
    [0, 1],
    [2, 3],
  ]
  /** The exact flow map from `s` to the data, as a generator of the points at `s`. */
  const exactAt = (s: number) => {
    const A = product(squareRoot(S), inverse(squareRoot(noisyCovariance(S, s))))
    const moved = product(A, transposed([MU.map(x => (1 - s) * x)]))
    return { A, b: MU.map((x, i) => x - moved[i][0]) }
  }

  /** The gradient of the map's loss where the fake score is at its best: the mean of `E[x | z_r]` and the denoiser. */
  function gradientAt(s: number, r: number): { A: number[][]; b: number[] } {
    const where = exactAt(s)
    const q = (1 - s) / (1 - r)
    const u2 = s * s - q * q * r * r
    const [ofOld, ofData, ofNoise] = [(q * r * r) / s ** 2, ((1 - r) * u2) / s ** 2, (Math.sqrt(u2) * r) / s]
    const K = noisyCovariance(S, s)
    const mixed = plus(scaled(identity, ofOld), where.A, ofData)
    const cross = product(product(where.A, K), transposed(mixed))
    const covariance = plus(product(product(mixed, K), transposed(mixed)), identity, ofNoise ** 2)
    const gain = product(cross, inverse(covariance))
    const affine = (z: Tensor, M: Matrix, mean: readonly number[]) =>
      z
        .sub(tensor([mean.map(x => (1 - r) * x)]))
        .matmul(tensor(M), { transposeB: true })
        .add(tensor([mean]))
    const real = scaled(product(S, inverse(noisyCovariance(S, r))), 1 - r)
    return expectation(generator => {
      const base = drawAt(generator, r)
      // Six numbers of a sample from four: the second pair is data, the first noise of z_s, and the bridge's is left at 0, whose
      // part of the gradient vanishes.
      const data = tensor(
        NORMALS.map(row =>
          MU.map((mean, i) => mean + SECOND.reduce((sum, at, k) => sum + ROOT[i][k] * row[at], 0)),
        ),
      )
      const eps = tensor(NORMALS.map(row => FIRST.map(at => row[at])))
      const fake = (z: Tensor) =>
        z
          .sub(
            affine(z, gain, MU)
              .add(affine(z, real, MU))
              .mul(0.5),
          )
          .div(r)
      return moment({
        ...base,
        s: column(s),
        path: pathOf(interpolants.linear, data, eps),
        noise: eps.mul(0),
        players: { fake },
      })
    }, where)
  }

  test('what is logged is how far the fake is from the teacher', () => {
    const r = 0.4
    const logged = (by: number) =>
      expectation(generator => {
        const base = drawAt(generator, r)
        const fake = (z: Tensor) => base.teacher.velocity(z, base.r).add(by)
        const points = tensor(NORMALS.map(row => row.slice(0, 2)))
        const path = pathOf(interpolants.linear, points, points)
        return momentDistance({ ...base, s: column(0.7), path, players: { fake } })
      }, AWAY).value
    // A velocity that is off by a number is a denoiser that is off by r times it; summed over two coordinates.
    expect(logged(0.5)).toBeCloseTo(2 * (r * 0.5) ** 2, 12)
    expect(logged(0)).toBeLessThan(1e-20)
  })

  test('the exact map is a fixed point from noise, whatever r', () => {
    for (const r of TIMES) expect(apart(gradientAt(1, r), ZERO)).toBeLessThan(1e-9)
  })

  test('and from no later time: what it trains is no flow map', () => {
    expect(apart(gradientAt(0.7, 0.5), ZERO)).toBeGreaterThan(0.01)
  })
})
