import { describe, expect, test } from 'vitest'
import { random } from '../../src/random/random.ts'
import { RESAMPLINGS } from '../../src/steering/names.ts'
import { resamplings } from '../../src/steering/resampling.ts'
import { effectiveCount, logMeanExp, normalized } from '../../src/steering/weights.ts'

const WEIGHTS = Float64Array.of(0.31, 0.02, 0.17, 0.05, 0.45)
const N = WEIGHTS.length

function counts(chosen: Int32Array): number[] {
  const result = new Array<number>(N).fill(0)
  for (const i of chosen) result[i]++
  return result
}

describe('resampling', () => {
  test.each(RESAMPLINGS)('%s gives N w copies in the mean', name => {
    const [source, runs] = [random(1, name), 40_000]
    const sums = new Array<number>(N).fill(0)
    for (let run = 0; run < runs; run++) {
      counts(resamplings[name](WEIGHTS, () => source.uniform())).forEach((count, i) => {
        sums[i] += count
      })
    }
    // The variance of one count is at most that of a binomial.
    sums.forEach((sum, i) => {
      const error = Math.sqrt((N * WEIGHTS[i] * (1 - WEIGHTS[i])) / runs)
      expect(Math.abs(sum / runs - N * WEIGHTS[i])).toBeLessThan(4 * error)
    })
  })

  test('systematic gives the floor or the ceiling, and its mean over u is exact', () => {
    const [parts, sums] = [1000, new Array<number>(N).fill(0)]
    for (let k = 0; k < parts; k++) {
      counts(resamplings.systematic(WEIGHTS, () => (k + 0.5) / parts)).forEach((count, i) => {
        expect(Math.abs(count - N * WEIGHTS[i])).toBeLessThan(1)
        sums[i] += count / parts
      })
    }
    for (const [i, mean] of sums.entries()) expect(mean).toBeCloseTo(N * WEIGHTS[i], 2)
  })

  test('a particle without weight is never chosen, at either end', () => {
    const weights = Float64Array.of(0, 0.5, 0, 0.5, 0)
    for (const name of RESAMPLINGS) {
      for (const u of [0, 0.5, 1 - 2 ** -53]) {
        const chosen = resamplings[name](weights, () => u)
        expect(
          [...chosen].every(i => weights[i] > 0),
          `${name} ${u}: ${chosen}`,
        ).toBe(true)
      }
    }
  })
})

test('weights that are far apart lose no digits', () => {
  expect(logMeanExp([-1000, -1000])).toBe(-1000)
  expect([...normalized([1000, 1000 + Math.log(3)])]).toEqual([
    expect.closeTo(0.25, 12),
    expect.closeTo(0.75, 12),
  ])
  expect(effectiveCount([1, 1, 0, 0])).toBe(2)
})
