import { describe, expect, test } from 'vitest'
import type { Mixture } from '../../src/data/dataset.ts'
import { energyDistance } from '../../src/metric/energy-distance.ts'
import { modeEstimates, modeJS } from '../../src/metric/mode-divergence.ts'
import { trajectoryError } from '../../src/metric/trajectory-error.ts'
import { random } from '../../src/random/random.ts'
import { lineA, lineB, planeA, planeB, reference } from './reference.ts'

describe('modeJS', () => {
  const mixtureOf = (means: number[][], weights: number[]): Mixture => ({
    components: means.map((mean, k) => ({ weight: weights[k], mean, scales: mean.map(() => 1) })),
  })
  const pair = mixtureOf(
    [
      [-1, 0],
      [1, 0],
    ],
    [0.5, 0.5],
  )

  test('agrees with scipy', () => {
    const { means, weights, js } = reference.modes
    expect(modeJS(planeB, mixtureOf(means, weights))).toBeCloseTo(js, 12)
  })

  test('is zero at the weights, and log 2 when only modes without weight are visited', () => {
    expect(modeJS(Float64Array.of(-2, 3, 0.1, -2), pair)).toBe(0)
    expect(
      modeJS(
        Float64Array.of(1, 0),
        mixtureOf(
          [
            [-1, 0],
            [1, 0],
          ],
          [1, 0],
        ),
      ),
    ).toBeCloseTo(Math.LN2, 12)
  })

  test('a missed mode of two costs its closed form', () => {
    const closed = 0.5 * Math.log(4 / 3) + 0.25 * Math.log(2 / 3) + 0.25 * Math.log(2)
    expect(modeJS(Float64Array.of(1, 0, 2, 2), pair)).toBeCloseTo(closed, 12)
  })

  test('samples that are off every mode, or not finite, visit none', () => {
    expect(modeJS(Float64Array.of(-900, 0, 900, 0), pair)).toBeCloseTo(Math.LN2, 12)
    const half = 0.5 * Math.log(4 / 3) + 0.25 * Math.log(2 / 3) + 0.25 * Math.log(2)
    const weighed = modeJS(Float64Array.of(-1, 0, 1, 0, 40, 0, Number.NaN, 0), pair)
    expect(weighed).toBeCloseTo(half, 12)
    expect(modeEstimates(Float64Array.of(-900, 0, 900, 0), pair).coverage.value).toBe(0)
  })
})

describe('energyDistance', () => {
  test('agrees with scipy on a line and numpy in the plane', () => {
    expect(energyDistance(lineA, lineB, 1)).toBeCloseTo(reference.lineEnergy, 10)
    expect(energyDistance(planeA, planeB, 2)).toBeCloseTo(reference.planeEnergy, 10)
  })

  test('two points cost twice their distance', () => {
    expect(energyDistance(Float64Array.of(0, 0), Float64Array.of(3, 4), 2)).toBe(10)
  })

  test('is zero for equal clouds and takes clouds of different sizes', () => {
    expect(energyDistance(planeA, planeA, 2)).toBe(0)
    expect(energyDistance(planeA, planeA.subarray(0, 200), 2)).toBeGreaterThan(0)
  })

  test('thins large clouds evenly', () => {
    const stream = random(1, 'test')
    const cloud = Float64Array.from({ length: 9000 }, () => stream.normal())
    const kept = Float64Array.from({ length: 1000 }, (_, i) => cloud[9 * i])
    expect(energyDistance(lineA, cloud, 1, { limit: 1000 })).toBe(energyDistance(lineA, kept, 1))
    expect(energyDistance(lineA, cloud, 1)).not.toBe(energyDistance(lineA, cloud, 1, { limit: 1000 }))
  })

  test('is NaN when a coordinate is not finite', () => {
    expect(energyDistance(planeA, Float64Array.of(1, Number.POSITIVE_INFINITY), 2)).toBeNaN()
  })
})

describe('trajectoryError', () => {
  test('is the root of the mean squared distance of rows', () => {
    const moved = Float32Array.of(3, 4, 0, 0)
    expect(trajectoryError(moved, new Float32Array(4), 2)).toBeCloseTo(Math.sqrt(12.5), 12)
    expect(trajectoryError(planeA, planeA, 2)).toBe(0)
  })

  test('sees the order of the rows', () => {
    expect(trajectoryError(Float64Array.of(0, 1), Float64Array.of(1, 0), 1)).toBe(1)
  })

  test('refuses clouds of different sizes', () => {
    expect(() => trajectoryError(planeA, planeB.subarray(4), 2)).toThrow('found 150 and 148')
  })
})
