import type { Value } from '../../src/autodiff/index.ts'
import { coefficientsAt } from '../../src/model/index.ts'
import { value } from '../autodiff/values.ts'
import { type Batch, mapBatch } from './setting.ts'
import type { World } from './worlds.ts'

/** A quadrature rule for a standard normal variable. */
export type Rule = readonly { readonly z: number; readonly weight: number }[]

/** Two points of Gauss and Hermite: exact for polynomials of degree 3, enough for what is linear or of second order. */
export const hermite: Rule = [
  { z: 1, weight: 1 / 2 },
  { z: -1, weight: 1 / 2 },
]

/** Equally spaced points, which converge exponentially for smooth functions. */
export function spaced(h: number, offset: number): Rule {
  const count = Math.ceil(6.5 / h)
  return Array.from({ length: 2 * count + 1 }, (_, i) => {
    const z = (i - count + offset) * h
    return { z, weight: (h * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI) }
  })
}

/** For every sample, data and noise of its point of the path at a time, with their probabilities. */
export interface Posterior {
  /** The samples one after the other, each as often as there are nodes. */
  readonly batch: Batch
  readonly weights: Float64Array
}

/**
 * The posterior of data and noise given `x_tau`, which stays where it is in `from`. Given a component both are Gaussian;
 * the components' probabilities are those of `x_tau`.
 */
export function posterior(
  { mixture, interpolant }: Pick<World, 'mixture' | 'interpolant'>,
  from: Batch,
  given: 's' | 't',
  rule: Rule,
): Posterior {
  const times = from[given].data
  const rows = [...times].flatMap((time, i) => {
    const { alpha, sigma } = coefficientsAt(interpolant, time)
    const x = [0, 1].map(d => alpha * from.x0.data[2 * i + d] + sigma * from.eps.data[2 * i + d])
    const parts = mixture.components.map(({ weight, mean, scales }) => {
      const axes = scales.map((scale, d) => {
        const k2 = (alpha * scale) ** 2 + sigma ** 2
        const off = x[d] - alpha * mean[d]
        return { scale, mean: mean[d], k2, off, density: Math.exp(-(off ** 2) / k2 / 2) / Math.sqrt(k2) }
      })
      return { axes, mass: weight * axes.reduce((product, { density }) => product * density, 1) }
    })
    const total = parts.reduce((sum, { mass }) => sum + mass, 0)
    return parts.flatMap(({ axes, mass }) =>
      rule.flatMap(first =>
        rule.map(second => {
          const z = [first.z, second.z]
          return {
            weight: (mass / total) * first.weight * second.weight,
            x0: axes.map(
              ({ scale, mean, k2, off }, d) =>
                mean + (alpha * scale ** 2 * off) / k2 + ((scale * sigma) / Math.sqrt(k2)) * z[d],
            ),
            eps: axes.map(
              ({ scale, k2, off }, d) => (sigma * off) / k2 - ((alpha * scale) / Math.sqrt(k2)) * z[d],
            ),
          }
        }),
      ),
    )
  })
  const nodes = rows.length / times.length
  const repeated = mapBatch(field => repeat(field, nodes), from)
  const points = (name: 'x0' | 'eps') =>
    value(
      rows.flatMap(row => row[name]),
      [rows.length, 2],
    )
  return {
    batch: { ...repeated, x0: points('x0'), eps: points('eps') },
    weights: Float64Array.from(rows, ({ weight }) => weight),
  }
}

/** Each row of `[B, D]` so many times. */
export function repeat({ shape: [rows, width], data }: Value, times: number): Value {
  const out = new Float64Array(rows * times * width)
  for (let i = 0; i < rows * times; i++) {
    const row = Math.floor(i / times)
    out.set(data.subarray(row * width, (row + 1) * width), i * width)
  }
  return { shape: [rows * times, width], data: out }
}

/** The mean of each sample's nodes, `[B, D]`. */
export function meanOver(
  { shape: [rows, width = 1], data }: Value,
  weights: Float64Array,
  samples: number,
): Value {
  const nodes = rows / samples
  const out = new Float64Array(samples * width)
  data.forEach((v, i) => {
    const row = Math.floor(i / width)
    out[Math.floor(row / nodes) * width + (i % width)] += weights[row] * v
  })
  return { shape: [samples, width], data: out }
}
