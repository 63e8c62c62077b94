import { describe, expect, test } from 'vitest'
import { constant, jvp, onesLike, type Tensor } from '../../src/autodiff/index.ts'
import { exactJump, finiteDenoiser, markovDenoiser } from '../../src/model/categorical/exact.ts'
import { type BoundNetwork, type FlowMap, flowMap, type VelocityField } from '../../src/model/index.ts'
import { argmaxShare, argmaxTime } from '../../src/objective/argmax-law.ts'
import type { Loss } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { bent, denoiser, EXACT, exact, lossesOf, moved } from './sequences.ts'
import { drawOf } from './setting.ts'
import { lossOf, lossOfRow } from './terms.ts'

const source = random(8, 'categorical')
const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs))

describe.each([...EXACT])('%s', id => {
  const loss = lossOfRow(id)

  test('is zero at the exact map of finitely many sequences', () => {
    expect(largest(lossesOf(loss))).toBeLessThan(1e-9)
    expect(largest(lossesOf(loss, bent))).toBeGreaterThan(1e-6)
  })
})

describe('fmlm-residual at the exact map', () => {
  const teacher: VelocityField = { velocity: (x, s) => x.sub(denoiser(x, s)).div(s) }
  const [student, wave] = ['student', 'residual'].map(part =>
    lossOf({ id: 'fmlm-residual', part, options: {} }),
  )
  /** `2 (F - x - d v)/d^2` of a map: what makes `F_r` that map. */
  const residualOf =
    (map: FlowMap, sign = 1): BoundNetwork =>
    (x, s, t) => {
      const d = t.sub(s)
      const straight = d.mul(teacher.velocity(x, s)).mul(sign)
      return map.jump(x, s, t).sub(x).sub(straight).mul(2).div(d.square())
    }
  const at = (loss: Loss, residual: BoundNetwork, map = exact) =>
    largest(lossesOf(draw => loss({ ...draw, teacher, players: { residual } }), map))

  test('is zero for the student and its residual, and not for others', () => {
    expect(at(student, residualOf(exact))).toBeLessThan(1e-9)
    expect(at(wave, residualOf(exact))).toBeLessThan(1e-12)
    expect(at(student, residualOf(exact), bent)).toBeGreaterThan(1e-6)
    expect(at(wave, residualOf(bent))).toBeGreaterThan(1e-7)
  })

  test('sees a residual beside a velocity that points the other way, and one that is no half', () => {
    expect(at(student, residualOf(exact, -1))).toBeGreaterThan(1e-3)
    expect(at(wave, (x, s, t) => residualOf(exact)(x, s, t).div(2))).toBeGreaterThan(1e-4)
  })
})

describe('wrong variants are seen at the exact map', () => {
  const psi = (x: Tensor, s: Tensor, t: Tensor) => exact.logits!(x, s, t).softmax()
  const jump = (x: Tensor, s: Tensor, t: Tensor) => {
    const kept = t.div(s)
    return kept.mul(x).add(
      kept
        .neg()
        .add(1)
        .mul(psi(x, s, t)),
    )
  }
  const squared = (a: Tensor) => a.square().sum(-1).mean(-1)

  test('times in the place of the weights of a mean', () => {
    const wrong: Loss = ({ path, s, t, m }) => {
      const x = path.at(s)
      const a = s.sub(m).div(s.sub(t))
      const mixed = a.mul(psi(x, s, m)).add(
        a
          .neg()
          .add(1)
          .mul(psi(jump(x, s, m), m, t)),
      )
      return squared(psi(x, s, t).sub(mixed))
    }
    expect(largest(lossesOf(wrong))).toBeGreaterThan(1e-3)
  })

  test('a velocity in the place of t times it', () => {
    const wrong: Loss = ({ path, s, t }) => {
      const x = path.at(s)
      const [F, dF] = jvp(t => jump(x, s, t), [t], [onesLike(t)])
      return squared(dF.sub(F).add(denoiser(F, t)))
    }
    expect(largest(lossesOf(wrong))).toBeGreaterThan(1e-3)
  })

  test('ecld is an upper bound of csd, and not zero', () => {
    const [bound, sharp] = ['ecld', 'csd'].map(id => lossesOf(lossOfRow(id), bent))
    for (const [i, each] of bound.entries()) expect(each).toBeGreaterThan(sharp[i])
    expect(largest(lossesOf(lossOfRow('ecld')))).toBeGreaterThan(1e-3)
  })
})

test('the target of lsd-simplex does not see a constant that is added to the logits', () => {
  const [own, other] = [bent, moved].map(map => lossesOf(lossOfRow('lsd-simplex'), map))
  for (const [i, each] of own.entries()) expect(other[i]).toBeCloseTo(each, 12)
})

test('a probability of 0 in a target counts for nothing', () => {
  const sure = flowMap((x, s) => x.mul(s).mul(1e4), { parameterization: 'simplex' })
  const losses = valuesOf(
    (x0, eps, s, t, m) => {
      const draw = drawOf({ map: sure }, [x0, eps, s, t, m, eps, m])
      return ['psd-simplex', 'lsd-simplex', 'esd-simplex', 'ecld'].map(id => lossOfRow(id)(draw))
    },
    value([1, 0, 0, 0, 1, 0], [1, 2, 3]),
    value([0.5, -1, 2, 0.3, 1.2, -0.4], [1, 2, 3]),
    ...[0.9, 0.2, 0.5].map(time => value([time], [1, 1, 1])),
  )
  for (const { data } of losses) expect(Number.isFinite(data[0])).toBe(true)
})

describe('exact fields', () => {
  test('of a chain are those of all its sequences', () => {
    const initial = [0.5, 0.3, 0.2]
    const transition = [
      [0.1, 0.6, 0.3],
      [0.4, 0.4, 0.2],
      [0.25, 0.05, 0.7],
    ]
    const all = [0, 1, 2].flatMap(a => [0, 1, 2].flatMap(b => [0, 1, 2].map(c => [a, b, c])))
    const probabilities = all.map(([a, b, c]) => initial[a] * transition[a][b] * transition[b][c])
    const x = value(
      Array.from({ length: 4 * 9 }, () => source.normal()),
      [4, 3, 3],
    )
    const at = value([0.9, 0.5, 0.2, 0.05], [4, 1, 1])
    const apart = valuesOf(
      (x, s) =>
        markovDenoiser({ initial, transition })(x, s).sub(
          finiteDenoiser({ sequences: all, probabilities }, 3)(x, s),
        ),
      x,
      at,
    )[0]
    expect(largest([...apart.data].map(Number))).toBeLessThan(1e-13)
  })

  test('lead each noise to the symbol that it decides, where two are as likely', () => {
    const two = finiteDenoiser({ sequences: [[0], [1]], probabilities: [0.3, 0.7] }, 2)
    const count = 200
    const eps = Array.from({ length: 2 * count }, () => source.normal())
    const [end] = valuesOf(
      x => {
        const time = (of: number) => constant(of, [count, 1, 1], x.dtype)
        return exactJump(two, x, time(1), time(0.02), 60)
      },
      value(eps, [count, 1, 2]),
    )
    // Symbol 0 where eps_0 - eps_1 > sqrt 2 Phi^-1(0.7).
    const threshold = Math.SQRT2 * 0.5244005127080407
    for (let i = 0; i < count; i++) {
      const isFirst = eps[2 * i] - eps[2 * i + 1] > threshold
      expect(Number(end.data[2 * i]) > Number(end.data[2 * i + 1])).toBe(isFirst)
    }
  })
})

describe('the time law argmax', () => {
  test('is the share of noisy symbols that are their own largest entry', () => {
    const drawn = random(3, 'argmax')
    for (const [t, K] of [
      [0.4, 27],
      [0.7, 5],
    ]) {
      let hits = 0
      for (let i = 0; i < 20_000; i++) {
        const own = 1 - t + t * drawn.normal()
        let isLargest = true
        for (let k = 1; k < K; k++) isLargest = t * drawn.normal() < own && isLargest
        if (isLargest) hits++
      }
      expect(Math.abs(hits / 20_000 - argmaxShare(t, K))).toBeLessThan(0.012)
    }
  })

  test('goes from the data to pure noise, and spends its times where symbols are decided', () => {
    expect([0, 1].map(p => argmaxTime(p, 27))).toEqual([0, 1])
    const quartiles = [0.25, 0.5, 0.75].map(p => argmaxTime(p, 27))
    for (const [i, q] of [0.27, 0.33, 0.43].entries()) expect(quartiles[i]).toBeCloseTo(q, 2)
    expect(argmaxShare(1, 27)).toBeCloseTo(1 / 27, 10)
  })
})
