import { describe, expect, test } from 'vitest'
import { concat, evaluate, type Tensor, type Value } from '../../../src/autodiff/index.ts'
import { extrapolate, type Interval } from '../../../src/model/index.ts'
import { type Draw, guidedDraw } from '../../../src/objective/index.ts'
import { graphOf, value, valuesOf } from '../../autodiff/values.ts'
import { batch, drawOf, inputsOf, largest, other, withoutSites } from '../setting.ts'
import { all, apart, at, exactGuidance, flowOf, type Guidance, scaleOf } from './world.ts'

const INTERVAL: Interval = [0.25, 0.7]
const SIGN = 1
const [NOISE, DATA] = [1, 0]

/** The velocity that a rule gives at any point and time, and not at those of the draw. */
function fieldOf(interval: Interval): (x: Value, s: number) => Value {
  const graph = graphOf(
    (...inputs) => {
      const [x, s, ...rest] = inputs
      const draw = drawOf({ map: other(1) }, rest)
      return guidedDraw(draw, { ...exactGuidance(SIGN, 'teacher')(draw), interval }).teacher.velocity(x, s)
    },
    [batch.x0, batch.s, ...inputsOf(batch)],
  )
  return (x, s) => {
    const times = { shape: batch.s.shape, data: new Float64Array(batch.s.data.length).fill(s) }
    return evaluate(graph, [x, times, ...inputsOf(batch)])[0]
  }
}

/** The end of the trajectories of a field from noise to data, by the midpoint rule. */
function follow(field: (x: Value, s: number) => Value, steps: number): Value {
  const h = (DATA - NOISE) / steps
  const moved = ({ shape, data }: Value, v: Value, by: number): Value => ({
    shape,
    data: data.map((each, i) => each + by * v.data[i]),
  })
  let x = batch.x0
  for (let i = 0; i < steps; i++) {
    const s = NOISE + i * h
    const middle = moved(x, field(x, s), h / 2)
    x = moved(x, field(middle, s + h / 2), h)
  }
  return x
}

/** Jumps of the guided flow between two times, and of the unguided one before and after. */
const composed = ([low, high]: Interval): Value =>
  withoutSites(
    () =>
      valuesOf(
        (...inputs) => {
          const [x, ...rest] = inputs
          const draw = drawOf({ map: other(1) }, rest)
          const flow = flowOf(SIGN, draw)
          const [plain, guided] = [all(draw.s, 1), scaleOf(draw)].map(w => flow.guided(w))
          const time = (t: number) => all(draw.s, t)
          const first = plain.jump(x, time(NOISE), time(high))
          const second = guided.jump(first, time(high), time(low))
          return plain.jump(second, time(low), time(DATA))
        },
        batch.x0,
        ...inputsOf(batch),
      )[0],
  )

describe('guidance in an interval of times', () => {
  const exact = composed(INTERVAL)

  test('is the composition of three flows (O9)', () => {
    expect(apart(follow(fieldOf(INTERVAL), 1000), exact)).toBeLessThan(6e-6)
  })

  test('is not guidance at all times, nor outside of it, nor at none', () => {
    expect(apart(follow(fieldOf([0, 1]), 100), exact)).toBeGreaterThan(0.1)
    expect(apart(follow(fieldOf([0, INTERVAL[0]]), 100), exact)).toBeGreaterThan(0.1)
    expect(apart(follow(fieldOf([0, 1e-9]), 100), exact)).toBeGreaterThan(0.1)
  })

  const rules = ['linear', 'random', 'teacher', 'auto', 'mix', 'model'] as const
  test.each(rules)('%s: outside a sample keeps its own velocity, by its source time', rule => {
    const keys = { omega: rule === 'model' ? 0.5 : 1.2, kappa: 0.5 }
    const guidance = (draw: Draw): Guidance => ({
      ...exactGuidance(SIGN, rule)(draw),
      keys,
      interval: INTERVAL,
    })
    const [guided, own] = at2(draw => [
      guidedDraw(draw, guidance(draw)).path.velocity(draw.s),
      draw.path.velocity(draw.s),
    ])
    const outside = [...batch.s.data].map(s => s < INTERVAL[0] || s > INTERVAL[1])
    const moved = outside.map((_, i) => Math.abs(guided.data[2 * i] - own.data[2 * i]) > 1e-3)
    // A teacher's velocity has none of the noise of the sample's own.
    const expected =
      rule === 'teacher' || rule === 'auto' ? outside.map(() => true) : outside.map(out => !out)
    expect(moved).toEqual(expected)
  })

  test('of each sample, where intervals are drawn', () => {
    const rows = batch.s.data.length
    const ends = [...batch.s.data].map((_, i): Interval => (i % 2 === 0 ? [0, 1] : [0, 1e-9]))
    const column = (end: 0 | 1): Value => ({
      shape: batch.s.shape,
      data: Float64Array.from(ends, e => e[end]),
    })
    const graph = graphOf(
      (...inputs) => {
        const [low, high, ...rest] = inputs
        const draw = drawOf({ map: other(1) }, rest)
        const exact = exactGuidance(SIGN, 'linear')(draw)
        return concat(
          [guidedDraw(draw, { ...exact, interval: [low, high] }), draw].map(each =>
            each.path.velocity(draw.s),
          ),
        )
      },
      [column(0), column(1), ...inputsOf(batch)],
    )
    const [{ data }] = evaluate(graph, [column(0), column(1), ...inputsOf(batch)])
    const moved = Array.from({ length: rows }, (_, i) => Math.abs(data[4 * i] - data[4 * i + 2]) > 1e-3)
    expect(moved).toEqual(ends.map(([, high]) => high === 1))
  })

  test('the scale that a formula sees, and the map that it may ask, is 1 outside', () => {
    const told: Tensor[] = []
    const seen = at(draw => {
      const exact = exactGuidance(SIGN, 'linear')(draw)
      const map = (w: Tensor) => {
        told.push(w)
        return exact.map(w)
      }
      const { guided } = guidedDraw(draw, { ...exact, map, interval: INTERVAL })
      return concat([guided!.scale, told.at(-1)!])
    })
    const drawn = at(scaleOf)
    const inside = (s: number) => s >= INTERVAL[0] && s <= INTERVAL[1]
    const expected = [...batch.s.data].map((s, i) => (inside(s) ? drawn.data[i] : 1))
    expect([...seen.data]).toEqual(expected.flatMap(w => [w, w]))
  })

  const at2 = (f: (draw: Draw) => [Draw['s'], Draw['s']]): [Value, Value] => {
    const both = at(draw => concat(f(draw)))
    const half = (k: number) =>
      value(
        [...both.data].filter((_, i) => (i >> 1) % 2 === k),
        [5, 2],
      )
    return [half(0), half(1)]
  }
})

test('scales multiply: guidance at 3 of what is guided at 2 already is guidance at 6 (O10)', () => {
  const twice = at(draw => {
    const [x, s] = [draw.path.at(draw.s), draw.s]
    const velocity = (w: number) => flowOf(SIGN, draw).guided(all(s, w)).velocity(x, s)
    return extrapolate(velocity(0), velocity(2), all(s, 3)).sub(velocity(6))
  })
  expect(largest(twice)).toBeLessThan(4e-15)
})
