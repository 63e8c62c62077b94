import { z } from 'zod'
import { constant } from '../../autodiff/index.ts'
import { squaredNorm } from '../loss.ts'
import { bumpAt, width } from './gaussian.ts'
import {
  countOf,
  lengthMisfit,
  likeTimes,
  listOf,
  oneOrMany,
  type RewardKind,
  rowsOf,
  seenPlace,
  unitsOf,
} from './kind.ts'

const schema = z
  .strictObject({
    kind: z.literal('gaussians'),
    /** One number for each coordinate of each. */
    centers: z.array(z.array(z.number()).min(1)).min(1),
    weights: oneOrMany(z.number(), 'one number for each centre').default(1),
    /** Of all alike. */
    scale: width,
  })
  .refine(({ centers, weights }) => typeof weights === 'number' || weights.length === centers.length, {
    path: ['weights'],
    error: 'expected one number for each centre, or one for all',
  })
  .refine(({ centers: [first, ...others] }) => others.every(({ length }) => length === first.length), {
    path: ['centers'],
    error: 'expected centres of as many numbers each',
  })

/**
 * `sum_k weights_k exp(-|(x - centers_k)/scale|^2 / 2)`. In a graph the square of the difference is multiplied out, so that
 * one matrix product does most of the work; points and centres are first moved to the middle of these, where that loses no
 * digits.
 */
export const gaussians = {
  schema,
  graph:
    ({ centers, weights, scale }) =>
    x => {
      const count = centers.length
      const widths = listOf(scale, centers[0].length)
      const middle = widths.map((_, d) => centers.reduce((sum, center) => sum + center[d], 0) / count)
      const inWidths = centers.map(center => center.map((value, d) => (value - middle[d]) / widths[d]))
      const halfSquares = inWidths.map(c => c.reduce((sum, value) => sum + value * value, 0) / 2)
      const row = (values: readonly number[]) => constant(values, [1, values.length], x.dtype)
      const c = constant(inWidths.flat(), [count, widths.length], x.dtype)
      const z = rowsOf(x).sub(row(middle)).div(row(widths))
      const exponents = z
        .matmul(c, { transposeB: true })
        .sub(row(halfSquares))
        .sub(squaredNorm(z, 'sum', true).mul(0.5))
      return likeTimes(exponents.exp().matmul(row(listOf(weights, count)), { transposeB: true }), x)
    },
  value(reward, shape) {
    const dimension = countOf(shape)
    const centers = Float64Array.from(reward.centers.flat())
    const weights = Float64Array.from(listOf(reward.weights, reward.centers.length))
    const scale = Float64Array.from(listOf(reward.scale, dimension))
    return point => weights.reduce((sum, w, k) => sum + w * bumpAt(point, centers, k * dimension, scale), 0)
  },
  misfit({ centers, scale }, shape) {
    const [first] = centers
    const count = countOf(shape)
    return first.length === count
      ? lengthMisfit({ scale }, shape)
      : { key: 'centers', expected: `centres of ${count} numbers`, found: first.length }
  },
  seen(reward, by) {
    const units = unitsOf(by)
    const scale = listOf(reward.scale, units.length).map((value, i) => value / units[i])
    return { ...reward, centers: reward.centers.map(center => seenPlace(center, by)), scale }
  },
  bounds({ centers, weights }) {
    const all = listOf(weights, centers.length)
    const sumOf = (side: (value: number) => number) => all.reduce((sum, value) => sum + side(value), 0)
    return [sumOf(value => Math.min(0, value)), sumOf(value => Math.max(0, value))]
  },
} satisfies RewardKind<z.infer<typeof schema>>
