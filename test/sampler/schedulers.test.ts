import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { askedGrid } from '../../src/cli/grid-flag.ts'
import { timesOf } from '../../src/cli/way.ts'
import { checkWholeGrid, GridError } from '../../src/sampler/grid.ts'
import { euler, jumpThrough, uniformGrid } from '../../src/sampler/sampler.ts'
import {
  dynamicShift,
  type FlowMatchOptions,
  flowMapEulerGrid,
  flowMatchEulerGrid,
} from '../../src/sampler/schedulers.ts'

interface Case {
  readonly options: FlowMatchOptions
  readonly sigmas: readonly number[]
  readonly end: readonly number[]
}

/** Values of diffusers itself; the script beside the file made them. */
const fixture = JSON.parse(readFileSync(new URL('./fixtures/diffusers.json', import.meta.url), 'utf8')) as {
  start: number[]
  flowMap: Case[]
  flowMatch: Case[]
}

const start = Float32Array.from(fixture.start)
const close = (found: ArrayLike<number>, expected: readonly number[], tolerance: number) => {
  expect(found.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(Math.abs(found[i] - value)).toBeLessThan(tolerance)
  })
}
const named = (cases: readonly Case[]) => cases.map(given => [JSON.stringify(given.options), given] as const)

describe('FlowMapEulerDiscreteScheduler', () => {
  test.each(named(fixture.flowMap))(
    '%s has the same sigmas and ends',
    async (_, { options, sigmas, end }) => {
      const grid = flowMapEulerGrid(options)
      close(grid, sigmas, 1e-14)
      const jump = async (x: Float32Array, s: number, t: number) =>
        x.map(value => value + (t - s) * (Math.sin(3 * value) + s * value - t))
      close(await jumpThrough(jump, start, grid), end, 1e-5)
    },
  )

  test('without a shift is the uniform grid', () => {
    close(flowMapEulerGrid({ steps: 7 }), uniformGrid(7), 1e-15)
  })
})

describe('FlowMatchEulerDiscreteScheduler', () => {
  test.each(named(fixture.flowMatch))(
    '%s has the same sigmas and ends',
    async (_, { options, sigmas, end }) => {
      const grid = flowMatchEulerGrid(options)
      close(grid, sigmas, 1.5e-7)
      const step = euler(async (x: Float32Array, t: number) =>
        x.map(value => Math.sin(3 * value) + t * value),
      )
      close(await jumpThrough(step, start, grid), end, 1e-5)
    },
  )

  test('the shift of image pipelines is linear in the tokens', () => {
    expect(dynamicShift(256)).toBe(0.5)
    expect(dynamicShift(4096)).toBeCloseTo(1.15, 12)
    expect(dynamicShift(1024)).toBeCloseTo(0.63, 12)
    expect(dynamicShift(15, [10, 1], [20, 2])).toBe(1.5)
  })
})

test('every schedule is a grid from noise to data', () => {
  const options = fc.record(
    {
      steps: fc.integer({ min: 1, max: 60 }),
      shift: fc.double({ min: 0.2, max: 12, noNaN: true }),
      mu: fc.double({ min: 0.1, max: 2, noNaN: true }),
      timeShift: fc.constantFrom('exponential' as const, 'linear' as const),
      spacing: fc.constantFrom('shifted' as const, 'karras' as const, 'exponential' as const),
    },
    { requiredKeys: ['steps'] },
  )
  fc.assert(
    fc.property(options, given => {
      checkWholeGrid(flowMapEulerGrid(given))
      checkWholeGrid(flowMatchEulerGrid(given))
    }),
  )
})

test.each<[FlowMatchOptions, RegExp]>([
  [{ steps: 0 }, /schedule: expected 1 to 10000 steps, found 0/],
  [{ steps: 2.5 }, /found 2.5/],
  [{ steps: 2, shift: 0 }, /a shift above 0, found 0/],
  [{ steps: 2, mu: Number.NaN }, /a mu from -100 to 100, found NaN/],
  [{ steps: 2, mu: -1, timeShift: 'linear' }, /a mu from 0 to 100, found -1/],
  [{ steps: 2, terminal: 1 }, /a terminal between 0 and 1, found 1/],
  [{ steps: 1, terminal: 0.1 }, /at least two steps where a terminal is given/],
  [{ steps: 20, trainSteps: 10 }, /at least as many training steps as the 20/],
])('%j is refused', (options, message) => {
  expect(() => flowMatchEulerGrid(options)).toThrow(GridError)
  expect(() => flowMatchEulerGrid(options)).toThrow(message)
})

describe('on the command line', () => {
  const grid = (text: string) => timesOf(askedGrid('--grid')(text), 'linear')

  test('a schedule has its name and options', () => {
    expect(grid('flow-map:4,shift=5')).toEqual(flowMapEulerGrid({ steps: 4, shift: 5 }))
    expect(grid('flow-match:6,mu=0.8,timeShift=linear,spacing=karras')).toEqual(
      flowMatchEulerGrid({ steps: 6, mu: 0.8, timeShift: 'linear', spacing: 'karras' }),
    )
  })

  test.each([
    ['flow-map', /--grid flow-map: expected a number of steps/],
    ['flow-map:0', /found "0"/],
    ['flow-map:4,mu=1', /flow-map: has no option "mu"; its options are shift/],
    ['flow-match:4,shift=', /--grid flow-match: expected options such as eta=0.5,scale=2, found "shift="/],
    ['flow-match:4,spacing=odd', /flow-match: spacing: .*found odd/],
    ['flow-much:4', /--grid: expected times such as 1,0.5,0, .* found "flow-much:4"/],
  ])('%s is refused', (text, message) => {
    expect(() => grid(text)).toThrow(message)
  })
})
