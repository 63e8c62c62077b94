import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import type { FlowMap } from '../../src/model/index.ts'
import type { Loss } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import { equalities, free, fromNoise, gapOf, inequality, lookup, selfTaught, toData } from './equalities.ts'
import { inside, shifted } from './promises.ts'
import { type Batch, batch, distance, drawOf, inputsOf, norm, only, onSphere, student } from './setting.ts'
import { apart, differentiated, gradients, guides, policies } from './stops.ts'
import { catalogue, lossOf, lossOfRow, terms } from './terms.ts'

/** Another formula where points do not add. */
const CURVED = terms.find(({ key }) => key === 'psd space=velocity')!

describe('where gradients stop', () => {
  test.each(terms)('$key', term => {
    const loss = lossOf(term)
    for (const policy of policies(term)) expect(policy.miss(loss), policy.name).toBeLessThan(1e-12)
  })

  test.each(Object.entries(differentiated).flatMap(([role, keys]) => keys.map(key => ({ role, key }))))(
    '$key: passes gradients to its $role',
    ({ role, key }) => {
      const term = terms.find(term => term.key === key)!
      const policy = policies(term, { all: true }).find(({ name }) => name === role)!
      expect(policy.miss(lossOf(term))).toBeGreaterThan(1e-3)
    },
  )

  test.each(policies(CURVED, { place: onSphere }))('psd by velocities on a sphere: $name', ({ miss }) => {
    expect(miss(lossOf(CURVED))).toBeLessThan(1e-12)
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
const { row, part } = lookup(catalogue)

describe('equal gradients, sample by sample', () => {
  test.each(equalities(catalogue))('$name', equality => {
    for (const i of samples) {
      expect(inequality(equality, i), `sample ${i}`).toBeLessThan(1e-11)
      expect(inequality(equality, i, apart), `sample ${i}, other target`).toBeLessThan(1e-11)
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
})
