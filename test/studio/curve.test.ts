import { expect, test } from 'vitest'
import { curvesOf } from '../../src/studio/page/curve.ts'

const still = { curve: [], distance: { value: 0.5 } }
const trained = {
  curve: [
    { step: 100, loss: 2, distance: null },
    { step: 200, loss: -1, distance: 0.25 },
  ],
  distance: { value: 0.25 },
}

test('no curves are drawn before a run has trained', () => {
  expect(curvesOf([null], 'loss')).toBeNull()
  expect(curvesOf([still], 'distance')).toBeNull()
  expect(curvesOf([still], 'loss')).toBeNull()
  expect(curvesOf([{ ...trained, curve: trained.curve.slice(0, 1) }], 'distance')).toBeNull()
})

test('beside a run that has trained, another is drawn where it stands', () => {
  expect(curvesOf([still, null, trained], 'distance')).toEqual([
    [{ step: 0, loss: 0, distance: 0.5 }],
    [],
    [trained.curve[1]],
  ])
  expect(curvesOf([still, trained], 'loss')).toEqual([[], [trained.curve[0]]])
})
