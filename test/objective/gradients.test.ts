import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { type FlowMap, interpolants, pathOf } from '../../src/model/index.ts'
import type { Loss } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import { inside, shifted } from './promises.ts'
import { type Batch, batch, distance, drawOf, inputsOf, norm, only, student } from './setting.ts'
import { differentiated, gradients, guides, policies } from './stops.ts'
import { lossOf, lossOfRow, terms } from './terms.ts'

describe('where gradients stop', () => {
  test.each(terms)('$key', term => {
    const loss = lossOf(term)
    for (const policy of policies(term)) expect(policy.miss(loss), policy.name).toBeLessThan(1e-12)
  })

  test.each(Object.entries(differentiated).flatMap(([role, keys]) => keys.map(key => ({ role, key }))))(
    '$key: passes gradients to its $role',
    ({ role, key }) => {
      const term = terms.find(term => term.key === key)!
      const policy = policies(term, true).find(({ name }) => name === role)!
      expect(policy.miss(lossOf(term))).toBeGreaterThan(1e-3)
    },
  )

  test.each(terms.filter(({ key }) => key !== 'freeflow:auxiliary'))('$key: trains the student', term => {
    expect(norm(gradients(lossOf(term)))).toBeGreaterThan(1e-5)
  })

  test('esd: its option changes the gradient, not the loss', () => {
    const [plain, spatial] = [false, true].map(spatialGradient => lossOfRow('esd', { spatialGradient }))
    expect(distance(gradients(plain), gradients(spatial))).toBeGreaterThan(1e-2)
    const value = (loss: Loss) =>
      valuesOf(
        (...x) => loss(drawOf(guides(student.bind(x.slice(0, student.count))), x.slice(student.count))),
        ...student.values,
        ...inputsOf(batch),
      )[0]
    expect(distance(value(plain), value(spatial))).toBeLessThan(1e-13)
  })
})

const samples = [0, 1, 2, 3, 4]
const row = lossOfRow
const part = (id: string, name: string, options: object = {}) =>
  lossOf({ id, part: name, options: {} }, options)
const gapOf = (at: Batch) => at.s.data[0] - at.t.data[0]
const halfway = (at: Batch): Batch => ({
  ...at,
  m: { ...at.m, data: at.m.data.map((_, i) => (at.s.data[i] + at.t.data[i]) / 2) },
})
const toData = (at: Batch): Batch => ({ ...at, t: { ...at.t, data: at.t.data.map(() => 0) } })
const fromNoise = (at: Batch): Batch => ({ ...at, s: { ...at.s, data: at.s.data.map(() => 1) } })

/** A loss whose path has the teacher's velocity. */
const taught =
  (loss: Loss): Loss =>
  draw =>
    loss({
      ...draw,
      path: { ...draw.path, at: draw.path.at, velocity: s => draw.teacher.velocity(draw.path.at(s), s) },
    })

/** A loss whose teacher is the student's own stopped velocity. */
const selfTaught =
  (loss: Loss): Loss =>
  draw =>
    loss({ ...draw, teacher: draw.frozen })

interface Equality {
  readonly name: string
  readonly left: Loss
  readonly right: Loss
  /** The left gradient is so many times the right one. */
  readonly factor?: (at: Batch) => number
  readonly leftAt?: (at: Batch) => Batch
  readonly rightAt?: (at: Batch) => Batch
}

const free = { tangentNormalization: false }

const equalities: readonly Equality[] = [
  {
    name: 'shortcut is psd in velocity space, m halfway',
    left: row('shortcut'),
    right: row('psd', { space: 'velocity' }),
    rightAt: halfway,
  },
  {
    name: 'psd midpoint is psd in velocity space, m halfway',
    left: row('psd', { space: 'midpoint' }),
    right: row('psd', { space: 'velocity' }),
    rightAt: halfway,
  },
  {
    name: 'psd in map space is (t-s)^2 psd in velocity space',
    left: row('psd'),
    right: row('psd', { space: 'velocity' }),
    factor: at => gapOf(at) ** 2,
  },
  { name: 'meanflow with a teacher is ayf-emd', left: taught(row('meanflow')), right: row('ayf-emd') },
  {
    name: 'scm with a teacher is the consistency part of facm',
    left: row('scm', { velocity: 'teacher', ...free }),
    right: part('facm', 'consistency'),
  },
  {
    name: 'the consistency part of facm is ayf-emd to the data',
    left: part('facm', 'consistency'),
    right: row('ayf-emd'),
    rightAt: toData,
  },
  {
    name: 'scm without a teacher is meanflow to the data',
    left: row('scm', { velocity: 'conditional', ...free }),
    right: row('meanflow'),
    rightAt: toData,
  },
  ...(['map', 'velocity', 'midpoint'] as const).map(space => ({
    name: `semigroup is psd in ${space} space`,
    left: row('semigroup', { space }),
    right: row('psd', { space }),
  })),
  {
    name: 'splitmeanflow is psd in velocity space',
    left: row('splitmeanflow'),
    right: row('psd', { space: 'velocity' }),
  },
  { name: 'reflow is flow matching', left: row('reflow'), right: row('flow-matching') },
  { name: 'the terminal part of tvm is lsd', left: part('tvm', 'terminal'), right: row('lsd') },
  {
    name: 'the anchor of tvm is flow matching at the target time',
    left: part('tvm', 'anchor'),
    right: row('flow-matching'),
    rightAt: at => ({ ...at, s: at.t }),
  },
  {
    name: 'itm with beta = 0 is velocity distillation',
    left: row('itm', { beta: 0 }),
    right: row('teacher-velocity'),
  },
  { name: 'ict is ct', left: row('ict', { delta: 0.1 }), right: row('ct', { delta: 0.1 }) },
  { name: 'ect is ct', left: row('ect', { delta: 0.1 }), right: row('ct', { delta: 0.1 }) },
  {
    name: 'soflow weighted by its gap is soflow over (d (s-t))^2',
    left: row('soflow', { d: 0.3, weighting: 'gap' }),
    right: row('soflow', { d: 0.3, weighting: 'none' }),
    factor: at => (0.3 * gapOf(at)) ** -2,
  },
  {
    name: 'alphaflow with alpha = 1 is trajectory flow matching',
    left: row('alphaflow', { alpha: 1 }),
    right: ({ map, path, s, t, error }) => error(map.velocity(path.at(s), s, t), path.velocity(s)),
  },
  {
    name: 'ct with the largest step is denoising',
    left: row('ct', { delta: 1 }),
    right: ({ map, path, s, error }) => error(map.jump(path.at(s), s, s.mul(0)), path.at(s.mul(0))),
  },
]

describe('equal gradients, sample by sample', () => {
  const same = (at: Batch) => at

  test.each(equalities)('$name', ({ left, right, factor = () => 1, leftAt = same, rightAt = same }) => {
    for (const i of samples) {
      const at = only(i)
      const [a, b] = [gradients(left, leftAt(at)), gradients(right, rightAt(at))]
      expect(distance(a, b, factor(at)), `sample ${i}`).toBeLessThan(1e-11)
    }
  })

  test('and what differs is seen', () => {
    const at = only(1)
    const velocity = row('psd', { space: 'velocity' })
    expect(distance(gradients(row('shortcut'), at), gradients(velocity, at))).toBeGreaterThan(1e-3)
    expect(distance(gradients(row('psd'), at), gradients(velocity, at), gapOf(at))).toBeGreaterThan(1e-2)
    expect(distance(gradients(row('meanflow'), at), gradients(row('ayf-emd'), at))).toBeGreaterThan(1e-2)
  })
})

interface Limit {
  readonly name: string
  readonly order: 1 | 2
  readonly left: (h: number) => Loss
  readonly right: Loss
  readonly factor?: (at: Batch, h: number) => number
  readonly leftAt?: (at: Batch, h: number) => Batch
  readonly rightAt?: (at: Batch) => Batch
}

const limits: readonly Limit[] = [
  {
    name: 'alphaflow, a to 0, is meanflow',
    order: 1,
    left: alpha => row('alphaflow', { alpha }),
    right: row('meanflow'),
  },
  {
    name: 'emd-discrete / ((m-s)(t-s)), m to s, is ayf-emd',
    order: 1,
    left: () => row('emd-discrete'),
    leftAt: (at, h) => ({ ...at, m: shifted(at.s, -h) }),
    right: row('ayf-emd'),
    factor: (at, h) => h * gapOf(at),
  },
  {
    name: 'lmd-discrete / ((t-m)(t-s)), m to t, is ayf-lmd',
    order: 1,
    left: () => row('lmd-discrete'),
    leftAt: (at, h) => ({ ...at, m: shifted(at.t, h) }),
    right: row('ayf-lmd'),
    factor: (at, h) => h * gapOf(at),
  },
  {
    name: 'cd / (Δ s), Δ to 0, is scm with a teacher',
    order: 1,
    left: delta => row('cd', { delta }),
    right: row('scm', { velocity: 'teacher', ...free }),
    factor: (at, h) => h * at.s.data[0],
  },
  {
    name: 'ct / (Δ s), Δ to 0, is meanflow to the data',
    order: 1,
    left: delta => row('ct', { delta }),
    right: row('meanflow'),
    rightAt: toData,
    factor: (at, h) => h * at.s.data[0],
  },
  {
    name: 'soflow / (d (t-s)^2), d to 0, is ayf-emd with its own velocity as teacher',
    order: 1,
    left: d => row('soflow', { d, weighting: 'none' }),
    right: selfTaught(row('ayf-emd')),
    factor: (at, h) => h * gapOf(at) ** 2,
  },
  {
    name: 'the prediction of freeflow, h to 0, is ayf-lmd from noise',
    order: 2,
    left: h => part('freeflow', 'prediction', { h }),
    right: row('ayf-lmd'),
    rightAt: fromNoise,
  },
  {
    name: 'pid, h to 0, is lsd from noise with the teacher as its target',
    order: 2,
    left: h => row('pid', { h }),
    right: draw => row('lsd')({ ...draw, target: draw.teacher as FlowMap }),
    rightAt: fromNoise,
  },
]

describe('equal gradients in the limit of a small step, sample by sample', () => {
  test.each(limits)(
    '$name',
    ({ order, left, right, factor = () => 1, leftAt = at => at, rightAt = at => at }) => {
      for (const i of samples) {
        const at = only(i, order === 2 ? inside : batch)
        const limit = gradients(right, rightAt(at))
        const off = (h: number) => {
          const found = gradients(left(h), leftAt(at, h))
          return distance(limit, found, 1 / factor(at, h))
        }
        const [coarse, fine] = order === 1 ? [0.002, 0.001] : [0.01, 0.005]
        const last = off(fine)
        expect(Math.abs(Math.log2(off(coarse) / last) - order), `sample ${i}: order`).toBeLessThan(0.1)
        expect(last, `sample ${i}: distance`).toBeLessThan(0.1)
      }
    },
  )

  test('a wrong factor is no limit', () => {
    const at = only(1)
    const wrong = gradients(row('cd', { delta: 0.001 }), at)
    const right = gradients(row('scm', { velocity: 'teacher', ...free }), at)
    expect(distance(right, wrong, 1 / 0.001)).toBeGreaterThan(0.04)
  })
})

describe('freeflow', () => {
  const correction = part('freeflow', 'correction')
  const auxiliary = part('freeflow', 'auxiliary')

  test('its correction vanishes where the two velocities are equal', () => {
    const [none, some] = [true, false].map(equal =>
      gradients(correction, batch, map => {
        const roles = guides(map)
        return equal ? { ...roles, auxiliary: roles.teacher } : roles
      }),
    )
    expect(norm(none)).toBe(0)
    expect(norm(some)).toBeGreaterThan(1e-3)
  })

  test('the gradient of its correction is the difference of velocities at the noisy sample', () => {
    const sampleOf = (map: FlowMap, eps: Tensor, r: Tensor) => map.jump(eps, r.mul(0).add(1), r.mul(0))
    // The difference as numbers, so that no gradient can pass.
    const [direction] = valuesOf(
      (...x) => {
        const [map, eps, r, n] = [student.bind(x.slice(0, student.count)), ...x.slice(student.count)] as const
        const { teacher, auxiliary } = guides(map)
        const z = sampleOf(map, eps, r).mul(r.neg().add(1)).add(n.mul(r))
        return teacher!.velocity(z, r).sub(auxiliary!.velocity(z, r))
      },
      ...student.values,
      batch.eps,
      batch.r,
      batch.noise,
    )
    const expected = gradients(({ map, path, r }) =>
      sampleOf(map, path.eps, r)
        .mul(constant(direction.data, direction.shape, 'float64'))
        .mean([1]),
    )
    expect(distance(expected, gradients(correction))).toBeLessThan(1e-12)
  })

  test("its auxiliary velocity is trained by flow matching on the student's samples, and nothing else is", () => {
    const train = (loss: Loss) =>
      gradients(loss, batch, map => ({ ...guides(map), map: guides(map).pretrained!, auxiliary: map }))
    const expected = train(draw => {
      const { map, auxiliary, path, noise, r } = draw
      const samples = map.jump(path.eps, r.mul(0).add(1), r.mul(0))
      const noisy = pathOf(interpolants.linear, samples, noise)
      return row('flow-matching')({ ...draw, map: auxiliary as FlowMap, path: noisy, s: r })
    })
    expect(distance(expected, train(auxiliary))).toBeLessThan(1e-12)
    expect(norm(gradients(auxiliary))).toBe(0)
  })
})
