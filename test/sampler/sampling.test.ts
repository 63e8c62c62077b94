import { describe, expect, test } from 'vitest'
import { planSamples } from '../../src/evaluation/planned-samples.ts'
import { GridError } from '../../src/sampler/grid.ts'
import { drawNoise, uniformGrid } from '../../src/sampler/sampler.ts'
import { methodFor, sample, sampleNoise, whyUntrained } from '../../src/sampler/sampling.ts'
import { UNKNOWN } from '../../src/serialization/guidance.ts'
import type { LoadedMap } from '../../src/serialization/loaded-map.ts'

describe('methodFor', () => {
  test.each([
    ['ct', [1, 0], 'jump'],
    ['ct', [1, 0.5, 0], 'renoise'],
    ['ct', [0, 0.5, 1], 'jump'],
    ['pid', [1, 0.5, 0], 'jump'],
    ['fmm', [1, 0.5, 0], 'jump'],
    ['lsd', [1, 0.5, 0], 'jump'],
    ['flow-matching', [1, 0.5, 0], 'jump'],
    [undefined, [1, 0.5, 0], 'jump'],
    ['of another version', [1, 0.5, 0], 'jump'],
  ] as const)('of %s through %j is %s', (objective, grid, method) => {
    expect(methodFor('auto', objective, grid)).toBe(method)
    for (const asked of ['jump', 'renoise', 'euler', 'heun'] as const) {
      expect(methodFor(asked, objective, grid)).toBe(asked)
    }
  })
})

describe('whyUntrained', () => {
  const [one, several, part, rest, back] = [[1, 0], uniformGrid(4), [1, 0.3], [0.3, 0], [0, 1]]
  const grids = { one, several, part, rest, back }

  /** The grids that an objective refuses. */
  const refused = (objective: string | undefined, method: 'jump' | 'renoise' | 'heun') =>
    Object.entries(grids).flatMap(([name, grid]) => (whyUntrained(objective, method, grid) ? [name] : []))

  test.each([
    ['lsd', ['back']],
    ['ct', ['several', 'part', 'back']],
    ['pid', ['several', 'rest', 'back']],
    ['fmm', []],
    ['flow-matching', []],
    ['teacher-velocity', []],
    [undefined, []],
  ] as const)('%s refuses the jumps of %j alone', (objective, names) => {
    expect(refused(objective, 'jump')).toEqual(names)
    const hasVelocity = objective !== 'ct' && objective !== 'pid'
    expect(refused(objective, 'heun').length > 0).toBe(!hasVelocity)
  })

  test('a diagonal term teaches a velocity beside jumps', () => {
    expect(whyUntrained('ct', 'heun', several)).toMatch(
      /^heun follows the velocity, and ct learns jumps to the/,
    )
    expect(whyUntrained('ct', 'heun', several, true)).toBeUndefined()
  })

  test('renoise asks for jumps to data only', () => {
    expect(whyUntrained('ct', 'renoise', several)).toBeUndefined()
    expect(whyUntrained('lsd', 'renoise', several)).toBeUndefined()
    expect(whyUntrained('pid', 'renoise', one)).toBeUndefined()
    expect(whyUntrained('pid', 'renoise', several)).toBeDefined()
  })

  test.each([
    [
      'ct',
      several,
      'ct is trained to end at data only (t = 0); several steps from noise take --method renoise',
    ],
    ['pid', several, 'pid is trained to begin at noise only (s = 1); sample it in one step'],
  ] as const)('says why, %s through %j', (objective, grid, reason) => {
    expect(whyUntrained(objective, 'jump', grid)).toBe(reason)
  })

  test('names the objectives that go both ways', () => {
    expect(whyUntrained('lsd', 'jump', back)).toMatch(
      /^lsd is trained to jump towards data only \(t < s\), not from 0 to 1; trained both ways: .*fmm.*; --method heun/,
    )
    expect(whyUntrained('ct', 'jump', back)).toMatch(/^ct .*fmm/)
  })
})

describe('sample', () => {
  /** A map that adds what it is asked for to its only point. */
  const mapOf = (objective?: string): LoadedMap => {
    const inner: LoadedMap['inner'] = {
      jump: async (x, s, t) => x.map(value => value + 10 * s + t),
      velocity: async (x, t) => x.map(() => t),
    }
    return {
      shape: [2],
      dimension: 1,
      objective,
      interpolant: 'trig',
      ...inner,
      inner,
      given: () => mapOf(objective),
      without: () => mapOf(objective),
      guidance: UNKNOWN,
      guided: () => mapOf(objective),
      close: async () => {},
    }
  }
  const start = Float32Array.of(0)

  test('jumps through the grid', async () => {
    const { points, method } = await sample(mapOf('lsd'), start, { grid: [1, 0.5, 0] })
    expect([points, method]).toEqual([Float32Array.of(10.5 + 5), 'jump'])
  })

  test('re-injects noise along the path of the run, by the seed', async () => {
    const through = async (
      grid: readonly number[],
      seed: number,
      interpolant: 'trig' | 'linear' = 'trig',
    ) => {
      const map = { ...mapOf('ct'), interpolant }
      const { points, method } = await sample(map, start, { grid, seed })
      expect(method).toBe('renoise')
      return points[0]
    }
    const half = await through([1, 0.5, 0], 1)
    expect(await through([1, 0.5, 0], 1)).toBe(half)
    expect(await through([1, 0.5, 0], 2)).not.toBe(half)
    // The first jump gives 10, the second adds 5 to what is left of it and to the noise, the same on both paths.
    const noise = (half - 5 - 10 * Math.SQRT1_2) / Math.SQRT1_2
    expect(await through([1, 0.5, 0], 1, 'linear')).toBeCloseTo(5 + 5 + 0.5 * noise, 5)
  })

  test('follows the velocity where asked, towards noise too', async () => {
    const { points, method } = await sample(mapOf('lsd'), start, { grid: [0, 0.5, 1], method: 'euler' })
    expect([points, method]).toEqual([Float32Array.of(0.25), 'euler'])
  })

  test.each([
    ['lsd', { grid: [0, 1] }, /^lsd is trained to jump towards data only/],
    ['pid', { grid: [1, 0.5, 0] }, /^pid is trained to begin at noise only/],
    ['ct', { grid: [1, 0.5, 0.2] }, /expected to start at 1 .* found 1 to 0\.2/],
    ['lsd', { grid: [1, 0.5, 0.7] }, /only decrease or only increase/],
    [undefined, { grid: [0, 1], method: 'renoise' }, /expected to start at 1/],
  ] as const)('refuses %s through %j', async (objective, options, message) => {
    await expect(sample(mapOf(objective), start, options)).rejects.toThrow(GridError)
    await expect(sample(mapOf(objective), start, options)).rejects.toThrow(message)
  })
})

describe('planSamples', () => {
  const ways = (objective: string, request: Parameters<typeof planSamples>[1]) => {
    const { samples, notes } = planSamples({ objective, interpolant: 'linear' }, request)
    return { ways: samples.map(({ steps, grid, named, method }) => [steps, grid, named, method]), notes }
  }

  test('numbers of steps and grids, each with its method', () => {
    expect(ways('ct', { steps: [1, 2], grids: [[1, 0.7, 0]], method: 'auto' })).toEqual({
      ways: [
        [1, [1, 0], false, 'jump'],
        [2, [1, 0.5, 0], false, 'renoise'],
        [2, [1, 0.7, 0], true, 'renoise'],
      ],
      notes: [],
    })
  })

  test('leaves out what is not trained, with one note', () => {
    const request = { steps: [1, 2, 4], grids: [[1, 0.7, 0]], method: 'auto' } as const
    expect(ways('pid', request)).toEqual({
      ways: [[1, [1, 0], false, 'jump']],
      notes: [
        'left out steps 2, 4, grid 1,0.7,0: pid is trained to begin at noise only (s = 1); sample it in one step',
      ],
    })
    expect(ways('pid', { ...request, steps: [] }).notes[0]).toMatch(/^left out grid 1,0\.7,0: /)
    expect(ways('lsd', request).notes).toEqual([])
  })

  test('refuses a grid that does not lead from noise to data', () => {
    expect(() =>
      planSamples(
        { objective: 'lsd', interpolant: 'linear' },
        { steps: [], grids: [[1, 0.5]], method: 'auto' },
      ),
    ).toThrow(GridError)
  })
})

describe('sampleNoise', () => {
  const jump = async (x: Float32Array, s: number, t: number) => x.map(value => value * (1 - s + t) + t)
  const map = {
    dimension: 3,
    objective: 'lsd',
    interpolant: 'linear',
    jump,
    inner: { jump, velocity: async (x: Float32Array) => x.map(Math.sin) },
  } as unknown as LoadedMap

  // More than a block, and an odd number of numbers in each.
  test.each(['jump', 'renoise', 'euler', 'heun'] as const)('gives by %s what sample gives', async method => {
    const count = 65_536 + 333
    const options = { grid: method === 'jump' ? [1, 0] : [1, 0.6, 0.3, 0], method, seed: 5 }
    const all = await sample(map, drawNoise(count, 3, 5), options)
    expect(await sampleNoise(map, count, options)).toEqual(all)
  })
})
