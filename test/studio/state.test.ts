import { strToU8 } from 'fflate'
import { expect, test } from 'vitest'
import { pack } from '../../src/studio/engine/bytes.ts'
import { decodeState, initialState } from '../../src/studio/state.ts'

const link = (state: object): string => pack(strToU8(JSON.stringify(state)))

test('links of older versions open: with the step of a tour, the old name of a view, and without what is new', () => {
  const { play, ...old } = initialState
  expect(decodeState(link({ ...old, view: 'reward', tour: 3 }))).toEqual({ ...initialState, view: 'steer' })
  expect(decodeState(link({ ...old, tour: null }))).toEqual(initialState)
  expect(play.way).toBe(0)
})

test.each([
  ['an unknown view', { view: 'elsewhere' }],
  ['an unknown key', { weather: 'fine' }],
  ['a way that is none', { play: { way: 4, point: [0, 0] } }],
])('%s is refused', (_, change) => {
  expect(() => decodeState(link({ ...initialState, ...change }))).toThrow('This link is damaged')
})

test('a link from before there were kernels steers by jumps, as it did; a new one by what the library chooses', () => {
  const { method: _, kernel, lookAhead, ...reward } = { ...initialState.reward, moves: 8 }
  expect([kernel, lookAhead]).toEqual([null, null])
  expect(decodeState(link({ ...initialState, reward })).reward).toEqual({
    ...initialState.reward,
    moves: 8,
    kernel: 'jump',
  })
})
