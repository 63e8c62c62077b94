import { describe, expect, test } from 'vitest'
import { grad, type Tensor, type Value } from '../../src/autodiff/index.ts'
import type { FlowMap } from '../../src/model/index.ts'
import { diagonals, type Loss, objectives } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import { wrongGradients } from './mutants.ts'
import { allInputs, type Batch, batch, drawOf, frozen, lossOf, norm, only, student } from './setting.ts'

const rowOf = (id: string): Loss => {
  const [name, space] = id.split(' ')
  return lossOf(name, space ? { space } : {})
}

/** Gradients of the mean loss by the student's parameters. */
function gradients(loss: Loss, at: Batch = batch, targetOf: (map: FlowMap) => FlowMap = map => map): Value[] {
  const n = student.count
  return valuesOf(
    (...x) =>
      grad((parameters: Tensor[]) => {
        const map = student.bind(parameters)
        return loss(drawOf({ map, target: targetOf(map) }, x.slice(n))).mean()
      })(x.slice(0, n)),
    ...allInputs(at),
  )
}

const flat = (list: readonly Value[]): Value => {
  const data = Float64Array.from(list.flatMap(({ data }) => [...data]))
  return { shape: [data.length], data }
}

/** Distance of two gradients, relative to the first. */
function distance(a: readonly Value[], b: readonly Value[], scale = 1): number {
  const [x, y] = [flat(a), flat(b)]
  return norm({ shape: x.shape, data: x.data.map((v, i) => v - scale * y.data[i]) }) / norm(x)
}

const rows: [string, Loss][] = [
  ...[...objectives.values()].filter(o => o.loss).map((o): [string, Loss] => [o.id, lossOf(o.id)]),
  ['psd velocity', lossOf('psd', { space: 'velocity' })],
  ['psd midpoint', lossOf('psd', { space: 'midpoint' })],
  ['esd with its spatial gradient', lossOf('esd', { spatialGradient: true })],
  ...Object.entries(diagonals),
]

describe('where gradients stop', () => {
  test.each(rows)('%s: the target is never differentiated', (_, loss) => {
    const own = gradients(loss)
    expect(norm(flat(own))).toBeGreaterThan(1e-5)
    expect(distance(own, gradients(loss, batch, frozen))).toBeLessThan(1e-12)
  })

  test.each(Object.entries(wrongGradients))(
    '%s: a stop in the wrong place changes the gradient',
    (id, wrong) => {
      expect(distance(gradients(rowOf(id)), gradients(wrong))).toBeGreaterThan(1e-2)
    },
  )

  test('every consistency rule has such a mistake', () => {
    const known = Object.keys(wrongGradients).map(id => id.split(' ')[0])
    const expected = [...objectives.values()].filter(o => o.loss && o.id !== 'semigroup').map(o => o.id)
    expect(known).toEqual(expect.arrayContaining(expected))
  })

  test('esd: its option changes the gradient, not the loss', () => {
    const [plain, spatial] = [lossOf('esd'), lossOf('esd', { spatialGradient: true })]
    expect(distance(gradients(plain), gradients(spatial))).toBeGreaterThan(1e-2)
    const value = (loss: Loss) =>
      valuesOf((...x) => loss(drawOf({ map: frozen() }, x.slice(student.count))), ...allInputs())[0]
    const [a, b] = [value(plain), value(spatial)]
    a.data.forEach((v, i) => {
      expect(v).toBeCloseTo(b.data[i], 13)
    })
  })
})

describe('equal gradients, sample by sample', () => {
  const samples = [0, 1, 2, 3, 4]
  const gap = (i: number) => batch.s.data[i] - batch.t.data[i]

  test.each(samples)('psd in map space is (t-s)^2 psd in velocity space, sample %i', i => {
    const [map, velocity] = [lossOf('psd'), lossOf('psd', { space: 'velocity' })].map(loss =>
      gradients(loss, only(i)),
    )
    expect(distance(map, velocity, gap(i) ** 2)).toBeLessThan(1e-11)
    expect(distance(map, velocity, gap(i))).toBeGreaterThan(i === 0 ? -1 : 1e-2)
  })

  test('psd midpoint is psd in velocity space halfway, whatever m', () => {
    const half = {
      ...batch,
      m: { ...batch.m, data: batch.m.data.map((_, i) => (batch.s.data[i] + batch.t.data[i]) / 2) },
    }
    const velocity = lossOf('psd', { space: 'velocity' })
    const midpoint = gradients(lossOf('psd', { space: 'midpoint' }))
    expect(distance(midpoint, gradients(velocity, half))).toBeLessThan(1e-12)
    expect(distance(midpoint, gradients(velocity))).toBeGreaterThan(1e-3)
  })

  test.each(['map', 'velocity', 'midpoint'])('semigroup is psd, in %s space', space => {
    expect(distance(gradients(lossOf('semigroup', { space })), gradients(lossOf('psd', { space })))).toBe(0)
  })
})
