import { describe, expect, test } from 'vitest'
import { scaleLaws } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { COUNT, distance, LIMIT, uniform } from './statistics.ts'

describe('guidance scales', () => {
  const RANGE = [1, 8] as const
  /** What is uniform of a law. */
  const UNIFORM = {
    uniform: (w: number) => w,
    'log-uniform': Math.log,
    'inverse-uniform': (w: number) => -1 / w,
  } as const satisfies Record<keyof typeof scaleLaws, (w: number) => number>
  const laws = Object.keys(scaleLaws) as (keyof typeof scaleLaws)[]
  const drawn = (law: keyof typeof scaleLaws, seed = 1) => {
    const source = random(seed, 'guidance')
    return Array.from({ length: COUNT }, () => scaleLaws[law](source, RANGE))
  }

  test.each(laws)('%s', law => {
    const of = UNIFORM[law]
    const [low, high] = RANGE.map(of)
    expect(distance(drawn(law).map(of), uniform(low, high))).toBeLessThan(LIMIT)
    for (const other of laws.filter(other => other !== law)) {
      expect(distance(drawn(other).map(of), uniform(low, high)), other).toBeGreaterThan(LIMIT)
    }
  })

  test.each(laws)('%s stays in its range', law => {
    expect(Math.min(...drawn(law))).toBeGreaterThanOrEqual(1 - 1e-12)
    expect(Math.max(...drawn(law))).toBeLessThanOrEqual(8 + 1e-12)
  })
})
