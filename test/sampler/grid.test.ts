import { describe, expect, test } from 'vitest'
import { checkGrid, checkWholeGrid, GridError } from '../../src/sampler/grid.ts'
import { uniformGrid } from '../../src/sampler/sampler.ts'

describe('checkGrid', () => {
  test.each([[[1, 0]], [[0, 1]], [[1, 0.6, 0.2, 0]], [[0.7, 0.3]], [[0.1, 0.2, 0.9]], [uniformGrid(1000)]])(
    'takes %j',
    grid => {
      expect(checkGrid(grid)).toBe(grid)
    },
  )

  test.each([
    [[], /^grid of no times: expected at least two times, e\.g\. 1,0$/],
    [[1], /^grid 1: expected at least two times/],
    [[1.5, 0], /^grid 1\.5,0: expected times from 0 \(data\) to 1 \(noise\), found 1\.5$/],
    [[1, -0.1], /found -0\.1$/],
    [[1, Number.NaN, 0], /found NaN$/],
    [
      [1, 0.5, 0.5, 0],
      /^grid 1,0\.5,0\.5,0: expected times that only decrease or only increase, found 0\.5 after 0\.5$/,
    ],
    [[1, 1], /found 1 after 1$/],
    [[1, 0.3, 0.6, 0], /found 0\.6 after 0\.3$/],
    [[0, 0.3, 0.2, 1], /found 0\.2 after 0\.3$/],
    [[1, 0, 1], /found 1 after 0$/],
    [[...uniformGrid(20), 0], /^grid 1,0\.95,0\.9,0\.85,0\.8,0\.75,0\.7,0\.65,\.\.\.: /],
  ])('refuses %j', (grid, message) => {
    expect(() => checkGrid(grid)).toThrow(GridError)
    expect(() => checkGrid(grid)).toThrow(message)
  })
})

describe('checkWholeGrid', () => {
  test('takes what falls from 1 to 0', () => {
    expect(checkWholeGrid([1, 0.4, 0])).toEqual([1, 0.4, 0])
  })

  test.each([[[1, 0.1]], [[0.9, 0]], [[0, 1]]])('refuses %j', grid => {
    expect(() => checkWholeGrid(grid)).toThrow(
      `expected to start at 1 (noise) and to end at 0 (data), found ${grid[0]} to ${grid.at(-1)}`,
    )
  })

  test('refuses what checkGrid does', () => {
    expect(() => checkWholeGrid([1, 0.2, 0.3, 0])).toThrow('only decrease or only increase')
  })
})
