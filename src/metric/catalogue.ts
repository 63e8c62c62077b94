import type { Dataset, Values } from '../data/dataset.ts'
import { energyDistanceTo } from './energy-distance.ts'
import { histogramBox, histogramKLTo } from './histogram.ts'
import { modeJS } from './mode-divergence.ts'
import { type SlicedDistances, slicedDistancesTo } from './sliced-wasserstein.ts'

/** Points `[N, D]` with the results that several metrics share, each computed at most once. */
export interface Points {
  readonly values: Values
  once<T>(key: string, compute: () => T): T
}

/** The data that samples are measured against. */
export interface Reference extends Points {
  readonly dataset: Dataset
  readonly seed: number
}

/** A distance of samples from a dataset. */
export interface Metric {
  /** A few words, for a heading. */
  readonly label: string
  readonly description: string
  readonly unit: 'data units' | 'nats'
  /** Least and greatest possible value. */
  readonly range: readonly [number, number]
  /** Which way is better. */
  readonly direction: 'lower'
  /** Points of each side that are compared at most; all where absent. */
  readonly limit?: number
  /** What a dataset must be to be measured; all is said where it is empty. */
  readonly needs: readonly Need[]
  /** Does the work on the reference and returns the measurement. */
  readonly prepare: (reference: Reference) => (samples: Points) => number
}

export type Need = 'dimension 2' | 'a mixture'

/** What `dataset` lacks to be measured by `metric`. */
export function lacks(metric: Metric, dataset: Dataset): Need[] {
  const has: Record<Need, boolean> = {
    'dimension 2': dataset.dimension === 2,
    'a mixture': dataset.mixture !== undefined,
  }
  return metric.needs.filter(need => !has[need])
}

/** The energy distance compares all pairs. */
const ENERGY_LIMIT = 2000

const distance = { unit: 'data units', range: [0, Number.POSITIVE_INFINITY], direction: 'lower' } as const

/** Both sliced distances come from one sort of the projections. */
function sliced(pick: keyof SlicedDistances): Metric['prepare'] {
  return reference => {
    const measure = reference.once('sliced', () =>
      slicedDistancesTo(reference.values, reference.dataset.dimension, { seed: reference.seed }),
    )
    return samples => samples.once('sliced', () => measure(samples.values))[pick]
  }
}

/** The metrics that need nothing but samples and data. */
export const metrics: Readonly<Record<string, Metric>> = {
  slicedWasserstein: {
    ...distance,
    label: 'sliced Wasserstein',
    description: 'sliced 2-Wasserstein, 128 directions: root mean square of sorted differences',
    needs: [],
    prepare: sliced('second'),
  },
  slicedWasserstein1: {
    ...distance,
    label: 'sliced 1-Wasserstein',
    description: 'sliced 1-Wasserstein, 128 directions: mean absolute sorted difference',
    needs: [],
    prepare: sliced('first'),
  },
  histogramKL: {
    label: 'histogram KL(data || samples)',
    description: 'KL(data || samples) of a 60x60 histogram',
    unit: 'nats',
    range: [0, Number.POSITIVE_INFINITY],
    direction: 'lower',
    needs: ['dimension 2'],
    prepare: ({ values, dataset }) => {
      const measure = histogramKLTo(values, { range: dataset.histogramRange ?? histogramBox(values) })
      return samples => measure(samples.values)
    },
  },
  modeJS: {
    label: 'Jensen-Shannon divergence of mode frequencies',
    description: 'Jensen-Shannon divergence of mode frequencies from the weights',
    unit: 'nats',
    range: [0, Math.LN2],
    direction: 'lower',
    needs: ['a mixture'],
    prepare: reference => samples => modeJS(samples.values, reference.dataset.mixture!),
  },
  energyDistance: {
    ...distance,
    label: 'energy distance',
    description: 'energy distance of 2,000 points from each side',
    limit: ENERGY_LIMIT,
    needs: [],
    prepare: ({ values, dataset }) => {
      const measure = energyDistanceTo(values, dataset.dimension, { limit: ENERGY_LIMIT })
      return samples => measure(samples.values)
    },
  },
}
