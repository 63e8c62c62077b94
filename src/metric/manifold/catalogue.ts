import type { Cloud, Metric, Reference } from '../catalogue.ts'
import { energyEstimateTo } from '../energy-distance.ts'
import { type Estimate, shareEstimate } from '../estimate.ts'
import { type PairMatrix, type Pairs, type Thinned, thin } from '../pairs.ts'
import { wassersteinEstimate } from '../wasserstein.ts'
import { chordSquare, energySquare, geodesicSquare, type SquaredDistance } from './distances.ts'
import { ASSIGNED_LIMIT, kernelEstimateTo, PAIRS_LIMIT, squaresBetween, squaresWithin } from './measures.ts'

const squares = { energy: energySquare, chord: chordSquare, geodesic: geodesicSquare }
type Distance = keyof typeof squares

const thinned = (cloud: Cloud, dimension: number, limit: number): Thinned =>
  cloud.once(`${limit} points`, () => thin(cloud.values, dimension, limit))

/** Prepares a metric of squared distances; those within each side are measured once, whatever metrics ask for them. */
const ofPairs =
  (
    distance: Distance,
    to: (reference: PairMatrix) => (pairs: Pick<Pairs, 'between' | 'withinSamples'>) => Estimate,
  ): Metric['prepare'] =>
  reference => {
    const { squared, own } = sideOf(reference, distance, PAIRS_LIMIT)
    const within = (cloud: Cloud, points: Thinned): PairMatrix =>
      cloud.once(`${distance} within`, () => squaresWithin(points, squared))
    const measure = to(within(reference, own))
    return samples => {
      const others = thinned(samples, own.dimension, PAIRS_LIMIT)
      const between = samples.once(`${distance} between`, () => squaresBetween(own, others, squared))
      return measure({ between, withinSamples: within(samples, others) })
    }
  }

function sideOf(
  reference: Reference,
  distance: Distance,
  limit: number,
): { squared: SquaredDistance; own: Thinned } {
  const { space, dimension } = reference.dataset
  return { squared: squares[distance](space!, dimension), own: thinned(reference, dimension, limit) }
}

/** The part of the data that is less likely than the rest. */
const UNLIKELY = 1e-3
/** Of densities that are the same everywhere. */
const ROUNDING = 1e-6

const quantile = (values: Float64Array, part: number): number =>
  Float64Array.from(values).sort()[Math.floor(part * (values.length - 1))]

const common = { range: [0, Infinity], direction: 'lower', needs: [] } as const

/** The metrics of points that live in a curved space, under the names that they have in flat ones. */
export const manifoldMetrics: Readonly<Record<string, Metric>> = {
  offData: {
    label: 'off the data',
    description:
      'share of samples that are less likely under the law of the data than 999 of 1,000 of its points',
    unit: 'share',
    percent: true,
    range: [0, 1],
    direction: 'lower',
    needs: [],
    lack: ({ logDensity, name }) =>
      logDensity ? undefined : `needs data whose density is known, but that of ${name} is not known`,
    prepare: ({ dataset, values }) => {
      const least = quantile(dataset.logDensity!(values), UNLIKELY) - ROUNDING
      return samples => {
        const found = dataset.logDensity!(samples.values)
        return shareEstimate(found.filter(value => !(value >= least)).length, found.length)
      }
    },
  },
  energyDistance: {
    ...common,
    label: 'energy distance',
    description:
      'energy distance of 2,000 points from each side, geodesic on the sphere and the hyperboloid, by chords elsewhere',
    unit: 'none',
    limit: PAIRS_LIMIT,
    prepare: ofPairs('energy', energyEstimateTo),
  },
  wasserstein2: {
    ...common,
    label: '2-Wasserstein',
    description: 'exact 2-Wasserstein of 1,000 points from each side, by assignment and geodesic distances',
    unit: 'none',
    limit: ASSIGNED_LIMIT,
    onRequest: true,
    prepare: reference => {
      const { squared, own } = sideOf(reference, 'geodesic', ASSIGNED_LIMIT)
      return samples => {
        const others = thinned(samples, own.dimension, ASSIGNED_LIMIT)
        return wassersteinEstimate(squaresBetween(own, others, squared))
      }
    },
  },
  mmd: {
    ...common,
    label: 'maximum mean discrepancy',
    description:
      'distance of kernel means of 2,000 points from each side: exp(-|x - y|^2) of the space around',
    unit: 'none',
    range: [0, Math.SQRT2],
    limit: PAIRS_LIMIT,
    onRequest: true,
    prepare: ofPairs('chord', kernelEstimateTo),
  },
  mmdPublished: {
    ...common,
    label: 'published MMD (no distance)',
    description:
      'what papers report: the same with exp(-d^2) of the geodesic distance, which is no kernel, so that 0 need not mean equal',
    unit: 'none',
    range: [0, Math.SQRT2],
    limit: PAIRS_LIMIT,
    onRequest: true,
    prepare: ofPairs('geodesic', kernelEstimateTo),
  },
}
