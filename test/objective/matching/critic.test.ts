import { describe, expect, test } from 'vitest'
import {
  constant,
  evaluate,
  simplify,
  spec,
  type Tensor,
  trace,
  valueAndGrad,
} from '../../../src/autodiff/index.ts'
import { flat, interpolants, pathOf } from '../../../src/model/index.ts'
import { comparing, type Draw, type Loss, squaredError } from '../../../src/objective/index.ts'
import {
  approximateR1,
  cafmCritic,
  cafmMap,
  criticAccuracy,
  ganCritic,
  ganMap,
  slopeAccuracy,
} from '../../../src/objective/matching/critic.ts'
import { inverse, type Matrix, product, tensor, transposed, type Vector } from './affine-world.ts'

/** A loss and its gradient by a row of numbers. */
function derivative(lossOf: (row: Tensor) => Tensor, at: Vector): { value: number; by: number[] } {
  const graph = simplify(
    trace(inputs => valueAndGrad(lossOf)((inputs as { row: Tensor }).row), {
      row: spec([1, at.length], 'float64'),
    }),
  )
  const [value, by] = evaluate(graph, [{ shape: [1, at.length], data: Float64Array.from(at) }])
  return { value: Number(value.data[0]), by: [...by.data].map(Number) }
}

describe('a free critic at one point', () => {
  /** Velocities of the data there, all alike likely. */
  const U: Matrix = [
    [1.2, -0.3],
    [0.1, 0.8],
    [-0.6, 0.4],
    [0.9, 1.1],
    [-0.2, -0.9],
  ]
  const MEAN = [0, 1].map(k => U.reduce((sum, row) => sum + row[k] / U.length, 0))
  const off = U.map(row => row.map((x, k) => x - MEAN[k]))
  const C = product(transposed(off), off).map(row => row.map(x => x / U.length))
  const TIME = 0.4
  const POINT = [0.5, -0.7]

  /** Data and noise of paths through the point, with those velocities. */
  const path = pathOf(
    interpolants.linear,
    tensor(U.map(row => row.map((u, k) => POINT[k] - TIME * u))),
    tensor(U.map(row => row.map((u, k) => POINT[k] + (1 - TIME) * u))),
  )
  const all = (row: Tensor) => tensor(U.map(() => [1])).matmul(row)
  const drawOf = (critic: Tensor, V: Tensor): Draw =>
    ({
      path,
      s: tensor(U.map(() => [TIME])),
      map: { velocity: () => all(V), jump: (x: Tensor) => x },
      // `g x + h s`: its slope along (a, 1) is `g a + h`.
      players: {
        critic: (x: Tensor, s: Tensor) =>
          x
            .mul(critic.slice(1, 0, 2))
            .sum([1], true)
            .add(s.mul(critic.slice(1, 2, 3))),
      },
      ...comparing(flat, squaredError),
    }) as unknown as Draw
  const criticAt = (V: Vector, at: Vector, center = 0) =>
    derivative(critic => cafmCritic(center)(drawOf(critic, tensor([V]))).mean(), at)
  const mapAt = (V: Vector, critic: Vector) =>
    derivative(velocity => cafmMap(0)(drawOf(tensor([critic]), velocity)).mean(), V)

  /** The best critic against a velocity: `g = -C^-1 e / (1 + e' C^-1 e / 2)`, `e = V - E[u]`. */
  function best(V: Vector): number[] {
    const e = V.map((v, k) => v - MEAN[k])
    const inner = product(inverse(C), transposed([e])).map(([x]) => x)
    const square = e.reduce((sum, x, k) => sum + x * inner[k], 0)
    const g = inner.map(x => -x / (1 + square / 2))
    // Both slopes lie alike far from what they should be.
    const h = -0.5 * g.reduce((sum, x, k) => sum + x * (V[k] + MEAN[k]), 0)
    return [...g, h]
  }

  test('is flat where the velocity is that of the data, which costs 2', () => {
    expect(criticAt(MEAN, [0, 0, 0]).value).toBeCloseTo(2, 12)
    for (const slope of criticAt(MEAN, [0, 0, 0]).by) expect(slope).toBeCloseTo(0, 12)
  })

  test('else it leads across what is missing', () => {
    const V = [0.9, -0.4]
    for (const slope of criticAt(V, best(V)).by) expect(slope).toBeCloseTo(0, 12)
    expect(criticAt(V, best(V)).value).toBeLessThan(2)
    const turned = best(V).map(x => -x)
    expect(Math.hypot(...criticAt(V, turned).by)).toBeGreaterThan(0.1)
  })

  test('and the map that follows it comes to the velocity of the data', () => {
    let V = [0.9, -0.4]
    for (let step = 0; step < 400; step++) {
      const { by } = mapAt(V, best(V))
      V = V.map((v, k) => v - 0.1 * by[k])
    }
    V.forEach((v, k) => {
      expect(v).toBeCloseTo(MEAN[k], 6)
    })
  })

  test('is told by its slopes: those along data are above 0, along the map below', () => {
    const shares = (V: Vector, critic: Vector) => {
      const graph = trace(inputs => slopeAccuracy(drawOf((inputs as { row: Tensor }).row, tensor([V]))), {
        row: spec([1, 3], 'float64'),
      })
      return [...evaluate(graph, [{ shape: [1, 3], data: Float64Array.from(critic) }])[0].data]
    }
    // Of the first coordinate's velocities three are above 0.
    expect(shares([-1, 0], [1, 0, 0])).toEqual([1, 1, 0.5, 1, 0.5])
    expect(shares([1, 0], [1, 0, 0])).toEqual([0.5, 0.5, 0, 0.5, 0])
    // By time alone all rise.
    expect(shares([-1, 0], [1, 0, 5])).toEqual([0.5, 0.5, 0.5, 0.5, 0.5])
  })

  test('its own size is held by the weight of its center', () => {
    const level = criticAt(MEAN, [0.3, -0.2, 0.1])
    const held = criticAt(MEAN, [0.3, -0.2, 0.1], 0.5)
    const c = 0.3 * POINT[0] - 0.2 * POINT[1] + 0.1 * TIME
    expect(held.value - level.value).toBeCloseTo(0.5 * c * c, 12)
  })
})

describe('games', () => {
  const REAL = [
    [1.4, 0.2],
    [-0.3, 0.9],
  ]
  const FAKE = [
    [0.4, -1.1],
    [2.2, 0.5],
  ]
  /** `c = k |x|^2 / 2 + 0.3`, at points without noise. */
  const K = 0.8
  const logit = (x: Vector) => (K * x.reduce((sum, v) => sum + v * v, 0)) / 2 + 0.3
  const draw = {
    path: pathOf(interpolants.linear, tensor(REAL), tensor(FAKE)),
    map: { velocity: (x: Tensor) => x, jump: (x: Tensor) => x },
    ...Object.fromEntries(['s', 't', 'r', 'r2'].map(name => [name, constant([0, 0], [2, 1], 'float64')])),
    noise: tensor([
      [0.5, -0.2],
      [0.1, 0.7],
    ]),
    noise2: tensor(REAL),
    players: {
      critic: (x: Tensor) =>
        x
          .square()
          .sum([1], true)
          .mul(K / 2)
          .add(0.3),
    },
    ...comparing(flat, squaredError),
  } as unknown as Draw
  const valuesOf = (loss: Loss): number[] => {
    const [found] = evaluate(
      trace(() => loss(draw), {}),
      [],
    )
    return [...found.data].map(Number)
  }
  const softplus = (a: number) => Math.log1p(Math.exp(a))
  const expected = {
    logistic: [(r: number, f: number) => softplus(f) + softplus(-r), (_: number, f: number) => softplus(-f)],
    hinge: [(r: number, f: number) => Math.max(0, 1 + f) + Math.max(0, 1 - r), (_: number, f: number) => -f],
    relativistic: [(r: number, f: number) => softplus(f - r), (r: number, f: number) => softplus(r - f)],
  } as const

  test.each(['logistic', 'hinge', 'relativistic'] as const)('%s', name => {
    const [critic, map] = expected[name]
    const each = (of: (r: number, f: number) => number) =>
      REAL.map((row, i) => expect.closeTo(of(logit(row), logit(FAKE[i])), 12))
    expect(valuesOf(ganCritic(name))).toEqual(each(critic))
    expect(valuesOf(ganMap(name))).toEqual(each(map))
  })

  test('R1 is half the weight of the squared gradient at the data', () => {
    const plain = valuesOf(ganCritic('logistic'))
    const held = valuesOf(ganCritic('logistic', 0.6))
    const squares = REAL.map(row => K * K * row.reduce((sum, x) => sum + x * x, 0))
    held.forEach((value, i) => {
      expect(value - plain[i]).toBeCloseTo(0.3 * squares[i], 12)
    })
  })

  test('what stands for it compares the data with the data moved by a tenth of the noise', () => {
    const noise = [
      [0.5, -0.2],
      [0.1, 0.7],
    ]
    const moved = REAL.map((row, i) => row.map((x, k) => x + 0.1 * noise[i][k]))
    expect(valuesOf(approximateR1)).toEqual(
      REAL.map((row, i) => expect.closeTo((logit(row) - logit(moved[i])) ** 2, 12)),
    )
  })

  test('accuracy counts what is taken for what it is', () => {
    // All logits are above 0: data is known, samples are not.
    expect(valuesOf(criticAccuracy)).toEqual([0.5, 0.5])
  })
})
