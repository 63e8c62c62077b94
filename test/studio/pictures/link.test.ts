import { expect, test } from 'vitest'
import { decodeState, encodeState, initialState, type StudioState } from '../../../src/studio/state.ts'

test('a link has what is drawn; one from before there were digits has all of them', () => {
  const digits = { class: 4, scale: 2.5, seed: 9, to: 3, at: 0.25 }
  expect(decodeState(encodeState({ ...initialState, view: 'digits', digits }))).toMatchObject({ digits })
  const { digits: _, ...before } = initialState
  expect(decodeState(encodeState(before as StudioState))).toEqual(initialState)
})

test.each([{ class: -1 }, { scale: 1e9 }, { at: 2 }, { seed: 0.5 }])('%o is refused', wrong => {
  const state = { ...initialState, digits: { ...initialState.digits, ...wrong } }
  expect(() => decodeState(encodeState(state))).toThrow('This link is damaged')
})
