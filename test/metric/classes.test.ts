import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkAny } from '../../src/cli/golden/kinds.ts'
import { runtimeProducts } from '../../src/evaluation/products.ts'
import { classBalanceEstimate } from '../../src/metric/class-balance.ts'
import { type Classed, classCoverageBy, classCoverageEstimate } from '../../src/metric/class-coverage.ts'
import { coverageEstimate, neighbourEstimatesTo } from '../../src/metric/neighbours.ts'
import { pairsBetween, pairsWithin, thin } from '../../src/metric/pairs.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/golden-images/metric.json', import.meta.url), 'utf8'),
)

test('metrics of a few points are those of the reference, and change with a point', () => {
  expect(checkAny(fixture).passed).toBe(true)
  const changed = structuredClone(fixture)
  changed.batch.fake[0][0] += 0.01
  expect(checkAny(changed).passed).toBe(false)
})

describe('balance of classes', () => {
  test('is the share that would have to be of another class', () => {
    expect(classBalanceEstimate([0, 1, 2, 2], [0, 1, 2, 2], 3).value).toBe(0)
    expect(classBalanceEstimate([0, 1, 2, 2], [0, 0, 2, 2], 3).value).toBe(0.25)
    expect(classBalanceEstimate([0, 0], [1, 1], 3)).toMatchObject({ value: 1 })
  })

  test('has an interval that holds what other draws give', () => {
    const draw = (seed: number, share: number): number[] => {
      const source = random(seed, 'balance')
      return Array.from({ length: 400 }, () => (source.uniform() < share ? 0 : 1 + source.integer(3)))
    }
    const found = Array.from({ length: 100 }, (_, k) =>
      classBalanceEstimate(draw(k, 0.25), draw(1000 + k, 0.4), 4),
    )
    const mean = found.reduce((sum, { value }) => sum + value / 100, 0)
    const holding = found.filter(({ interval: [low, high] }) => low <= mean && mean <= high)
    expect(mean).toBeCloseTo(0.15, 1)
    expect(holding.length).toBeGreaterThanOrEqual(90)
  })
})

describe('coverage of classes', () => {
  /** Two classes far apart, each a cloud in the plane. */
  const draw = (seed: number, each: number, centres = [0, 20], spread = 1): Classed => {
    const source = random(seed, 'coverage')
    const classes = Array.from({ length: 2 * each }, (_, i) => i % 2)
    const values = Float64Array.from({ length: 4 * each }, (_, k) =>
      k % 2 === 0 ? centres[(k >> 1) % 2] + spread * source.normal() : spread * source.normal(),
    )
    return { values, classes }
  }
  const real = draw(1, 300)

  test('of fresh points is high in each class', () => {
    const { value, interval, byClass } = classCoverageEstimate(real, draw(2, 300), 2, 2)
    expect(value).toBeCloseTo((byClass[0] + byClass[1]) / 2, 12)
    for (const each of byClass) expect(each).toBeGreaterThan(0.93)
    // Coverage alone is that of all neighbour metrics.
    const own = (points: Classed) =>
      thin(
        points.values.filter((_, i) => (i >> 1) % 2 === 1),
        2,
        300,
      )
    const [a, b] = [own(real), own(draw(2, 300))]
    const pairs = { between: pairsBetween(a, b), withinSamples: pairsWithin(b) }
    const all = neighbourEstimatesTo(pairsWithin(a))(pairs)
    expect(coverageEstimate(pairsWithin(a), pairs.between)).toEqual(all.coverage)
    expect(byClass[1]).toBe(all.coverage.value)
    expect(interval[0]).toBeGreaterThan(0.9)
    expect(interval[1]).toBeLessThanOrEqual(1)
  })

  test('is the same by products', async () => {
    const products = runtimeProducts(nodeRuntime())
    const points = [real, draw(2, 300), 2, 2] as const
    const [expected, found] = [classCoverageEstimate(...points), await classCoverageBy(products, ...points)]
    expect(found.byClass).toEqual(expected.byClass)
  })

  test('is low for classes that are exchanged, and for one that is always the same point', () => {
    expect(classCoverageEstimate(real, draw(2, 300, [20, 0]), 2, 2).value).toBe(0)
    const still = draw(2, 300, [0, 20], 1e-3)
    expect(classCoverageEstimate(real, still, 2, 2).value).toBeLessThan(0.1)
  })

  test('compares as many points on both sides, and leaves out a class of few', () => {
    const few = { values: real.values.subarray(0, 400), classes: (real.classes as number[]).slice(0, 200) }
    const more = draw(2, 300)
    const byMore = classCoverageEstimate(few, more, 2, 2)
    const equal = { values: more.values.subarray(0, 400), classes: (more.classes as number[]).slice(0, 200) }
    expect(byMore).toEqual(classCoverageEstimate(few, equal, 2, 2))
    const lone = { values: real.values, classes: Array.from(real.classes, (k, i) => (i < 8 ? 2 : k)) }
    expect(classCoverageEstimate(lone, lone, 2, 4).byClass.slice(2)).toEqual([1, Number.NaN])
    expect(
      classCoverageEstimate({ ...lone, classes: lone.classes.map(() => 3) }, lone, 2, 4).byClass[3],
    ).toBeNaN()
  })
})
