import type { Dataset, Values } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { energyEstimateTo } from './energy-distance.ts'
import type { Estimate } from './estimate.ts'
import { frechetEstimateTo } from './frechet.ts'
import { type HistogramEstimates, histogramBox, histogramEstimatesTo } from './histogram.ts'
import { GREATEST_MMD, mmdEstimateTo } from './mmd.ts'
import { type ModeEstimates, modeEstimates } from './mode-divergence.ts'
import { type NeighbourEstimates, neighbourEstimatesTo } from './neighbours.ts'
import { lazyPairs, type Pairs, pairsWithin, thin } from './pairs.ts'
import { type SlicedEstimates, slicedEstimatesTo } from './sliced-wasserstein.ts'
import { mostRows, strayEstimate, strayFloor, strayRule } from './strays.ts'
import { twoSampleEstimate } from './two-sample.ts'
import { wassersteinEstimate } from './wasserstein.ts'

/** Points `[N, D]` with the results that several metrics share, each computed at most once. */
export interface Cloud {
  readonly values: Values
  once<T>(key: string, compute: () => T): T
}

/** The data that samples are measured against. */
export interface Reference extends Cloud {
  readonly dataset: Dataset
  readonly seed: number
}

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
  /** Which way is better. */
  readonly direction: 'lower' | 'higher'
  /** Points of each side that are compared at most; all where absent. */
  readonly limit?: number
  /** The same where it depends on the number of coordinates. */
  readonly limitOf?: (dimension: number) => number
  /** Whether it is left out where nothing is asked for, since it takes long. */
  readonly onRequest?: boolean
}

/** A distance or likeness of samples and a dataset. */
export interface Metric extends Described {
  /** What a dataset must be to be measured; all is said where it is empty. */
  readonly needs: readonly Need[]
  /** Whether samples that are not finite numbers have a place in it. Any other metric has no value of them. */
  readonly placesAll?: boolean
  /** Does the work on the reference and returns the measurement. */
  readonly prepare: (reference: Reference) => (samples: Cloud) => Estimate
  /** Draw `k` of the floor at `count` points, where measuring rows that were trained on would say nothing. */
  readonly floor?: (reference: Reference, k: number, count: number) => number | undefined
}

export type Need = 'dimension 2' | 'dimension 1,024 or less' | 'a mixture'

/** What `dataset` lacks to be measured by `metric`. */
export function lacks(metric: Metric, dataset: Dataset): Need[] {
  const has: Record<Need, boolean> = {
    'dimension 2': dataset.dimension === 2,
    'dimension 1,024 or less': dataset.dimension <= 1024,
    'a mixture': dataset.mixture !== undefined,
  }
  return metric.needs.filter(need => !has[need])
}

/** Metrics of pairs compare all of them. */
const PAIRS_LIMIT = 2000

const distance = { unit: 'data units', range: [0, Infinity], direction: 'lower', needs: [] } as const
const nats = { unit: 'nats', direction: 'lower' } as const
const share = { unit: 'share', range: [0, 1], direction: 'higher' } as const
const ofPairs = { limit: PAIRS_LIMIT, needs: [] } as const

/** Both sliced distances come from one sort of the projections. */
function sliced(pick: keyof SlicedEstimates): Metric['prepare'] {
  return reference => {
    const measure = reference.once('sliced', () =>
      slicedEstimatesTo(reference.values, reference.dataset.dimension, { seed: reference.seed }),
    )
    return samples => samples.once('sliced', () => measure(samples.values))[pick]
  }
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

/** A metric of the pairs of some points of each side. */
function paired<T>(
  key: string,
  prepare: (reference: Pairs['withinReference']) => (pairs: Pairs) => T,
  pick: (found: T) => Estimate,
): Metric['prepare'] {
  return ({ values, dataset, once }) => {
    const { dimension } = dataset
    const reference = once('thinned', () => thin(values, dimension, PAIRS_LIMIT))
    const within = once('pairs', () => pairsWithin(reference))
    const measure = once(key, () => prepare(within))
    return samples => {
      const pairs = samples.once('pairs', () =>
        lazyPairs(reference, within, thin(samples.values, dimension, PAIRS_LIMIT)),
      )
      return pick(samples.once(key, () => measure(pairs)))
    }
  }
}

const itself = (found: Estimate): Estimate => found

const neighbours = (pick: keyof NeighbourEstimates): Metric['prepare'] =>
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
    prepare: ({ dataset }) => {
      const rule = strayRule(dataset)
      const most = mostRows(dataset.dimension)
      return ({ values }) => strayEstimate(rule(thin(values, dataset.dimension, most).values))
    },
    floor: ({ dataset, seed }, k, count) => strayFloor(dataset, random(seed, 'metric', 'strays', k), count),
  },
  slicedWasserstein: {
    ...distance,
    label: 'sliced Wasserstein',
    description: 'sliced 2-Wasserstein, 128 directions: root mean square of sorted differences',
    prepare: sliced('second'),
  },
  slicedWasserstein1: {
    ...distance,
    label: 'sliced 1-Wasserstein',
    description: 'sliced 1-Wasserstein, 128 directions: mean absolute sorted difference',
    prepare: sliced('first'),
  },
  wasserstein2: {
    ...distance,
    ...ofPairs,
    label: '2-Wasserstein',
    description: 'exact 2-Wasserstein of 2,000 points from each side, by assignment',
    onRequest: true,
    prepare: paired(
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
    prepare: paired('energy', energyEstimateTo, itself),
  },
  mmd: {
    ...ofPairs,
    label: 'maximum mean discrepancy',
    description: 'distance of kernel means of 2,000 points from each side: Gaussian kernels of five widths',
    unit: 'none',
    range: [0, GREATEST_MMD],
    direction: 'lower',
    onRequest: true,
    prepare: paired('mmd', mmdEstimateTo, itself),
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
    prepare: neighbours('precision'),
  },
  recall: {
    ...share,
    ...ofPairs,
    label: 'recall',
    description: 'share of the data among the samples: within the fifth neighbour of a sample',
    onRequest: true,
    prepare: neighbours('recall'),
  },
  density: {
    ...ofPairs,
    label: 'density',
    description: 'how many data points have a sample within their fifth neighbour, over 5',
    unit: 'none',
    range: [0, Infinity],
    direction: 'higher',
    onRequest: true,
    prepare: neighbours('density'),
  },
  coverage: {
    ...share,
    ...ofPairs,
    label: 'coverage',
    description: 'share of data points with a sample within their fifth neighbour',
    onRequest: true,
    prepare: neighbours('coverage'),
  },
  classifierAccuracy: {
    ...share,
    ...ofPairs,
    label: 'accuracy of a classifier',
    description: 'how often nearest neighbours tell samples from data; 0.5 is a guess',
    direction: 'lower',
    onRequest: true,
    prepare: paired('two samples', () => twoSampleEstimate, itself),
  },
  frechetDistance: {
    label: 'Fréchet distance',
    description: 'squared Fréchet distance of the normal distributions with the same moments',
    unit: 'squared data units',
    range: [0, Infinity],
    direction: 'lower',
    needs: ['dimension 1,024 or less'],
    onRequest: true,
    prepare: ({ values, dataset }) => {
      const measure = frechetEstimateTo(values, dataset.dimension)
      return samples => measure(samples.values)
    },
  },
}
