import { describe, expect, test } from 'vitest'
import { interpolants } from '../../src/model/index.ts'
import { argmaxClock, argmaxTime } from '../../src/objective/argmax-law.ts'
import { singleTime, timeLaws } from '../../src/objective/times.ts'
import { random } from '../../src/random/random.ts'
import { gridTimes, usualGrid } from '../../src/sampler/named-grids.ts'

const COUNT = 4000
const quantile = (values: number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(part * values.length)]

describe('the clock in which symbols are decided', () => {
  test.each([2, 11, 27])('of %i symbols is the law, and undoes itself', alphabet => {
    const { time, part } = argmaxClock({ alphabet, share: 1 })
    for (const p of [0.05, 0.25, 0.5, 0.75, 0.95]) {
      expect(time(p)).toBeCloseTo(argmaxTime(p, alphabet), 3)
      expect(part(time(p))).toBeCloseTo(p, 3)
    }
  })

  test('is mixed with uniform times', () => {
    const [all, some] = [1, 0.9].map(share => argmaxClock({ alphabet: 27, share }).time)
    expect(some(0.5)).toBeCloseTo(0.9 * all(0.5) + 0.05, 12)
    expect([some(0), some(1)]).toEqual([0, 1])
  })
})

describe('the law argmax', () => {
  const options = { alphabet: 27, argmaxShare: 1, minimum: 0 }

  test('draws single times with the published quartiles', () => {
    const source = random(1, 'single')
    const draw = singleTime('argmax', options)
    const times = Array.from({ length: COUNT }, () => draw(source))
    for (const [part, published] of [
      [0.25, 0.27],
      [0.5, 0.33],
      [0.75, 0.43],
    ]) {
      expect(Math.abs(quantile(times, part) - published)).toBeLessThan(0.015)
    }
  })

  test('draws pairs whose target is uniform below the source in its clock', () => {
    const source = random(2, 'pairs')
    const law = timeLaws.argmax({ ...options, minimum: 0.05 })
    const { part } = argmaxClock({ alphabet: 27, share: 1 })
    const times = { s: 0, t: 0, m: 0 }
    const shares: number[] = []
    for (let i = 0; i < COUNT; i++) {
      law(source, times)
      expect(times.s).toBeGreaterThanOrEqual(0.05 - 1e-3)
      expect(times.t <= times.m && times.m <= times.s).toBe(true)
      shares.push(part(times.t) / part(times.s))
    }
    for (const share of [0.25, 0.5, 0.75])
      expect(Math.abs(quantile(shares, share) - share)).toBeLessThan(0.04)
  })

  test('puts m between by its clock where that is asked for', () => {
    const source = random(3, 'middle')
    const { part } = argmaxClock({ alphabet: 27, share: 1 })
    const farthest = (clock: 'time' | 'law') => {
      const law = timeLaws.argmax({ ...options, minimum: 0.05, between: [0.5, 0.5], clock })
      const times = { s: 0, t: 0, m: 0 }
      const misses = Array.from({ length: 200 }, () => {
        law(source, times)
        return Math.abs(part(times.m) - (part(times.s) + part(times.t)) / 2)
      })
      return Math.max(...misses)
    }
    expect(farthest('law')).toBeLessThan(1e-6)
    expect(farthest('time')).toBeGreaterThan(0.1)
  })
})

describe('the grid argmax', () => {
  const path = interpolants.linear
  test('has equal parts of the clock, from noise to data', () => {
    const own = { alphabet: 11, share: 0.9 }
    const grid = gridTimes({ name: 'argmax', steps: 4, options: own }, path)
    const { part } = argmaxClock(own)
    expect([grid[0], grid[4]]).toEqual([1, 0])
    grid.forEach((t, i) => {
      expect(part(t)).toBeCloseTo(1 - i / 4, 6)
    })
    expect(usualGrid({ method: 'jump' }, path, 4, own)).toEqual(grid)
    expect(usualGrid({ method: 'jump' }, path, 4)).toEqual([1, 0.75, 0.5, 0.25, 0])
  })

  test('needs the number of symbols', () => {
    expect(() => gridTimes({ name: 'argmax', steps: 4, options: {} }, path)).toThrow('alphabet')
  })
})
