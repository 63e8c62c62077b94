import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/index.ts'
import { fitOrder } from '../../src/evaluation/order-fit.ts'
import { chooseSolvers } from '../../src/evaluation/solver-choice.ts'
import { type Followed, LADDER, solverCurves } from '../../src/evaluation/solver-comparison.ts'
import { interpolants, predictions } from '../../src/model/index.ts'
import type { SamplingMethod } from '../../src/sampler/names.ts'
import { solverOf } from '../../src/sampler/solvers/table.ts'
import { exactField, gaussianField, MIXTURE, type PathName } from '../sampler/solver-world.ts'

const START = Float64Array.from([-0.43, -1.13, 0.67, -1.1, 2.01, 0.92, -0.36, 0.57])
const [MEAN, DEVIATION] = [0.4, 0.5]

/** An exact velocity on a path. */
const followed = (name: PathName, field: ReturnType<typeof gaussianField>): Followed => ({
  answer: async ({ x, s }) => field(x, s),
  path: interpolants[name],
  prediction: predictions.velocity,
  start: () => START,
  dimension: 2,
  steep: interpolants[name].steepAtData === true,
})

/** Gaussian data, whose flow is affine and known: `mean + deviation/sigma(1) x`. */
const gaussian = (name: PathName): Followed =>
  followed(name, gaussianField(interpolants[name], MEAN, DEVIATION))

/** Three modes that are wide enough for orders to show within 128 evaluations. */
const mixture = (name: PathName): Followed => {
  const components = MIXTURE.components.map(each => ({ ...each, scales: [0.7, 0.7] }))
  return followed(name, exactField({ components }, interpolants[name], START.length / 2))
}

const curvesOf = (followed: Followed, methods: readonly SamplingMethod[], tolerance = 1e-12) =>
  solverCurves(followed, methods, { spread: Math.SQRT2 * DEVIATION, tolerance })

describe('the order that errors show', () => {
  const power = (order: number, from = 4) =>
    [4, 8, 16, 32, 64, 128].filter(n => n >= from).map(n => ({ evaluations: n, error: 3 * n ** -order }))

  test.each([1, 2, 4, 1.5])('is that of a power law, %d', order => {
    const fit = fitOrder(power(order), 0)!
    expect(fit.order).toBeCloseTo(order, 10)
    expect(fit.points).toBe(4)
  })

  test('leaves out errors near that of the reference, and what no longer falls', () => {
    const floor = 1e-4
    const bent = power(2).map(({ evaluations, error }) => ({ evaluations, error: error + floor }))
    expect(fitOrder(bent, floor)!.points).toBe(4)
    expect(fitOrder(bent, floor)!.order).toBeGreaterThan(1.85)
    const level = power(2).map(({ evaluations, error }) => ({ evaluations, error: Math.max(error, 0.01) }))
    expect(fitOrder(level, 0)!.points).toBe(3)
    expect(fitOrder(level, 0)!.order).toBeCloseTo(2, 10)
    const broken = power(2).map((point, i) => (i === 1 ? { ...point, error: null } : point))
    expect(fitOrder(broken, 0)!.order).toBeCloseTo(2, 10)
  })

  test('is not shown by fewer than three', () => {
    expect(fitOrder(power(2, 64), 0)).toBeNull()
    expect(fitOrder(power(2), 1)).toBeNull()
    expect(fitOrder([], 0)).toBeNull()
    const flat = power(0.2)
    expect(fitOrder(flat, 0)).toBeNull()
  })
})

describe('solvers of an exact velocity', () => {
  test.each<[string, Followed, readonly SamplingMethod[]]>([
    ['a Gaussian, trig', gaussian('trig'), ['euler', 'heun', 'midpoint', 'rk4', 'edm']],
    ['a mixture, linear', mixture('linear'), ['euler', 'heun', 'midpoint', 'rk4', 'ddim', 'dpm++2m', 'edm']],
  ])('have their declared orders on %s', async (_, world, methods) => {
    const { curves, reference } = await curvesOf(world, methods)
    expect(reference.error).toBeLessThan(1e-10)
    expect(curves.map(({ method }) => method)).toEqual(methods)
    for (const { method, declared, fit } of curves) {
      expect(declared).toBe(solverOf(method).order.path)
      expect(fit!.points).toBe(4)
      expect(Math.abs(fit!.order - declared!), `${method} ${fit!.order}`).toBeLessThan(0.35)
    }
  })

  test('are measured from where the exact flow ends', async () => {
    const { curves } = await curvesOf(gaussian('linear'), ['euler'])
    const { evaluations, error } = curves[0].errors[0]
    expect(evaluations).toBe(1)
    // Euler's one step with v(x, 1) = x - mean goes to the mean.
    const square = START.reduce((sum, x) => sum + (DEVIATION * x) ** 2, 0) / (START.length / 2)
    expect(error).toBeCloseTo(Math.sqrt(square) / (Math.SQRT2 * DEVIATION), 6)
  })

  test.each(['vp', 'cosine'] as const)(
    'go to the data itself on %s, whose velocity is infinite there',
    async path => {
      const { curves, reference } = await curvesOf(gaussian(path), ['ddim', 'dpm++2m'], 1e-9)
      expect(reference.error).toBeLessThan(1e-5)
      const [ddim, dpm] = curves
      expect(ddim.fit!.order).toBeGreaterThan(0.8)
      expect(ddim.fit!.order).toBeLessThan(1.3)
      expect(dpm.errors.at(-1)!.error).toBeLessThan(ddim.errors.at(-1)!.error! / 5)
    },
  )

  test('are given as many evaluations as they take', async () => {
    const { curves } = await curvesOf(gaussian('linear'), ['heun', 'rk4', 'edm', 'adaptive'])
    const counts = curves.map(({ errors }) => errors.map(({ evaluations }) => evaluations))
    expect(counts.slice(0, 3)).toEqual([LADDER.slice(1), LADDER.slice(2), [1, 3, 7, 15, 31, 63, 127]])
    for (const all of counts) {
      expect(all).toEqual([...new Set(all)].sort((a, b) => a - b))
      expect(all.at(-1)).toBeLessThanOrEqual(128)
    }
  })

  test('end where one of them finds no way, and the others go on', async () => {
    const world = gaussian('vp')
    const answer: Followed['answer'] = async question =>
      question.s < 1e-8 ? START.map(() => Number.NaN) : world.answer(question)
    const { curves } = await curvesOf({ ...world, answer }, ['ddim', 'adaptive'], 1e-6)
    expect(curves.map(({ errors }) => errors.length)).toEqual([LADDER.length, 0])
  })

  test('no order is shown where a method is exact, and none of what diverges', async () => {
    const still = { ...gaussian('linear'), answer: async () => START.map(() => 1) }
    const { curves } = await curvesOf(still, ['euler', 'heun'])
    expect(curves.map(({ fit }) => fit)).toEqual([null, null])
    const jumps = { ...gaussian('linear') }
    const lost: Followed = {
      ...jumps,
      answer: async question =>
        question.t === undefined ? jumps.answer(question) : START.map(() => Number.NaN),
    }
    const [{ errors, fit }] = (await curvesOf(lost, ['jump'])).curves
    expect(errors.map(({ error }) => error)).toEqual(LADDER.map(() => null))
    expect(fit).toBeNull()
  })
})

describe('what is compared', () => {
  const map = { objective: 'psd', interpolant: 'linear' } as const
  const velocity = { ...map, objective: 'flow-matching' }

  test('is everything that fits, and the reason of what does not', () => {
    const { methods, notes } = chooseSolvers(map, 'all', false)
    expect(methods).toEqual([
      'jump',
      'euler',
      'heun',
      'midpoint',
      'rk4',
      'ddim',
      'dpm++2m',
      'edm',
      'adaptive',
    ])
    expect(notes).toEqual([
      'left out renoise, bridge, ancestral, sde-dpm++2m, euler-maruyama: noise is added on the way, so points follow no path to compare',
    ])
  })

  test('follows the needs that solvers declare', () => {
    const steep = chooseSolvers({ ...velocity, interpolant: 'vp' }, 'all', false)
    expect(steep.methods).toEqual(['euler', 'midpoint', 'ddim', 'dpm++2m', 'edm'])
    expect(steep.notes.join()).toMatch(/left out heun, rk4, adaptive: needs the velocity at the data/)
  })

  test('has the jumps of a map beside what is named, not those of a velocity or of a map that is guided', () => {
    expect(chooseSolvers(map, ['heun'], false)).toEqual({ methods: ['jump', 'heun'], notes: [] })
    expect(chooseSolvers(velocity, ['heun'], false)).toEqual({ methods: ['heun'], notes: [] })
    const guided = chooseSolvers(map, ['heun'], true)
    expect(guided.methods).toEqual(['heun'])
    expect(guided.notes.join()).toMatch(/left out jump: a guided jump is not the jump of the guided flow/)
  })

  test.each<[string, Parameters<typeof chooseSolvers>, RegExp]>([
    ['noise', [map, ['ancestral'], false], /solvers: ancestral: noise is added on the way/],
    ['an unmet need', [{ ...map, interpolant: 'vp' }, ['rk4'], false], /infinite on the vp path/],
    ['jumps of a velocity', [velocity, ['jump'], false], /Euler's steps, which euler is/],
    [
      'a map to data',
      [{ ...map, objective: 'ct' }, 'all', false],
      /ct learns jumps to the data and no velocity/,
    ],
  ])('%s is refused', (_, given, message) => {
    expect(() => chooseSolvers(...given)).toThrow(ConfigError)
    expect(() => chooseSolvers(...given)).toThrow(message)
  })
})
