import { describe, expect, test } from 'vitest'
import type { Value } from '../../src/autodiff/index.ts'
import { diagonals, type Loss, objectives } from '../../src/objective/index.ts'
import { wrongFormulas } from './mutants.ts'
import {
  type Batch,
  batch,
  column,
  exact,
  largest,
  lossOf,
  MEAN,
  norm,
  perturbed,
  residual,
  SIGMA,
} from './setting.ts'

/** What theory promises of a row at the exact solution. */
type Promise =
  | { readonly kind: 'zero' }
  /** Of second order in a step that `m` makes, from the target or from the source. */
  | { readonly kind: 'second order'; readonly from: 's' | 't' }
  /** Zero in the mean over the data that a point of the path may come from. */
  | { readonly kind: 'mean' }

interface Row {
  readonly id: string
  readonly name: string
  readonly loss: Loss
  readonly promise: Promise
}

const spaces = ['map', 'velocity', 'midpoint'] as const
const row = (id: string, promise: Promise, options = {}, name = id): Row => ({
  id,
  name,
  loss: lossOf(id, options),
  promise,
})
const zero: Promise = { kind: 'zero' }

const rows: readonly Row[] = [
  { id: 'flow-matching', name: 'flow-matching', loss: diagonals['flow-matching'], promise: { kind: 'mean' } },
  { id: 'teacher-velocity', name: 'teacher-velocity', loss: diagonals['teacher-velocity'], promise: zero },
  ...spaces.map(space => row('psd', zero, { space }, `psd ${space}`)),
  ...spaces.map(space => row('semigroup', zero, { space }, `semigroup ${space}`)),
  row('lmd', zero),
  row('lmd-discrete', { kind: 'second order', from: 't' }),
  row('lsd', zero),
  row('emd', zero),
  row('emd-discrete', { kind: 'second order', from: 's' }),
  row('esd', zero),
  row('esd', zero, { spatialGradient: true }, 'esd with its spatial gradient'),
  row('meanflow', { kind: 'mean' }),
]

const of = (kind: Promise['kind']) => rows.filter(({ promise }) => promise.kind === kind)

test('every row of the catalogue has its promise', () => {
  expect([...new Set(rows.map(({ id }) => id))].sort()).toEqual([...objectives.keys()].sort())
})

describe('zero at the exact map', () => {
  test.each(of('zero'))('$name', ({ loss }) => {
    expect(largest(residual(loss, { map: exact }))).toBeLessThan(1e-12)
  })

  test.each(of('zero'))('$name: not at a perturbed map', ({ loss }) => {
    expect(largest(residual(loss, { map: perturbed }))).toBeGreaterThan(5e-3)
  })
})

/** The order at which a residual falls when the step is halved, from 0.02 to 0.005. */
function convergenceOrder(loss: Loss, from: 's' | 't', map: typeof exact): number {
  const at = (step: number) => {
    const m: Value =
      from === 't' ? column(...batch.t.data.map(t => t + step)) : column(...batch.s.data.map(s => s - step))
    return norm(residual(loss, { map }, { ...batch, m }))
  }
  return Math.log2(at(0.02) / at(0.005)) / 2
}

describe('second order in the step at the exact map', () => {
  const steps = of('second order').map(({ name, loss, promise }) => ({
    name,
    loss,
    from: (promise as { from: 's' | 't' }).from,
  }))

  test.each(steps)('$name', ({ loss, from }) => {
    expect(convergenceOrder(loss, from, exact)).toBeCloseTo(2, 1)
  })

  test.each(steps)('$name: first order at a perturbed map', ({ loss, from }) => {
    expect(convergenceOrder(loss, from, perturbed)).toBeLessThan(1.5)
  })
})

/** Three-point Gauss-Hermite rule: exact for polynomials of degree 5. */
const NODES = [
  { z: 0, weight: 2 / 3 },
  { z: Math.sqrt(3), weight: 1 / 6 },
  { z: -Math.sqrt(3), weight: 1 / 6 },
]

/** Data and noise at `z` standard deviations of `x0 | x_s`, which is Gaussian; `x_s` stays where it is. */
function conditional(z: number): Batch {
  const [x0, eps] = [new Float64Array(batch.x0.data.length), new Float64Array(batch.x0.data.length)]
  x0.forEach((_, i) => {
    const s = batch.s.data[i >> 1]
    const mu = MEAN[i % 2]
    const x = (1 - s) * batch.x0.data[i] + s * batch.eps.data[i]
    const k2 = (1 - s) ** 2 * SIGMA ** 2 + s ** 2
    x0[i] = mu + (((1 - s) * SIGMA ** 2) / k2) * (x - (1 - s) * mu) + ((SIGMA * s) / Math.sqrt(k2)) * z
    eps[i] = (x - (1 - s) * x0[i]) / s
  })
  const { shape } = batch.x0
  return { ...batch, x0: { shape, data: x0 }, eps: { shape, data: eps } }
}

function conditionalMean(loss: Loss, map: typeof exact): Value {
  const parts = NODES.map(({ z, weight }) => ({ weight, value: residual(loss, { map }, conditional(z)) }))
  const data = parts[0].value.data.map((_, i) =>
    parts.reduce((sum, { weight, value }) => sum + weight * value.data[i], 0),
  )
  return { shape: parts[0].value.shape, data }
}

describe('zero in the conditional mean at the exact map', () => {
  test.each(of('mean'))('$name', ({ loss }) => {
    expect(largest(conditionalMean(loss, exact))).toBeLessThan(1e-12)
    // Only in the mean: a single sample leaves a residual.
    expect(largest(residual(loss, { map: exact }))).toBeGreaterThan(0.1)
  })

  test.each(of('mean'))('$name: not at a perturbed map', ({ loss }) => {
    expect(largest(conditionalMean(loss, perturbed))).toBeGreaterThan(5e-3)
  })
})

describe('a wrong formula is seen', () => {
  const mutants = Object.entries(wrongFormulas).flatMap(([id, list]) =>
    Object.entries(list).map(([mistake, loss]) => ({ id, mistake, loss })),
  )
  const promiseOf = (id: string) => rows.find(r => r.id === id.split(' ')[0])!.promise

  test.each(mutants)('$id: $mistake', ({ id, loss }) => {
    const promise = promiseOf(id)
    if (promise.kind === 'zero') expect(largest(residual(loss, { map: exact }))).toBeGreaterThan(1e-2)
    else if (promise.kind === 'mean') expect(largest(conditionalMean(loss, exact))).toBeGreaterThan(1e-2)
    else expect(convergenceOrder(loss, promise.from, exact)).toBeLessThan(1.5)
  })

  test('for every rule of the catalogue', () => {
    expect(Object.keys(wrongFormulas).map(id => id.split(' ')[0])).toEqual(
      expect.arrayContaining([...objectives.keys()].filter(id => id !== 'semigroup')),
    )
  })
})
