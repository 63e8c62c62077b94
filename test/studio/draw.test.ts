import { describe, expect, test } from 'vitest'
import { apart, splitCloud } from '../../src/studio/page/draw/apart.ts'
import { arrowPath, arrowScale, near, roundFactor } from '../../src/studio/page/draw/arrows.ts'
import { nextCell } from '../../src/studio/page/draw/cells.ts'
import { legOf, nearestPoint } from '../../src/studio/page/draw/cloud.ts'
import { landing, landingPercent } from '../../src/studio/page/draw/landing.ts'
import { logAxis } from '../../src/studio/page/draw/log-axis.ts'
import { floorRange, shortNumber } from '../../src/studio/page/draw/number.ts'
import { limitOf, MIDDLES, signedPixels, zeroPath } from '../../src/studio/page/draw/signed-map.ts'
import { moveTimes, snap, timesNear, withS, withT } from '../../src/studio/page/draw/times.ts'
import { worseWithSteps } from '../../src/studio/page/views/play/worse.ts'

describe('picking', () => {
  const points = Float32Array.of(0, 0, 1, 0, 2, 2)
  const moved = Float32Array.of(5, 5, -3, 0, 4, 4)

  test('the nearest point within reach', () => {
    expect(nearestPoint([points], [0.9, 0.1], 0.5)).toBe(1)
    expect(nearestPoint([points], [0.4, 0], 0.5)).toBe(0)
    expect(nearestPoint([points], [3, 3], 0.5)).toBeNull()
    expect(nearestPoint([], [0, 0], 1)).toBeNull()
  })

  test('in either of two clouds of the same points', () => {
    expect(nearestPoint([points, moved], [-2.8, 0], 0.5)).toBe(1)
    expect(nearestPoint([points, moved], [4.9, 5.1], 0.5)).toBe(0)
  })

  test('among 50,000 agrees with a search of all', () => {
    const many = Float32Array.from({ length: 100_000 }, (_, i) => 5 * Math.sin(i * i))
    const place = [0.31, -1.2] as const
    const found = nearestPoint([many], place, 1)!
    const distance = (i: number) => Math.hypot(many[2 * i] - place[0], many[2 * i + 1] - place[1])
    const all = Array.from({ length: 50_000 }, (_, i) => distance(i))
    expect(distance(found)).toBe(Math.min(...all))
  })
})

describe('a moving cloud', () => {
  const [a, b, c] = [0, 1, 2].map(value => Float32Array.of(value, 0))
  const cloud = { points: a, through: [b, c], colour: [0, 0, 0, 1] as const, size: 1 }

  test('passes every position at its time', () => {
    expect(legOf(cloud, 0)).toEqual({ from: a, to: b, part: 0 })
    expect(legOf(cloud, 0.25)).toEqual({ from: a, to: b, part: 0.5 })
    expect(legOf(cloud, 0.5)).toEqual({ from: b, to: c, part: 0 })
    expect(legOf(cloud, 1)).toEqual({ from: b, to: c, part: 1 })
    expect(legOf(cloud, 7)).toEqual(legOf(cloud, 1))
  })

  test('stays where it has nowhere to go', () => {
    expect(legOf({ ...cloud, through: undefined }, 0.7)).toEqual({ from: a, to: a, part: 0 })
  })
})

describe('the triangle of jumps', () => {
  const times = { s: 0.5, t: 0.3 }

  test('arrows move a hundredth, with shift a tenth', () => {
    expect(moveTimes(times, 'ArrowRight', false)).toEqual({ s: 0.51, t: 0.3 })
    expect(moveTimes(times, 'ArrowLeft', false)).toEqual({ s: 0.49, t: 0.3 })
    expect(moveTimes(times, 'ArrowUp', true)).toEqual({ s: 0.5, t: 0.4 })
    expect(moveTimes(times, 'ArrowDown', true)).toEqual({ s: 0.5, t: 0.2 })
    expect(moveTimes(times, 'Home', false)).toEqual({ s: 1, t: 0 })
    expect(moveTimes(times, 'a', false)).toBeNull()
  })

  test('no key leaves it', () => {
    expect(moveTimes(times, 'ArrowLeft', true)).toEqual({ s: 0.4, t: 0.3 })
    expect(moveTimes({ s: 0.35, t: 0.3 }, 'ArrowLeft', true)).toEqual({ s: 0.3, t: 0.3 })
    expect(moveTimes({ s: 0.35, t: 0.3 }, 'ArrowUp', true)).toEqual({ s: 0.35, t: 0.35 })
    expect(moveTimes({ s: 1, t: 0 }, 'ArrowRight', false)).toEqual({ s: 1, t: 0 })
    expect(moveTimes({ s: 1, t: 0 }, 'ArrowDown', true)).toEqual({ s: 1, t: 0 })
  })

  test('a pointer outside of it leads to its edge', () => {
    expect(timesNear(0.2, 0.6)).toEqual({ s: 0.4, t: 0.4 })
    expect(timesNear(3, -1)).toEqual({ s: 1, t: 0 })
    expect(timesNear(0.666, 0.333)).toEqual({ s: 0.67, t: 0.33 })
  })

  test('a slider stops at the other time', () => {
    expect(withS(times, 0.1)).toEqual({ s: 0.3, t: 0.3 })
    expect(withT(times, 0.9)).toEqual({ s: 0.5, t: 0.5 })
    expect(snap(0.1 + 0.2)).toBe(0.3)
  })
})

describe('cells of a heat map', () => {
  const values = [
    [1, null],
    [2, 3],
  ]
  test('arrows go to cells that have a value', () => {
    expect(nextCell(values, [0, 0], 'ArrowRight')).toEqual([1, 0])
    expect(nextCell(values, [1, 0], 'ArrowUp')).toEqual([1, 1])
    expect(nextCell(values, [1, 1], 'ArrowLeft')).toEqual([1, 1])
    expect(nextCell(values, [0, 0], 'ArrowLeft')).toEqual([0, 0])
    expect(nextCell(values, [0, 0], 'Tab')).toBeNull()
  })
})

describe('arrows', () => {
  const points = Float32Array.of(0, 0, 1, 0, 4, 4)
  const vectors = Float32Array.of(2, 0, 0, 4, 100, 0)

  test('are as long as a cell where the path is', () => {
    const counted = near(points, Float32Array.of(0.5, 0.1), 1)
    expect(counted).toEqual([true, true, false])
    expect(arrowScale(vectors, 0.5, counted)).toBeCloseTo(0.25)
  })

  test('point along their vectors, upwards being less in a drawing', () => {
    const path = arrowPath(points, vectors, 0.5, 10, i => i < 2)
    expect(path).toContain('M0.00,0.00L1.00,0.00')
    expect(path).toContain('M1.00,0.00L1.00,-2.00')
    expect(path).not.toContain('M4.00')
  })

  test('are cut when they are long', () => {
    expect(arrowPath(points, vectors, 0.5, 1, i => i === 2)).toContain('L5.60,-4.00')
  })
})

describe('more steps that make it worse', () => {
  const floor = { low: 0.1, high: 0.15 }
  const steps = [1, 2, 4]
  test('are told when the loss is more than chance', () => {
    expect(worseWithSteps(steps, [0.5, 0.3, 0.4], floor)).toEqual([[2, 4]])
    expect(worseWithSteps(steps, [0.3, 0.5, 0.4], floor)).toEqual([
      [1, 2],
      [1, 4],
    ])
  })
  test('are not where it is chance, nothing, or not a number', () => {
    expect(worseWithSteps(steps, [0.5, 0.3, 0.34], floor)).toEqual([])
    expect(worseWithSteps(steps, [0.3, null, Number.NaN], floor)).toEqual([])
    expect(worseWithSteps(steps, [0.3, 0.9, 0.9], undefined)).toEqual([])
  })
})

describe('samples off the data', () => {
  const colour = [1, 0, 0, 1] as const
  const points = Float32Array.of(0, 0, 1, 1, 2, 2)
  const cloud = { points, colour: [0, 0, 1, 0.5] as const, size: 2 }
  const marks = Uint8Array.of(0, 1, 0)

  test('are a cloud of their own over the others, larger and of another colour', () => {
    expect(splitCloud(cloud, marks, colour)).toEqual([
      { ...cloud, points: Float32Array.of(0, 0, 2, 2) },
      { points: Float32Array.of(1, 1), colour, size: 3 },
    ])
  })

  test('move with the others', () => {
    const through = [Float32Array.of(5, 5, 6, 6, 7, 7)]
    const [on, off] = splitCloud({ ...cloud, through }, marks, colour)
    expect([on.through, off.through]).toEqual([[Float32Array.of(5, 5, 7, 7)], [Float32Array.of(6, 6)]])
  })

  test('without marks, with those of other points or with none that stray a cloud stays as it is', () => {
    for (const other of [null, undefined, Uint8Array.of(1), Uint8Array.of(0, 0, 0)])
      expect(splitCloud(cloud, other, colour)).toEqual([cloud])
    expect(apart(points, Uint8Array.of(1))).toEqual([points, new Float32Array(0)])
  })

  test('are told as how many of a hundred land', () => {
    expect([0, 0.0003, 0.0034, 0.0099, 0.0995, 0.5, 1].map(landing)).toEqual([
      '100 of 100',
      'over 99.9 of 100',
      '99.7 of 100',
      '99.0 of 100',
      '90 of 100',
      '50 of 100',
      '0 of 100',
    ])
    expect(landingPercent(0.0003)).toBe('>99.9 %')
    expect(landingPercent(undefined)).toBe('')
  })
})

test('a floor is the range of chance', () => {
  expect(floorRange({ low: 0.21765, high: 0.36082 })).toBe('0.22 to 0.36')
})

test('numbers are short', () => {
  const said = [0, 0.12345, 1.2345, 12.345, 123.45, 0.000394, 1.2e-6, 123456, null, Number.NaN].map(
    shortNumber,
  )
  expect(said).toEqual([
    '0.000',
    '0.123',
    '1.23',
    '12.3',
    '123',
    '0.00039',
    '1.2e-6',
    '1.2e5',
    '',
    'not finite',
  ])
})

test('factors are round', () => {
  expect([8.99, 10, 13, 16, 3.4, 1.2, 700, 0.5, Number.NaN, Infinity].map(roundFactor)).toEqual([
    10, 10, 10, 20, 5, 1, 500, 1, 1, 1,
  ])
})

describe('a logarithmic axis', () => {
  test('goes from the named number below to the one above', () => {
    expect(logAxis([0.35, 1.64])).toEqual({ domain: [0.2, 2], ticks: [0.2, 0.5, 1, 2] })
    expect(logAxis([0.5])).toEqual({ domain: [0.5, 1], ticks: [0.5, 1] })
    expect(logAxis([100])).toEqual({ domain: [100, 200], ticks: [100, 200] })
  })

  test('over many decades names powers of ten', () => {
    const { domain, ticks } = logAxis([0.0003, 4.7])
    expect(domain).toEqual([0.0002, 5])
    expect(ticks).toEqual([0.001, 0.01, 0.1, 1])
  })

  test('leaves out what has no logarithm', () => {
    expect(logAxis([0, -1, null, undefined, Number.NaN, 3])).toEqual(logAxis([3]))
    expect(logAxis([]).ticks.length).toBeGreaterThan(1)
  })
})

describe('a map of numbers on both sides of zero', () => {
  const across = MIDDLES.filter((_, k) => k % 2 === 0)
  const up = MIDDLES.filter((_, k) => k % 2 === 1)

  test('has its cells over the square that is shown, from the top', () => {
    expect(across).toHaveLength(48 * 48)
    expect([across[0], up[0]]).toEqual([-5 + 5 / 48, 5 - 5 / 48].map(Math.fround))
    expect(across[1]).toBeGreaterThan(across[0])
    expect(up[48]).toBeLessThan(up[0])
  })

  test('ends its colours where a tenth of the numbers goes on', () => {
    const values = Float32Array.from({ length: 101 }, (_, i) => (i % 2 === 0 ? i : -i))
    expect(limitOf(values)).toBe(90)
    expect(limitOf(new Float32Array(9))).toBeGreaterThan(0)
  })

  test('has the colour of each side, the stronger the larger, and none at zero', () => {
    const pixels = signedPixels(Float32Array.of(2, -1, 0, -9), 2, [0, 1, 0, 1], [1, 0, 1, 1])
    const [strongest, half] = [Math.round(255 * 0.6), Math.round(255 * 0.3)]
    const at = (i: number) => [...pixels.subarray(4 * i, 4 * i + 4)]
    expect(at(0)).toEqual([0, 255, 0, strongest])
    expect(Math.abs(at(1)[3] - half)).toBeLessThanOrEqual(1)
    expect(at(1).slice(0, 3)).toEqual([255, 0, 255])
    expect(at(2)[3]).toBe(0)
    expect(at(3)).toEqual([255, 0, 255, strongest])
  })

  test('has its line where it is zero, and not along its edge', () => {
    const places = (path: string) =>
      [...path.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), -Number(y)])
    const upright = places(zeroPath(across.map(x => x - 1.2)))
    expect(upright.length).toBeGreaterThan(40)
    for (const [x] of upright) expect(x).toBeCloseTo(1.2, 1)
    const round = places(zeroPath(across.map((x, i) => 2 - Math.hypot(x, up[i] - 1))))
    for (const [x, y] of round) expect(Math.hypot(x, y - 1)).toBeCloseTo(2, 1)
    expect(zeroPath(across.map(() => 1))).toBe('')
    expect(zeroPath(across.map(() => -1))).toBe('')
  })
})
