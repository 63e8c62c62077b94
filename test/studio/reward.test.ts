import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { gaussian } from '../../src/data/gaussian-mixture.ts'
import { rewardOf } from '../../src/objective/reward.ts'
import { random } from '../../src/random/random.ts'
import * as engine from '../../src/runtime/node.ts'
import { rewardAt, tiltedDataset } from '../../src/studio/engine/tilt.ts'
import { contoursOf } from '../../src/studio/page/draw/contours.ts'
import { freshPlan, planSchema, type Tilt } from '../../src/studio/plan.ts'
import {
  boundsOfTilt,
  emptyReward,
  NOTHING_PAINTED,
  packReward,
  paintedField,
  readReward,
  rewardCanvas,
  rewardOfTilt,
} from '../../src/studio/reward.ts'
import { decodeState, encodeState, initialState, type StudioState } from '../../src/studio/state.ts'
import { type Brush, beginStroke } from '../../src/studio/target/raster.ts'
import { some } from '../helpers/long.ts'

const { side, least, most } = rewardCanvas

/** A stroke from one place to another, in units of the data. */
function stroke(
  before: Int8Array,
  brush: Brush,
  ...places: readonly (readonly [number, number])[]
): Int8Array {
  const to = beginStroke(rewardCanvas, before, brush)
  return places.map(([x, y]) => to([((x + 5) / 10) * side, ((5 - y) / 10) * side])).at(-1)!
}
const good = { radius: 3, strength: 1, does: 'add' } as const
const bad = { ...good, does: 'subtract' } as const

/** Good on the right, half as good on the left, bad below. */
const painting = stroke(
  stroke(stroke(emptyReward(), good, [2, 2], [3, 2]), { ...good, strength: 0.5 }, [-3, 1]),
  bad,
  [-1, -3],
  [1, -3],
)
const tiltOf = (cells: Int8Array, beta = 3): Tilt => ({ painted: packReward(cells), beta })

const paintings = fc
  .uint8Array({ minLength: side * side, maxLength: side * side })
  .map(bytes => Int8Array.from(bytes, byte => (byte % (most - least + 1)) + least))
const place = fc.tuple(
  fc.double({ min: -6, max: 6, noNaN: true }),
  fc.double({ min: -6, max: 6, noNaN: true }),
)

describe('a brush', () => {
  const at = (cells: Int8Array, x: number, y: number) =>
    cells[Math.floor(((5 - y) / 10) * side) * side + Math.floor(((x + 5) / 10) * side)]

  test('makes good, makes bad, and erases towards nothing', () => {
    expect([at(painting, 2.5, 2), at(painting, -3, 1), at(painting, 0, -3), at(painting, 0, 0)]).toEqual([
      most,
      most / 2,
      least,
      0,
    ])
    const over = stroke(painting, bad, [2, 2], [3, 2])
    expect(at(over, 2.5, 2)).toBe(0)
    const wide = { radius: 40, strength: 1, does: 'erase' } as const
    expect(stroke(painting, wide, [0, 0])).toEqual(emptyReward())
    const half = stroke(painting, { ...wide, strength: 0.5 }, [0, 0])
    expect([at(half, 2.5, 2), at(half, -3, 1), at(half, 0, -3)]).toEqual([most / 2, 0, least / 2])
  })
})

describe('a painting', () => {
  test('is the same after it was text, and short', () => {
    fc.assert(
      fc.property(paintings, cells => {
        expect(readReward(packReward(cells))).toEqual(cells)
        expect(packReward(cells).length).toBeLessThan(1000)
      }),
    )
    expect(packReward(emptyReward())).toBe(NOTHING_PAINTED)
    expect(packReward(painting).length).toBeLessThan(250)
  })

  test('stays within its bounds, and nearly reaches them where a wide place is full', () => {
    fc.assert(
      fc.property(paintings, fc.array(place, { minLength: 1, maxLength: 20 }), (cells, places) => {
        const tilt = tiltOf(cells)
        const [low, high] = boundsOfTilt(tilt)
        expect(low).toBeGreaterThanOrEqual(-1)
        expect(high).toBeLessThanOrEqual(1)
        const reward = rewardAt(tilt)
        for (const point of places) {
          expect(reward(point)).toBeGreaterThanOrEqual(low)
          expect(reward(point)).toBeLessThanOrEqual(high)
        }
      }),
      { numRuns: 30 },
    )
    const full = rewardAt(tiltOf(emptyReward().fill(most)))
    fc.assert(
      fc.property(place, ([x, y]) => {
        const value = full([x / 2, y / 2])
        expect(value).toBeGreaterThan(0.998)
        expect(value).toBeLessThan(1)
      }),
    )
  })

  test('is drawn as it is', () => {
    fc.assert(
      fc.property(paintings, fc.nat(39), fc.nat(39), (cells, row, column) => {
        const field = paintedField(cells, 40)
        const point = [-5 + (column + 0.5) / 4, 5 - (row + 0.5) / 4]
        expect(field[40 * row + column]).toBeCloseTo(rewardAt(tiltOf(cells))(point), 12)
      }),
      { numRuns: 30 },
    )
    const { good, bad, signs } = contoursOf(painting)
    expect([good.length, bad.length]).toEqual([3, 3])
    expect(signs).toHaveLength(3)
    for (const [x, y, good] of [
      [2.5, 2, true],
      [-3, 1, true],
      [0, -3, false],
    ] as const) {
      const near = signs.filter(sign => sign.good === good && Math.hypot(sign.x - x, -sign.y - y) < 0.3)
      expect(near).toHaveLength(1)
    }
  })

  test('is the same to the runtime, in single precision', async () => {
    const reward = rewardOf(rewardOfTilt(tiltOf(painting)))
    const graph = trace(({ x }) => ({ y: reward(x) }), { x: spec([DYNAMIC, 2]) })
    const program = await engine.compile(simplify(graph))
    const source = random(4, 'places')
    const points = Float32Array.from({ length: 2000 }, () => 12 * source.uniform() - 6)
    const [found] = await program.run([points])
    await program.close()
    const wanted = rewardAt(tiltOf(painting))
    for (let i = 0; i < found.length; i++) {
      expect(Math.abs(Number(found[i]) - wanted(points.subarray(2 * i, 2 * i + 2)))).toBeLessThan(1e-4)
    }
  })
})

describe('in a link', () => {
  const reward: StudioState['reward'] = {
    ...initialState.reward,
    kind: 'painted',
    painted: packReward(painting),
  }
  const tilted = { ...freshPlan, stages: [{ ...freshPlan.stages[0], tilt: tiltOf(painting) }] }

  test('a painting is there, in the view and in a run that learns it', () => {
    const state: StudioState = { ...initialState, view: 'steer', reward, runs: [freshPlan, tilted] }
    expect(decodeState(encodeState(state))).toEqual(state)
    // Once more costs little: what is deflated twice is the same text.
    const once = encodeState({ ...state, runs: [freshPlan] }).length
    expect(encodeState(state).length - once).toBeLessThan(200)
    expect(once).toBeLessThan(900)
  })

  test('one from before there were paintings has a bump', () => {
    const { kind: _, painted: __, ...before } = initialState.reward
    const old = { ...initialState, reward: before } as StudioState
    expect(decodeState(encodeState(old))).toEqual(initialState)
  })

  test.each([
    ['text that is no painting', '!!'],
    ['too few cells', packReward(new Int8Array(24).fill(1))],
    ['too many cells', packReward(new Int8Array(side * side + 1).fill(1))],
    ['a value above the most', packReward(emptyReward().fill(most + 1))],
    ['a value below the least', packReward(emptyReward().fill(least - 1))],
  ])('%s is refused', (_, painted) => {
    const stage = { ...freshPlan.stages[0], tilt: { painted, beta: 1 } }
    for (const state of [
      { ...initialState, reward: { ...reward, painted } },
      { ...initialState, runs: [{ ...freshPlan, stages: [stage] }] },
    ]) {
      expect(() => decodeState(encodeState(state))).toThrow('This link is damaged')
    }
  })

  test('a stage has a bump or a painting, not both', () => {
    const both = { ...tiltOf(painting), center: [0, 0], scale: 1 }
    const stages = [{ ...freshPlan.stages[0], tilt: both }]
    expect(planSchema.safeParse({ ...freshPlan, stages }).success).toBe(false)
    expect(planSchema.safeParse(tilted).success).toBe(true)
  })
})

test.each(some([3, -3], [3]))(
  'data tilted by a painting: means are those of weighted data, beta %i',
  beta => {
    const tilt = tiltOf(painting, beta)
    const base = gaussian({ mean: [0, 0], std: 2 })
    const reward = rewardAt(tilt)
    const data = new Float64Array(100_000)
    base.sample(random(5, 'data'), data)
    const kept = new Float64Array(20_000)
    tiltedDataset(base, tilt).sample(random(6, 'data'), kept)
    const measures: ((point: ArrayLike<number>) => number)[] = [
      reward,
      point => point[0] / 4,
      point => point[1] / 4,
      point => Number(reward(point) < -0.1),
    ]
    for (const measure of measures) {
      let [sum, total, mean] = [0, 0, 0]
      for (let i = 0; i < data.length; i += 2) {
        const point = data.subarray(i, i + 2)
        const weight = Math.exp(beta * reward(point))
        sum += weight * measure(point)
        total += weight
      }
      for (let i = 0; i < kept.length; i += 2) mean += measure(kept.subarray(i, i + 2)) / (kept.length / 2)
      // The measures deviate by at most 0.55: of 10,000 points their mean by 0.006, of the weighted ones by about as much.
      expect(Math.abs(mean - sum / total)).toBeLessThan(0.025)
    }
  },
)
