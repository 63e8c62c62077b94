import type { Described } from './catalogue.ts'
import { allMetrics } from './table.ts'

const length = { unit: 'data units', range: [0, Infinity], direction: 'lower' } as const
const residual = { ...length, limit: 512, onRequest: true } as const
const own = { unit: 'share', limit: 2000, onRequest: true } as const
const along = { range: [0, Infinity], direction: 'lower', limit: 1000, onRequest: true } as const
const nats = { unit: 'nats', range: [-Infinity, Infinity], direction: 'lower', onRequest: true } as const

/** Metrics of samples that need more than samples and data: the map's noise, its velocity or another network. */
export const pathMetrics = {
  classAgreement: {
    label: 'in the class asked for',
    description: 'share of samples that belong to the class that the map was told',
    unit: 'share',
    range: [0, 1],
    direction: 'higher',
  },
  jointEnergyDistance: {
    ...length,
    unit: 'standard deviations',
    label: 'joint energy distance',
    description:
      'energy distance of samples with the vectors asked for from held-out rows with theirs, by column scaled',
    limit: 2000,
  },
  trajectoryError: {
    ...length,
    label: 'distance to the exact flow map',
    description: 'root mean square distance from where the exact velocity leads the same noise',
    limit: 1000,
  },
  ownTrajectoryError: {
    ...length,
    label: "distance to the map's own flow",
    description: "root mean square distance from where the map's own velocity leads the same noise",
    limit: 1000,
    onRequest: true,
  },
  headNLL: {
    ...nats,
    direction: 'nearest',
    label: 'negative log-likelihood by the divergence head',
    description:
      'of data by as many jumps to noise and what the head says of each; no density unless its mass is 1',
    limit: 2000,
  },
  mass: {
    label: 'mass of the density by the divergence head',
    description:
      'integral of exp of what the head says; 1 for a density, above 1 its likelihoods are too high',
    unit: 'none',
    range: [0, Infinity],
    direction: 'nearest',
    onRequest: true,
    limit: 2000,
  },
  featureFrechet: {
    label: 'Fréchet distance of features',
    description: 'squared Fréchet distance of what a network makes of the points',
    unit: 'none',
    range: [0, Infinity],
    direction: 'lower',
  },
  classAccuracy: {
    label: 'recognised as the class asked for',
    description: 'share of samples that a classifier takes for the class that the map was told',
    unit: 'share',
    range: [0, 1],
    direction: 'higher',
  },
  classBalance: {
    label: 'imbalance of classes',
    description: 'total variation between the classes that a classifier finds in samples and in the data',
    unit: 'share',
    range: [0, 1],
    direction: 'lower',
  },
  classCoverage: {
    label: 'coverage of classes',
    description:
      "share of real points with a sample of their class within the fifth neighbour, in a network's features, mean over classes",
    unit: 'share',
    range: [0, 1],
    direction: 'higher',
  },
} as const satisfies Record<string, Described>

/** Metrics of the map itself, the same for any number of steps. */
export const mapMetrics = {
  flowNLL: {
    ...nats,
    label: 'negative log-likelihood of the flow',
    description: 'of data under the instantaneous velocity, by the exact change of variables',
    limit: 500,
  },
  jumpNLL: {
    ...nats,
    label: 'negative log-likelihood of one jump',
    description: 'of data under the jump from noise, by the determinant of its Jacobian where it is inverted',
    limit: 500,
  },
  inverseError: {
    ...residual,
    label: 'error of the return',
    description: 'F(F(x,s,t),t,s) - x: root mean square over pairs of times',
  },
  determinantResidual: {
    ...residual,
    unit: 'nats',
    label: 'residual of determinants',
    description: 'log det of a jump and of the jump back, which a return leaves 0: mean size of the sum',
  },
  folded: {
    ...own,
    range: [0, 1],
    direction: 'lower',
    label: 'folded samples',
    description: 'share of own samples on whose way a jump has no positive determinant; 4 jumps',
  },
  effectiveShare: {
    ...own,
    range: [0, 1],
    direction: 'higher',
    label: 'effective share of samples',
    description: 'by weights of own samples, exact in 4 jumps, to the known law of the data',
  },
  semigroupError: {
    ...residual,
    label: 'semigroup error',
    description: 'F(x,s,t) - F(F(x,s,m),m,t): root mean square, mean over pairs of times',
  },
  lagrangianResidual: {
    ...residual,
    unit: 'data units per time',
    label: 'Lagrangian residual',
    description: 'd_t F - V(F,t,t): root mean square, mean over pairs of times',
  },
  eulerianResidual: {
    ...residual,
    unit: 'data units per time',
    label: 'Eulerian residual',
    description: 'd_s F + d_x F V(x,s,s): root mean square, mean over pairs of times',
  },
  straightness: {
    ...along,
    unit: 'squared data units',
    label: 'straightness',
    description: "mean of int |v - (x_1 - x_0)|^2 dt along trajectories of the map's own velocity",
  },
  relativeStraightness: {
    ...along,
    unit: 'none',
    label: 'straightness over transport cost',
    description: 'straightness divided by the transport cost',
  },
  transportCost: {
    ...along,
    unit: 'squared data units',
    label: 'transport cost',
    description: "mean of |x_1 - x_0|^2 over trajectories of the map's own velocity",
  },
} as const satisfies Record<string, Described>

export type PathMetric = keyof typeof pathMetrics
export type MapMetric = keyof typeof mapMetrics

/** Every metric by its name. */
export const described: Readonly<Record<string, Described>> = {
  ...allMetrics,
  ...pathMetrics,
  ...mapMetrics,
}

/** Earlier names of metrics, which are still read. */
const EARLIER: Readonly<Record<string, string>> = { featureFrechetDistance: 'featureFrechet' }

/** The name that a metric has now. */
export const metricName = (name: string): string => EARLIER[name] ?? name
