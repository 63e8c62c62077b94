import { describe, expect, test } from 'vitest'
import { constant, evaluate, type Tensor } from '../../src/autodiff/index.ts'
import {
  interpolants,
  type Mixture,
  mixtureVelocity,
  type Policy,
  policyAt,
  policyOutputs,
} from '../../src/model/index.ts'
import { solve } from '../../src/sampler/adaptive.ts'
import { graphOf, value, valuesOf } from '../autodiff/values.ts'

const COMPONENTS = [
  { weight: 0.2, mean: [1.2, -0.4], scales: [0.5, 0.5] },
  { weight: 0.5, mean: [-0.8, 0.9], scales: [0.5, 0.5] },
  { weight: 0.3, mean: [0.1, -1.5], scales: [0.5, 0.5] },
]
const MIXTURE: Mixture = { components: COMPONENTS }
/** The same with a width for each. */
const WIDTHS: Mixture = {
  components: COMPONENTS.map((c, k) => ({ ...c, scales: [0.25 * (k + 1), 0.25 * (k + 1)] })),
}

/** The posterior of the data given `x_s`: means, log weights and variances of its components. */
function posteriorAt({ components }: Mixture, x: readonly number[], s: number) {
  return components.map(({ weight, mean, scales: [sd] }) => {
    const total = (1 - s) ** 2 * sd ** 2 + s ** 2
    const gain = ((1 - s) * sd ** 2) / total
    const gap = x.map((value, i) => value - (1 - s) * mean[i])
    return {
      mean: mean.map((m, i) => m + gain * gap[i]),
      logWeight: Math.log(weight) - Math.log(total) - gap.reduce((sum, d) => sum + d * d, 0) / (2 * total),
      variance: (sd ** 2 * s ** 2) / total,
    }
  })
}

/** What a network says that knows the posterior exactly; the width is that of the first component. */
function outputAt(mixture: Mixture, x: readonly number[], s: number): number[] {
  const posterior = posteriorAt(mixture, x, s)
  return [
    ...posterior.flatMap(({ mean }) => mean.map((m, i) => (x[i] - m) / s)),
    ...posterior.map(({ logWeight }) => logWeight),
    Math.log(Math.sqrt(posterior[0].variance) / s),
  ]
}

const STARTS: readonly (readonly [x: readonly [number, number], s: number])[] = [
  [[0.3, -0.7], 1],
  [[-1.1, 0.4], 0.8],
  [[0.9, 0.6], 0.45],
]

/** The policy of an exact network from each of `STARTS`, as a function of points and times. */
const policyOf = (mixture: Mixture, substeps = 64): Policy => {
  const rows = STARTS.map(([x, s]) => outputAt(mixture, x, s))
  const tensor = (values: readonly number[], shape: readonly number[]) => constant(values, shape, 'float64')
  const network = () => tensor(rows.flat(), [STARTS.length, rows[0].length])
  const keys = { shape: [2], components: mixture.components.length, substeps }
  return policyAt(keys, network)(
    tensor(
      STARTS.flatMap(([x]) => x),
      [STARTS.length, 2],
    ),
    tensor(
      STARTS.map(([, s]) => s),
      [STARTS.length, 1],
    ),
  )
}

const { velocity: exact } = mixtureVelocity(MIXTURE, interpolants.linear)
const POINTS = [0.7, -1.3, 0.2, 0.5, -0.6, 1.4]
const timesAt = (fraction: number) => STARTS.map(([, s]) => s * fraction)

/** Largest difference of a field from the exact velocity, at points that have nothing to do with the start. */
function worst(field: (x: Tensor, t: Tensor) => Tensor, mixture = MIXTURE): number {
  const { velocity } = mixtureVelocity(mixture, interpolants.linear)
  const errors = [1, 0.9, 0.6, 0.3, 0.1].flatMap(fraction => {
    const at = [value(POINTS, [3, 2]), value(timesAt(fraction), [3, 1])]
    const [difference] = valuesOf((x, t) => field(x, t).sub(velocity(x, t)), ...at)
    return [...difference.data].map(Math.abs)
  })
  return Math.max(...errors)
}

interface Flaw {
  readonly zeta?: number
  readonly half?: number
  readonly start?: boolean
  /** Each component with its own width, its weight as for one width or as it must be. */
  readonly own?: 'shared' | 'full'
}

/** The policy in numbers from one of `STARTS`, with what may be wrong about it. */
function inNumbers(mixture: Mixture, [xs, s]: (typeof STARTS)[number], flaw: Flaw) {
  const { zeta: sign = 1, half = 0.5, own, start } = flaw
  const square = (v: readonly number[]) => v.reduce((sum, a) => sum + a * a, 0)
  const posterior = posteriorAt(mixture, xs, s)
  return (x: readonly number[], t: number): number[] => {
    const zeta = sign * (((1 - t) / t) ** 2 - ((1 - s) / s) ** 2)
    const nu = x.map((v, d) => ((1 - t) * v) / t ** 2 - (start ? 0 : ((1 - s) * xs[d]) / s ** 2))
    const parts = posterior.map(({ mean, logWeight, variance }) => {
      const g = own ? variance : posterior[0].variance
      const spread = 1 + g * zeta
      const dot = mean.reduce((sum, m, d) => sum + m * nu[d], 0)
      const more = own === 'full' ? (g * square(nu)) / (2 * spread) - Math.log(spread) : 0
      return {
        log: logWeight + (dot - half * zeta * square(mean)) / spread + more,
        mean: mean.map((m, d) => (g * nu[d] + m) / spread),
      }
    })
    const most = Math.max(...parts.map(({ log }) => log))
    const weights = parts.map(({ log }) => Math.exp(log - most))
    const sum = weights.reduce((a, b) => a + b)
    return x.map((v, d) => (v - parts.reduce((m, { mean }, k) => m + (weights[k] / sum) * mean[d], 0)) / t)
  }
}

/** The same largest difference of a policy in numbers. */
function worstOf(mixture: Mixture, flaw: Flaw = {}): number {
  const errors = [0.9, 0.6, 0.3, 0.1].flatMap(fraction => {
    const times = timesAt(fraction)
    const found = STARTS.flatMap((start, i) =>
      inNumbers(mixture, start, flaw)(POINTS.slice(2 * i, 2 * i + 2), times[i]),
    )
    const { velocity } = mixtureVelocity(mixture, interpolants.linear)
    const [wanted] = valuesOf(velocity, value(POINTS, [3, 2]), value(times, [3, 1]))
    return found.map((v, i) => Math.abs(v - wanted.data[i]))
  })
  return Math.max(...errors)
}

describe('a policy', () => {
  test('of the exact posterior is the exact velocity everywhere below its start', () => {
    expect(worst(policyOf(MIXTURE).velocity)).toBeLessThan(1e-12)
  })

  test.each<[string, Flaw]>([
    ['zeta of the wrong sign', { zeta: -1 }],
    ['the square of a mean counted twice', { half: 1 }],
    ['what is known of the start left out', { start: true }],
  ])('is not with %s', (_, flaw) => {
    expect(worstOf(MIXTURE)).toBeLessThan(1e-12)
    expect(worstOf(MIXTURE, flaw)).toBeGreaterThan(0.1)
  })

  test('has one width: weights of several are others', () => {
    expect(worstOf(WIDTHS, { own: 'full' })).toBeLessThan(1e-12)
    expect(worstOf(WIDTHS, { own: 'shared' })).toBeGreaterThan(0.1)
    expect(worst(policyOf(WIDTHS).velocity, WIDTHS)).toBeGreaterThan(0.1)
  })

  const graph = graphOf(exact, [value([0, 0], [1, 2]), value([1], [1, 1])])
  const field = async (points: Float64Array, t: number) =>
    evaluate(graph, [value([...points], [1, 2]), value([t], [1, 1])])[0].data as Float64Array
  const ends = Promise.all(
    STARTS.map(([x, s]) => solve(field, Float64Array.from(x), s, s / 3, { tolerance: 1e-10 })),
  )

  /** Distance of a rolled-out policy from the exact flow at a third of its time. */
  async function missed(substeps: number): Promise<number> {
    const [average] = valuesOf(t => policyOf(MIXTURE, substeps).average(t), value(timesAt(1 / 3), [3, 1]))
    const errors = (await ends).flatMap((end, i) => {
      const [x, s] = STARTS[i]
      return x.map((v, d) => Math.abs(v + (s / 3 - s) * average.data[2 * i + d] - end[d]))
    })
    return Math.max(...errors)
  }

  test('is rolled out at the order of Euler to the exact flow', async () => {
    const errors = [await missed(16), await missed(32), await missed(64)]
    expect(errors[0] / errors[1]).toBeCloseTo(2, 0)
    expect(errors[1] / errors[2]).toBeGreaterThan(1.9)
    expect(errors[1] / errors[2]).toBeLessThan(2.1)
  })

  test('has a field that Heun follows at order 2', async () => {
    const exactly = await ends
    const policy = policyOf(MIXTURE)
    const fieldAt = (x: ArrayLike<number>, part: number): ArrayLike<number> =>
      valuesOf(
        (x, t) => policy.velocity(x, t),
        value([...Array.from(x)], [3, 2]),
        value(timesAt(part), [3, 1]),
      )[0].data as Float64Array
    const missedBy = (steps: number): number => {
      let x: readonly number[] = STARTS.flatMap(([point]) => point)
      const width = 2 / 3 / steps
      for (let k = 0; k < steps; k++) {
        const [from, to] = [1 - k * width, 1 - (k + 1) * width]
        const move = (v: ArrayLike<number>) =>
          x.map((value, i) => value - STARTS[Math.floor(i / 2)][1] * width * v[i])
        const first = fieldAt(x, from)
        const second = fieldAt(move(first), to)
        x = move(Array.from(first, (v, i) => (v + second[i]) / 2))
      }
      return Math.max(...x.map((value, i) => Math.abs(value - exactly[Math.floor(i / 2)][i % 2])))
    }
    const errors = [missedBy(16), missedBy(32), missedBy(64)]
    expect(errors[0] / errors[1]).toBeGreaterThan(3.5)
    expect(errors[1] / errors[2]).toBeGreaterThan(3.7)
    expect(errors[1] / errors[2]).toBeLessThan(4.3)
  })

  test('is at its own time the mean of its weights, however many substeps', () => {
    const starts = value(
      STARTS.flatMap(([x]) => x),
      [3, 2],
    )
    const [difference] = valuesOf(
      (x, t) => policyOf(MIXTURE).velocity(x, t).sub(policyOf(MIXTURE).average(t)),
      starts,
      value(timesAt(1), [3, 1]),
    )
    expect(Math.max(...[...difference.data].map(Math.abs))).toBeLessThan(1e-12)
  })

  test('of a picture has weights for each pixel and one width', () => {
    expect(policyOutputs({ shape: [4, 4, 3], components: 5 })).toBe(16 * 5 * 4 + 1)
    expect(policyOutputs({ shape: [2], components: 5 })).toBe(16)
  })
})
