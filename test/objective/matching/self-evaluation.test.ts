import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../../src/autodiff/index.ts'
import {
  type FlowMap,
  flat,
  interpolants,
  mixtureVelocity,
  pathOf,
  type VelocityField,
} from '../../../src/model/index.ts'
import { comparing, type Draw, squaredError } from '../../../src/objective/index.ts'
import { denoised } from '../../../src/objective/matching/sample.ts'
import {
  evaluationDistance,
  type Judge,
  selfEvaluation,
} from '../../../src/objective/matching/self-evaluation.ts'
import { valuesOf } from '../../autodiff/values.ts'
import { tensor } from './affine-world.ts'

// Two classes of unequal spread, and points that a model guesses.
const components = [
  { weight: 0.3, mean: [1.2, 0.4], scales: [0.7, 0.7] },
  { weight: 0.7, mean: [-0.8, -0.5], scales: [1.1, 1.1] },
]
const CLASS = 0
const POINTS = [
  [0.9, 0.1],
  [-0.4, 1.3],
  [1.2, 0.4],
]
const N = POINTS.length
const NOISE = [
  [0.3, -1.1],
  [-0.6, 0.2],
  [1.4, 0.5],
]
const column = (value: number) => constant(new Array(N).fill(value), [N, 1], 'float64')
const classes = constant(new Array(N).fill(CLASS), [N], 'int64')
const told = mixtureVelocity({ components }, interpolants.linear, classes)
const untold = mixtureVelocity({ components }, interpolants.linear)
const asMap = ({ velocity }: VelocityField): FlowMap => ({
  velocity: (x, s) => velocity(x, s),
  jump: x => x,
})

/** `grad log p(y|z)` at time `t`. */
function classifierGradient(z: readonly number[], t: number): number[] {
  const all = components.map(({ weight, mean, scales }) => {
    const variance = ((1 - t) * scales[0]) ** 2 + t * t
    const off = z.map((value, i) => value - (1 - t) * mean[i])
    const square = off.reduce((sum, value) => sum + value * value, 0)
    return {
      mass: (weight / variance) * Math.exp(-square / (2 * variance)),
      score: off.map(value => -value / variance),
    }
  })
  const total = all.reduce((sum, { mass }) => sum + mass, 0)
  return z.map((_, i) =>
    all.reduce((sum, { mass, score }, k) => sum + (Number(k === CLASS) - mass / total) * score[i], 0),
  )
}

const rows = (values: ArrayLike<number>): number[][] =>
  Array.from({ length: N }, (_, i) => [Number(values[2 * i]), Number(values[2 * i + 1])])
const run = (of: () => Tensor) => rows(valuesOf(() => of())[0].data)
const length = (x: readonly number[]) => Math.hypot(...x)

describe('what a condition adds to a guess', () => {
  test.each([0.2, 0.6, 0.9])('is t^2/(1-t) grad log p(y|z) at t = %d', t => {
    const [with_, without] = [told, untold].map(field =>
      run(() => denoised(field, tensor(POINTS), column(t))),
    )
    const found = with_.map((row, i) => row.map((value, j) => value - without[i][j]))
    for (const [i, z] of POINTS.entries()) {
      const expected = classifierGradient(z, t).map(value => (t * t * value) / (1 - t))
      expect(Math.max(...found[i].map((value, j) => Math.abs(value - expected[j])))).toBeLessThan(1e-14)
      // At the data too, so that what holds guesses of a class is their data alone.
      expect(length(found[i])).toBeGreaterThan(1e-3)
    }
  })
})

const [S, T] = [0.7, 0.4]
const X0 = [
  [1.1, -0.3],
  [0.2, 0.9],
  [2, 1],
]
const EPS = [
  [0.5, 0.1],
  [-1, 0.4],
  [0.2, -0.8],
]

/** A draw whose guess is `POINTS`: the velocity `(x - guess)/s` of the student. */
function drawOf(more: Partial<Draw> = {}): { draw: Draw; aimed: () => number[][] } {
  const seen: Tensor[] = []
  const path = pathOf(interpolants.linear, tensor(X0), tensor(EPS))
  const guess: FlowMap = { velocity: (x, s) => x.sub(tensor(POINTS)).div(s), jump: x => x }
  const draw: Draw = {
    ...{ map: guess, target: guess, frozen: asMap(told), untold: asMap(untold), pretrained: guess },
    ...{ teacher: told, auxiliary: untold, path, noise: tensor(NOISE) },
    ...{ s: column(S), t: column(T), m: column(T), r: column(T) },
    ...comparing(flat, (a, b) => {
      seen.push(b)
      return squaredError(a, b)
    }),
    ...more,
  }
  return { draw, aimed: () => run(() => seen[0]) }
}

function aimedBy(judge: Judge, more: Partial<Draw> = {}): number[][] {
  const { draw, aimed } = drawOf(more)
  selfEvaluation(judge)(draw)
  return aimed()
}

describe('a guess goes', () => {
  const z = POINTS.map((g, i) => g.map((value, j) => value + T * (NOISE[i][j] - value)))
  const l = S / (1 - S) - T / (1 - T)

  /** `x0 + l target` at the length of `x0`. */
  const combined = (targets: readonly (readonly number[])[], weight = l) =>
    targets.map((target, i) => {
      const sum = target.map((value, j) => X0[i][j] + weight * value)
      return sum.map(value => (value * length(X0[i])) / length(sum))
    })
  const apart = (a: number[][], b: number[][]) =>
    Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i][j]))))
  const byClass = (sign = 1) =>
    POINTS.map((g, i) => {
      const gradient = classifierGradient(z[i], T)
      return g.map((value, j) => value + (sign * T * T * gradient[j]) / (1 - T))
    })

  test('towards its data point and along the gradient of its class', () => {
    const found = aimedBy('untold')
    expect(apart(found, combined(byClass()))).toBeLessThan(1e-7)
    for (const [i, row] of found.entries()) expect(length(row)).toBeCloseTo(length(X0[i]), 7)
    // Another sign, another weight, or no data point, is another.
    expect(apart(found, combined(byClass(-1)))).toBeGreaterThan(0.01)
    expect(apart(found, combined(byClass(), S / (1 - S)))).toBeGreaterThan(0.01)
    const swapped = aimedBy('untold', { frozen: asMap(untold), untold: asMap(told) })
    expect(apart(swapped, combined(byClass(-1)))).toBeLessThan(1e-7)
  })

  test('where the fake score leads, and nowhere by itself once the fake score is that of the model', () => {
    const rest = aimedBy('fake', { players: { fake: (x, s) => told.velocity(x, s) } })
    expect(apart(rest, combined(POINTS))).toBeLessThan(1e-7)
    const fake = mixtureVelocity({ components: [components[1]] }, interpolants.linear)
    const led = aimedBy('fake', { players: { fake: (x, s) => fake.velocity(x, s) } })
    const [real, own] = [told, fake].map(field => run(() => denoised(field, tensor(z), column(T))))
    const targets = POINTS.map((g, i) => g.map((value, j) => value + real[i][j] - own[i][j]))
    expect(apart(led, combined(targets))).toBeLessThan(1e-7)
    expect(apart(led, rest)).toBeGreaterThan(0.01)
  })

  test('to its data point where it is made at its own time, and from pure noise where nothing is known of it', () => {
    const denoising = aimedBy('untold', { s: column(T), t: column(T) })
    expect(apart(denoising, X0)).toBeLessThan(1e-6)
    const fromNoise = aimedBy('untold', { s: column(1) })
    expect(apart(fromNoise, combined(byClass(), 1e9))).toBeLessThan(1e-6)
    expect(
      aimedBy('untold', { s: column(1), t: column(1) })
        .flat()
        .every(Number.isFinite),
    ).toBe(true)
  })

  test('by its weights, where lengths mean nothing', () => {
    const { draw, aimed } = drawOf()
    selfEvaluation('untold', 'weights')(draw)
    const expected = byClass().map((target, i) => target.map((value, j) => (X0[i][j] + l * value) / (1 + l)))
    expect(apart(aimed(), expected)).toBeLessThan(1e-7)
  })

  test('as far as is logged', () => {
    const expected = byClass().map((target, i) => {
      const pull = target.map((value, j) => value - POINTS[i][j])
      return length(pull) ** 2 / 2
    })
    const logged = (judge: Judge, more: Partial<Draw> = {}) => [
      ...valuesOf(() => evaluationDistance(judge)(drawOf(more).draw))[0].data,
    ]
    expect(logged('untold')).toEqual(expected.map(value => expect.closeTo(value, 12)))
    expect(Math.min(...expected)).toBeGreaterThan(1e-4)
    const same = logged('fake', { players: { fake: (x, s) => told.velocity(x, s) } })
    expect(Math.max(...same)).toBeLessThan(1e-20)
    const other = logged('fake', { players: { fake: (x, s) => untold.velocity(x, s) } })
    expect(other).toEqual(expected.map(value => expect.closeTo(value, 12)))
  })

  test('asks for a condition, or a fake score', () => {
    const { draw } = drawOf({ untold: undefined })
    expect(() => selfEvaluation('untold')(draw)).toThrow('needs a draw that is told one')
    expect(() => selfEvaluation('fake')(draw)).toThrow('no player "fake"')
  })
})
