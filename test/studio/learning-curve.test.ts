import { expect, test } from 'vitest'
import { type CurvePoint, curvesOf, grown } from '../../src/studio/page/state/learning-curve.ts'

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

test('the interval of a distance stays with it', () => {
  const curve = grown([], 1, { loss: 1, terms: {} }, 0.5, [0.4, 0.6])
  expect(curve[0]).toMatchObject({ distance: 0.5, interval: [0.4, 0.6] })
  const standing = { curve: [], distance: { value: 0.3, interval: [0.2, 0.4] as const } }
  expect(curvesOf([standing, { curve, distance: null }], 'distance')).toEqual([
    [{ step: 0, loss: 0, distance: 0.3, interval: [0.2, 0.4] }],
    curve,
  ])
})

test('a long curve is thinned, and keeps the distances that are known', () => {
  let curve: CurvePoint[] = []
  for (let step = 1; step <= 2000; step++) {
    curve = grown(curve, step, { loss: 1, terms: {} }, step % 4 === 0 ? 1 / step : null)
    expect(curve.length).toBeLessThanOrEqual(400)
  }
  expect(curve[0].step).toBeLessThan(20)
  expect(curve.at(-1)!.step).toBe(2000)
  const known = curve.filter(({ distance }) => distance !== null)
  expect(known.length).toBeGreaterThan(100)
  for (const { step, distance } of known) expect(distance).toBe(1 / step)
})
