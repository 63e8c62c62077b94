import { constant, type Tensor } from '../../autodiff/index.ts'
import { type Random, random } from '../../random/random.ts'
import { rowsOf } from './pairs.ts'

/** How random features are asked for: `random:COUNT`. */
const ASKED = /^random:(.*)$/

/** Whether random features are asked for, and not a file. */
export const isRandom = (features: string): boolean => ASKED.test(features)

/** The number of random features that are asked for; not a number where it is none. */
export const randomCount = (features: string): number => {
  const [, count = ''] = features.match(ASKED) ?? []
  return /^[1-9]\d*$/.test(count) ? Number(count) : Number.NaN
}

/** Standard deviations of the kernels that random features stand for, in units of the points. */
const FEATURE_WIDTHS: readonly number[] = [0.3, 1, 3]

/**
 * Random Fourier features `sqrt(2) cos(w . x + b)`, `w ~ N(0, 1/width^2)`, `b ~ U(0, 2 pi)`, whose products average to Gaussian kernels of
 * the widths in turn. Rahimi & Recht 2007.
 */
export function randomFeatures(
  count: number,
  dimension: number,
  random: Random,
  widths: readonly number[] = FEATURE_WIDTHS,
): (points: Tensor) => Tensor {
  const w = Float64Array.from(
    { length: count * dimension },
    (_, i) => random.normal() / widths[Math.floor(i / dimension) % widths.length],
  )
  const b = Float64Array.from({ length: count }, () => 2 * Math.PI * random.uniform())
  return points =>
    rowsOf(points)
      .matmul(constant(w, [count, dimension], points.dtype), { transposeB: true })
      .add(constant(b, [count], points.dtype))
      .cos()
      .mul(Math.sqrt(2))
}

/** Features that are the same in every run: no training compares its samples by them, so that they tell of what it does not see. */
const ELSEWHERE = 24

/** Random features of a stream of their own, with widths that grow as distances do with the number of coordinates. */
export const featuresElsewhere = (dimension: number): ((points: Tensor) => Tensor) =>
  randomFeatures(
    ELSEWHERE,
    dimension,
    random(0, 'features elsewhere'),
    FEATURE_WIDTHS.map(width => width * Math.sqrt(dimension / 2)),
  )
