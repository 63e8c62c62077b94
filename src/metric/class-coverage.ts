import type { Values } from '../data/dataset.ts'
import { clipped, type Estimate } from './estimate.ts'
import { coverageEstimate, NEIGHBOURS } from './neighbours.ts'
import { pairsBetween, pairsBy, pairsWithin, type Thinned } from './pairs.ts'
import type { Products } from './products.ts'

/** Points with the class of each. */
export interface Classed {
  /** `[n, dimension]`. */
  readonly values: Values
  readonly classes: ArrayLike<number>
}

export interface ClassCoverage extends Estimate {
  /** Of each class; NaN of one with too few real points. */
  readonly byClass: readonly number[]
}

/** Numbers of the points of each class. */
export function rowsOfClasses(classes: ArrayLike<number>, count: number): number[][] {
  const rows = Array.from({ length: count }, (): number[] => [])
  for (let i = 0; i < classes.length; i++) rows[classes[i]]?.push(i)
  return rows
}

function taken(values: Values, dimension: number, rows: readonly number[]): Thinned {
  const found = new Float64Array(rows.length * dimension)
  rows.forEach((row, i) => {
    found.set(values.subarray(row * dimension, (row + 1) * dimension), i * dimension)
  })
  return { dimension, count: rows.length, values: found }
}

/** Real points and samples of one class, as many of each; nothing of a class with too few. */
type ClassClouds = { readonly real: Thinned; readonly samples: Thinned } | undefined

function cloudsOf(
  real: Classed,
  samples: Classed,
  dimension: number,
  count: number,
  neighbours = NEIGHBOURS,
): ClassClouds[] {
  const [ofReal, ofSamples] = [real, samples].map(({ classes }) => rowsOfClasses(classes, count))
  return ofReal.map((rows, k) => {
    const most = Math.min(rows.length, ofSamples[k].length)
    if (most <= neighbours) return undefined
    return {
      real: taken(real.values, dimension, rows.slice(0, most)),
      samples: taken(samples.values, dimension, ofSamples[k].slice(0, most)),
    }
  })
}

function meanOfClasses(found: readonly (Estimate | undefined)[]): ClassCoverage {
  const known = found.flatMap(each => each ?? [])
  const value = known.reduce((sum, each) => sum + each.value, 0) / known.length
  const reach = (end: 0 | 1): number =>
    Math.sqrt(known.reduce((sum, each) => sum + (each.interval[end] - each.value) ** 2, 0)) / known.length
  return {
    value,
    interval: [clipped(value - reach(0), [0, 1]), clipped(value + reach(1), [0, 1])],
    byClass: found.map(each => each?.value ?? Number.NaN),
  }
}

/**
 * Coverage of each class, and its mean over classes: the share of real points of a class whose ball, which reaches to its fifth real
 * neighbour of the class, has a sample in it that was made as of this class. From 0 to 1; it rises with the number of samples, so as many
 * real points and samples of each class are compared. Naeem et al., arXiv:2002.09797, eq. 6.
 *
 * @param count  of classes
 * @param neighbours  that make a real point's ball
 */
export const classCoverageEstimate = (
  real: Classed,
  samples: Classed,
  dimension: number,
  count: number,
  neighbours = NEIGHBOURS,
): ClassCoverage =>
  meanOfClasses(
    cloudsOf(real, samples, dimension, count, neighbours).map(
      clouds =>
        clouds &&
        coverageEstimate(pairsWithin(clouds.real), pairsBetween(clouds.real, clouds.samples), neighbours),
    ),
  )

/** The same by products. */
export async function classCoverageBy(
  products: Products,
  ...points: Parameters<typeof classCoverageEstimate>
): Promise<ClassCoverage> {
  const found: (Estimate | undefined)[] = []
  for (const clouds of cloudsOf(...points)) {
    found.push(
      clouds &&
        coverageEstimate(
          await pairsBy(products, clouds.real, clouds.real),
          await pairsBy(products, clouds.real, clouds.samples),
        ),
    )
  }
  return meanOfClasses(found)
}
