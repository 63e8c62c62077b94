import type { Dataset, Values } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { energyEstimateTo } from './energy-distance.ts'
import type { Estimate } from './estimate.ts'
import { frechetEstimateTo, type Gaussian, gaussianBy } from './frechet.ts'
import { type HistogramEstimates, histogramBox, histogramEstimatesTo } from './histogram.ts'
import {
  asFloats,
  type CopyRows,
  copyLimit,
  copyRows,
  memorisedEstimate,
  memorisedFloor,
} from './memorised.ts'
import { GREATEST_MMD, mmdEstimateTo } from './mmd.ts'
import { type ModeEstimates, modeEstimates } from './mode-divergence.ts'
import { nearestSquares, nearestSquaresBy } from './nearest.ts'
import { type NeighbourEstimates, neighbourEstimatesTo } from './neighbours.ts'
import { lazyPairs, type Pairs, pairsBy, pairsWithin, type Thinned, thin } from './pairs.ts'
import { allFinite } from './points.ts'
import { MANY_COORDINATES, type Products } from './products.ts'
import { type Projected, projectedBy, type SlicedEstimates, slicedEstimatesTo } from './sliced-wasserstein.ts'
import { mostRows, readyStrayRule, strayEstimate, strayFloor, strayMarksBy, strayRule } from './strays.ts'
import { twoSampleEstimate } from './two-sample.ts'
import { wassersteinEstimate } from './wasserstein.ts'

/** Points `[N, D]` with the results that several metrics share, each computed at most once. */
export interface Cloud {
  readonly values: Values
  once<T>(key: string, compute: () => T): T
  /** The same of what is computed elsewhere; afterwards `once` has it. */
  ready<T>(key: string, compute: () => Promise<T>): Promise<T>
}

/** The data that samples are measured against. */
export interface Reference extends Cloud {
  readonly dataset: Dataset
  readonly seed: number
}

/**
 * Which way is better. `nearest`: to the floor, which is 1 for a mass and that of the true density for the likelihood of what need
 * not be a density; where no floor is known, no value is better than another.
 */
export const DIRECTIONS = ['lower', 'higher', 'nearest'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** What a number means. */
export interface Described {
  /** A few words, for a heading. */
  readonly label: string
  readonly description: string
  /** `data units` are standard deviations where the data is standardised. */
  readonly unit:
    | 'data units'
    | 'squared data units'
    | 'data units per time'
    | 'standard deviations'
    | 'nats'
    | 'share'
    | 'none'
  /** Least and greatest possible value. */
  readonly range: readonly [number, number]
  /** Whether it is shown in percent; the value itself is a share. */
  readonly percent?: boolean
  readonly direction: Direction
  /** Points of each side that are compared at most; all where absent. */
  readonly limit?: number
  /** The same where it depends on the number of coordinates. */
  readonly limitOf?: (dimension: number) => number
  /** Whether it is left out where nothing is asked for, since it takes long. */
  readonly onRequest?: boolean
  /** Whether it is measured of pictures all the same. */
  readonly quickForPictures?: boolean
}

/** A distance or likeness of samples and a dataset. */
export interface Metric extends Described {
  /** What a dataset must be to be measured; all is said where it is empty. */
  readonly needs: readonly Need[]
  /** Why a dataset cannot be measured by it, where that is of another kind. */
  readonly lack?: (dataset: Dataset) => string | undefined
  /** Whether samples that are not finite numbers have a place in it. Any other metric has no value of them. */
  readonly placesAll?: boolean
  /** Does the work on the reference and returns the measurement. */
  readonly prepare: (reference: Reference) => (samples: Cloud) => Estimate
  /**
   * Does the part of `prepare` that takes long in many coordinates by products, and where there are samples that of the measurement, so that
   * both find it done.
   */
  readonly ready?: (reference: Reference, products: Products, samples?: Cloud) => Promise<unknown>
  /** Draw `k` of the floor at `count` points, where measuring rows that were trained on would say nothing. */
  readonly floor?: (reference: Reference, k: number, count: number) => number | undefined
}

export type Need = 'dimension 2' | 'dimension 1,024 or less' | 'a mixture' | '100 held-out rows'

/** What `dataset` lacks to be measured by `metric`. */
export function lacks(metric: Metric, dataset: Dataset): Need[] {
  const has: Record<Need, boolean> = {
    'dimension 2': dataset.dimension === 2,
    'dimension 1,024 or less': dataset.dimension <= 1024,
    'a mixture': dataset.mixture !== undefined,
    '100 held-out rows': heldOut(dataset) >= 100,
  }
  return metric.needs.filter(need => !has[need])
}

const heldOut = ({ split }: Dataset): number => split?.heldOut ?? 0

/** Why a dataset cannot be measured by `metric`, if so: what it would need, and what it has. */
export function lackOf(metric: Metric, dataset: Dataset): string | undefined {
  const other = metric.lack?.(dataset)
  if (other) return other
  const missing = lacks(metric, dataset)
  if (missing.length === 0) return undefined
  const { name, dimension, mixture, split } = dataset
  const rows = split
    ? `${heldOut(dataset)} held-out rows`
    : 'is drawn anew each time, so no rows are trained on or held out'
  const has = missing.some(need => need.endsWith('rows'))
    ? `${split ? 'has ' : ''}${rows}`
    : `has dimension ${dimension} and ${mixture ? 'a' : 'no'} mixture`
  return `needs ${missing.join(' and ')}; ${name} ${has}`
}

/** Whether a metric is measured of data where nothing is asked for. */
export const isQuick = (
  { onRequest, quickForPictures }: Described,
  { shape }: Pick<Dataset, 'shape'>,
): boolean => !onRequest || (quickForPictures === true && shape.length === 3)

/** Metrics of pairs compare all of them. */
const PAIRS_LIMIT = 2000

const distance = { unit: 'data units', range: [0, Infinity], direction: 'lower', needs: [] } as const
const nats = { unit: 'nats', direction: 'lower' } as const
const share = { unit: 'share', range: [0, 1], direction: 'higher' } as const
const ofPairs = { limit: PAIRS_LIMIT, needs: [] } as const

/** Both sliced distances come from one sort of the projections. */
function sliced(pick: keyof SlicedEstimates): Pick<Metric, 'prepare' | 'ready'> {
  /** Found by `ready`; otherwise the measure projects by itself. */
  const projections = (cloud: Cloud) => cloud.once<Projected | undefined>('projections', () => undefined)
  return {
    ready: ({ dataset: { dimension }, seed, ...reference }, products, cloud = reference) =>
      inMany(dimension, () =>
        cloud.ready('projections', () => projectedBy(products, cloud.values, dimension, seed)),
      ),
    prepare: reference => {
      const { dataset, seed, values } = reference
      const measure = reference.once('sliced', () =>
        slicedEstimatesTo(values, dataset.dimension, { seed }, projections(reference)),
      )
      return samples => samples.once('sliced', () => measure(samples.values, projections(samples)))[pick]
    },
  }
}

/** Where products pay. */
const inMany = async (dimension: number, work: () => Promise<unknown>): Promise<void> => {
  if (dimension >= MANY_COORDINATES) await work()
}

function histogram(pick: keyof HistogramEstimates): Metric['prepare'] {
  return ({ values, dataset, once }) => {
    const measure = once('histogram', () =>
      histogramEstimatesTo(values, { range: dataset.histogramRange ?? histogramBox(values) }),
    )
    return samples => samples.once('histogram', () => measure(samples.values))[pick]
  }
}

function modes(pick: keyof ModeEstimates): Metric['prepare'] {
  return ({ dataset }) =>
    samples =>
      samples.once('modes', () => modeEstimates(samples.values, dataset.mixture!))[pick]
}

const thinned = (cloud: Cloud, dimension: number): Thinned =>
  cloud.once('thinned', () => thin(cloud.values, dimension, PAIRS_LIMIT))

const readyPairs: Metric['ready'] = async (reference, products, samples) => {
  const { dimension } = reference.dataset
  await inMany(dimension, async () => {
    const own = thinned(reference, dimension)
    const within = await reference.ready('pairs', () => pairsBy(products, own, own))
    if (!samples) return
    const others = thinned(samples, dimension)
    await samples.ready('pairs', async () => ({
      withinReference: within,
      between: await pairsBy(products, own, others),
      withinSamples: await pairsBy(products, others, others),
    }))
  })
}

/** A metric of the pairs of some points of each side. */
function paired<T>(
  key: string,
  prepare: (reference: Pairs['withinReference']) => (pairs: Pairs) => T,
  pick: (found: T) => Estimate,
): Pick<Metric, 'prepare' | 'ready'> {
  return {
    ready: readyPairs,
    prepare: cloud => {
      const { dimension } = cloud.dataset
      const reference = thinned(cloud, dimension)
      const within = cloud.once('pairs', () => pairsWithin(reference))
      const measure = cloud.once(key, () => prepare(within))
      return samples => {
        const pairs = samples.once('pairs', () => lazyPairs(reference, within, thinned(samples, dimension)))
        return pick(samples.once(key, () => measure(pairs)))
      }
    },
  }
}

/** Points that are looked for among rows, at most. */
const mostOf = ({ values }: Cloud, { dimension }: Dataset): Float64Array =>
  thin(values, dimension, mostRows(dimension)).values

const itself = (found: Estimate): Estimate => found

const neighbours = (pick: keyof NeighbourEstimates): Pick<Metric, 'prepare' | 'ready'> =>
  paired('neighbours', neighbourEstimatesTo, found => found[pick])

/** The metrics that need nothing but samples and data. */
export const metrics: Readonly<Record<string, Metric>> = {
  strays: {
    ...share,
    label: 'strays',
    percent: true,
    description: 'share of samples off the data: beyond 4 standard deviations of every mode, or of every row',
    direction: 'lower',
    limitOf: mostRows,
    needs: [],
    placesAll: true,
    ready: ({ dataset }, products, samples) =>
      inMany(dataset.dimension, async () => {
        await readyStrayRule(dataset, products)
        if (!samples) return
        await samples.ready('strays', () =>
          strayMarksBy(products, dataset, asFloats(mostOf(samples, dataset))),
        )
      }),
    prepare: ({ dataset }) => {
      const rule = strayRule(dataset)
      return samples => strayEstimate(samples.once('strays', () => rule(mostOf(samples, dataset))))
    },
    floor: ({ dataset, seed }, k, count) => strayFloor(dataset, random(seed, 'metric', 'strays', k), count),
  },
  slicedWasserstein: {
    ...distance,
    label: 'sliced Wasserstein',
    description: 'sliced 2-Wasserstein, 128 directions: root mean square of sorted differences',
    ...sliced('second'),
  },
  slicedWasserstein1: {
    ...distance,
    label: 'sliced 1-Wasserstein',
    description: 'sliced 1-Wasserstein, 128 directions: mean absolute sorted difference',
    ...sliced('first'),
  },
  wasserstein2: {
    ...distance,
    ...ofPairs,
    label: '2-Wasserstein',
    description: 'exact 2-Wasserstein of 2,000 points from each side, by assignment',
    onRequest: true,
    ...paired(
      'wasserstein',
      () =>
        ({ between }) =>
          wassersteinEstimate(between),
      itself,
    ),
  },
  energyDistance: {
    ...distance,
    ...ofPairs,
    label: 'energy distance',
    description: 'energy distance of 2,000 points from each side',
    ...paired('energy', energyEstimateTo, itself),
  },
  mmd: {
    ...ofPairs,
    label: 'maximum mean discrepancy',
    description: 'distance of kernel means of 2,000 points from each side: Gaussian kernels of five widths',
    unit: 'none',
    range: [0, GREATEST_MMD],
    direction: 'lower',
    onRequest: true,
    ...paired('mmd', mmdEstimateTo, itself),
  },
  histogramKL: {
    ...nats,
    label: 'histogram KL(data || samples)',
    description: 'KL(data || samples) of a 60x60 histogram and a cell for all outside',
    range: [0, Infinity],
    needs: ['dimension 2'],
    placesAll: true,
    prepare: histogram('kl'),
  },
  histogramJS: {
    ...nats,
    label: 'histogram Jensen-Shannon',
    description: 'Jensen-Shannon divergence of a 60x60 histogram and a cell for all outside',
    range: [0, Math.LN2],
    needs: ['dimension 2'],
    placesAll: true,
    prepare: histogram('js'),
  },
  modeJS: {
    ...nats,
    label: 'Jensen-Shannon divergence of mode frequencies',
    description: 'Jensen-Shannon divergence of mode frequencies from the weights',
    range: [0, Math.LN2],
    needs: ['a mixture'],
    placesAll: true,
    prepare: modes('js'),
  },
  modeCoverage: {
    ...share,
    label: 'modes covered',
    description: 'share of the modes visited by at least a tenth of what their weight would bring',
    needs: ['a mixture'],
    placesAll: true,
    prepare: modes('coverage'),
  },
  precision: {
    ...share,
    ...ofPairs,
    label: 'precision',
    description: 'share of samples among the data: within the fifth neighbour of a data point',
    onRequest: true,
    ...neighbours('precision'),
  },
  recall: {
    ...share,
    ...ofPairs,
    label: 'recall',
    description: 'share of the data among the samples: within the fifth neighbour of a sample',
    onRequest: true,
    ...neighbours('recall'),
  },
  density: {
    ...ofPairs,
    label: 'density',
    description: 'how many data points have a sample within their fifth neighbour, over 5',
    unit: 'none',
    range: [0, Infinity],
    direction: 'higher',
    onRequest: true,
    ...neighbours('density'),
  },
  coverage: {
    ...share,
    ...ofPairs,
    label: 'coverage',
    description: 'share of data points with a sample within their fifth neighbour',
    onRequest: true,
    ...neighbours('coverage'),
  },
  classifierAccuracy: {
    ...share,
    ...ofPairs,
    label: 'accuracy of a classifier',
    description: 'how often nearest neighbours tell samples from data; 0.5 is a guess',
    direction: 'lower',
    onRequest: true,
    ...paired('two samples', () => twoSampleEstimate, itself),
  },
  frechetDistance: {
    label: 'Fréchet distance',
    description: 'squared Fréchet distance of the normal distributions with the same moments',
    unit: 'squared data units',
    range: [0, Infinity],
    direction: 'lower',
    needs: ['dimension 1,024 or less'],
    onRequest: true,
    ready: ({ dataset: { dimension }, ...reference }, products, cloud = reference) =>
      inMany(dimension, () => cloud.ready('moments', () => gaussianBy(products, cloud.values, dimension))),
    prepare: reference => {
      const { values, dataset } = reference
      const moments = (cloud: Cloud) => cloud.once<Gaussian | undefined>('moments', () => undefined)
      const measure = frechetEstimateTo(values, dataset.dimension, moments(reference))
      return samples => measure(samples.values, moments(samples))
    },
  },
  memorised: {
    ...share,
    label: 'copies of training data',
    percent: true,
    description: 'share of samples nearer to a training row than 1 % of held-out rows are',
    direction: 'lower',
    needs: ['100 held-out rows'],
    onRequest: true,
    quickForPictures: true,
    ready: async (reference, products, samples) => {
      const { dataset } = reference
      const { training, heldOut } = copies(reference)
      const nearest = (points: Float32Array) =>
        nearestSquaresBy(products, points, training, dataset.dimension)
      await reference.ready('copy limit', async () => copyLimit(await nearest(heldOut)))
      if (samples && allFinite(samples.values))
        await samples.ready('copies', () => nearest(asFloats(samples.values)))
    },
    prepare: reference => {
      const { dimension } = reference.dataset
      const { training, heldOut } = copies(reference)
      const squares = (points: Values) => nearestSquares(points, training, dimension)
      return samples => {
        const limit = reference.once('copy limit', () => copyLimit(squares(heldOut)))
        return memorisedEstimate(
          samples.once('copies', () => squares(samples.values)),
          limit,
        )
      }
    },
    floor: ({ dataset, seed, values }, k, count) =>
      memorisedFloor(
        Math.min(dataset.split!.heldOut, values.length / dataset.dimension),
        random(seed, 'metric', 'memorised', k),
        count,
      ),
  },
}

const copies = (reference: Reference): CopyRows =>
  reference.once('copy rows', () =>
    copyRows(
      reference.dataset as Parameters<typeof copyRows>[0],
      reference.values.length / reference.dataset.dimension,
    ),
  )
