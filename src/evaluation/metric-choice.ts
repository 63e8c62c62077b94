import { ConfigError } from '../config/index.ts'
import type { Dataset } from '../data/dataset.ts'
import { nearest } from '../data/suggest.ts'
import { type Described, isQuick, lackOf } from '../metric/catalogue.ts'
import { manifoldMetrics } from '../metric/manifold/catalogue.ts'
import {
  described,
  type MapMetric,
  mapMetrics,
  metricName,
  type PathMetric,
  pathMetrics,
} from '../metric/map-catalogue.ts'
import { allMetrics, metricsOf } from '../metric/table.ts'
import { type ConditionKind, conditionKinds, pluralOf } from '../model/index.ts'
import type { Jumps } from '../objective/index.ts'
import { metricOfKind } from './condition-measure.ts'

/** Stands for all that is quick and fits, among names. */
const QUICK = 'quick'

/** Names, where `quick` stands for all that is quick; everything that fits; or what is quick. */
export type MetricChoice = readonly string[] | 'all' | undefined

/** What is there to measure with. */
export interface Situation {
  /** As it is measured. */
  readonly dataset: Dataset
  /** What the map is trained to jump; absent where nothing is known of it. */
  readonly jumps?: Jumps
  /** Why nothing follows trajectories of the map, in a line; absent where it does. */
  readonly noTrajectories?: string
  /** Whether the law of the data is known up to its normaliser. */
  readonly energy?: boolean
  /** Whether the exact velocity of the run is known. */
  readonly exact: boolean
  /** Name of the data that the run begins at in the place of noise; absent for noise. */
  readonly source?: string
  /** The network for features, where there is one. */
  readonly features?: { readonly tellsClasses: boolean }
  /** Whether a map is there, and not its samples alone. */
  readonly map: boolean
  /** Whether that map has a divergence head, and jumps both ways. */
  readonly head?: boolean
  /** What the map can be told, whether it knows the data as a whole too, and whether samples are told it; absent for nothing. */
  readonly condition?: { readonly kind: ConditionKind; readonly none: boolean; readonly told: boolean }
}

export interface ChosenMetrics {
  readonly samples: readonly string[]
  readonly paths: readonly PathMetric[]
  readonly maps: readonly MapMetric[]
  /** What was meant by `all` and the data does not have, with the reason. */
  readonly notes: readonly string[]
}

/** Coordinates up to which a density is computed: a derivative for each at every step. */
const FLOW_DIMENSION = 64
const JUMP_DIMENSION = 16
/** The same of samples, which need no search. */
const OWN_DIMENSION = 64
const DENSITY_DIMENSIONS: Readonly<Record<string, number>> = {
  inverseError: OWN_DIMENSION,
  determinantResidual: OWN_DIMENSION,
  folded: OWN_DIMENSION,
  effectiveShare: OWN_DIMENSION,
}

/** Metrics that ask for the density of the noise. */
const OF_NOISE: ReadonlySet<string> = new Set([
  ...['flowNLL', 'jumpNLL', 'headNLL', 'mass', 'folded', 'effectiveShare'],
])

/** Metrics that follow trajectories: where each noise goes, or the density that this gives. */
const OF_TRAJECTORIES: ReadonlySet<string> = new Set([
  ...OF_NOISE,
  ...['trajectoryError', 'ownTrajectoryError', 'semigroupError', 'lagrangianResidual', 'eulerianResidual'],
])

/** What sees a lost mode, of which a small distance says nothing. */
export const OF_MODES = ['modeCoverage', 'recall', 'coverage'] as const

/** Likelihoods of a map that must be told classes are those given the class of each point. */
const GIVEN_CLASS: ReadonlySet<string> = new Set(['flowNLL', 'jumpNLL'])

export const ofHead = (name: string): boolean => name === 'headNLL' || name === 'mass'

const pathNames = Object.keys(pathMetrics) as PathMetric[]
const mapNames = Object.keys(mapMetrics) as MapMetric[]

/** Metrics that look through a network for features. */
const THROUGH_FEATURES = ['featureFrechet', 'classAccuracy', 'classBalance', 'classCoverage']
export const looksThrough = (name: string): boolean => THROUGH_FEATURES.includes(name)
const MAKE = ' ("oxbow features DATA --out net.onnx" trains one on the labels)'

/** What a reader of numbers of pictures with classes should know where there is no network to look through. */
export const withoutFeatures = ({ shape, labels }: Dataset, features: unknown): string[] =>
  shape.length === 3 && labels && !features
    ? [
        'images are only compared by their pixels; to compare features, train a network on the labels with "oxbow features DATA --out net.onnx" and pass --features net.onnx',
      ]
    : []

/** What shows a collapse that is valid. */
const BESIDE_VALIDITY: readonly string[] = ['sequenceKL', 'distinct']

/** Metrics of the map that add points or take their density. */
const OF_TEXT: readonly string[] = [
  'trajectoryError',
  'ownTrajectoryError',
  'semigroupError',
  'lagrangianResidual',
]

/** Why a metric is of no points in this space. */
function ofOtherSpaces(name: string, { space = 'flat', name: data }: Dataset): string | undefined {
  const isOfSamples = Object.hasOwn(allMetrics, name)
  if (space === 'flat') {
    if (!isOfSamples) return undefined
    return Object.hasOwn(manifoldMetrics, name) ? 'needs points of a curved space' : 'needs text'
  }
  if (space === 'simplex') {
    return OF_TEXT.includes(name) ? undefined : `applies to points, but ${data} is text`
  }
  if (name === 'flowNLL') return undefined
  return isOfSamples
    ? `needs points of flat space, not of ${space}`
    : `applies to points of flat space, but ${data} is on the ${space}`
}

/** Why a metric cannot be measured, if so. */
function obstacle(
  name: string,
  { dataset, exact, features, map, head, condition, jumps, noTrajectories, energy, source }: Situation,
): string | undefined {
  const metrics = metricsOf(dataset)
  if (Object.hasOwn(metrics, name)) return lackOf(metrics[name], dataset)
  const elsewhere = ofOtherSpaces(name, dataset)
  if (elsewhere) return elsewhere
  if (looksThrough(name)) {
    if (!features) return `needs a feature network: --features net.onnx${dataset.labels ? MAKE : ''}`
    if (name === 'featureFrechet') return undefined
    if (!features.tellsClasses) return 'needs a feature network that also classifies the data'
    const known = condition?.kind === 'class'
    if (name === 'classBalance')
      return known && condition.told
        ? `needs samples without classes, and these are drawn by class${condition.none ? '; --class none draws them without' : ''}`
        : undefined
    if (!known) return 'needs a run with --condition class'
    return condition.told ? undefined : 'needs samples with classes, but these are unconditional'
  }
  if (!map) return 'needs a run, not its samples alone'
  const told = conditionKinds.find(kind => metricOfKind(kind) === name)
  if (told) {
    if (told !== condition?.kind) return `needs a run with --condition ${told}`
    return condition.told ? undefined : `needs samples with ${pluralOf(told)}, but these are unconditional`
  }
  if (noTrajectories && OF_TRAJECTORIES.has(name)) return `is not measured: ${noTrajectories}`
  if (ofHead(name) && !head) return 'needs a run with a divergence head: --objective f2d2:shortcut'
  const isGiven = condition?.kind === 'class' && condition.told && GIVEN_CLASS.has(name)
  if (condition && !condition.none && !isGiven)
    return 'needs an unconditional map: train with --condition.drop above 0'
  if (condition?.told && (name === 'trajectoryError' || name === 'ownTrajectoryError'))
    return `compares without ${pluralOf(condition.kind)}, and samples are drawn by ${condition.kind}`
  if (name === 'trajectoryError' && !exact) {
    return "needs data whose exact velocity is known; ownTrajectoryError compares with the map's own"
  }
  if (source !== undefined && OF_NOISE.has(name)) {
    return `needs a map from noise, whose density is known; this one starts from ${source}`
  }
  if ((name === 'inverseError' || name === 'determinantResidual') && jumps !== 'both-ways')
    return 'needs a map trained to jump in both directions, such as falcon or fmm'
  if (name === 'effectiveShare' && !energy)
    return 'needs data whose energy is known: {energy: double-well}, or a Gaussian mixture'
  const most = {
    ...DENSITY_DIMENSIONS,
    flowNLL: FLOW_DIMENSION,
    jumpNLL: JUMP_DIMENSION,
    mass: FLOW_DIMENSION,
  }[name]
  return most !== undefined && dataset.dimension > most
    ? `needs at most ${most} coordinates; ${dataset.name} has ${dataset.dimension}`
    : undefined
}

/** A line of what the data lacks, the names with one reason together. */
function lackNotes(dataset: Dataset): string[] {
  const reasons = new Map<string, string[]>()
  for (const [name, metric] of Object.entries(metricsOf(dataset))) {
    const reason = lackOf(metric, dataset)
    if (reason) reasons.set(reason, [...(reasons.get(reason) ?? []), name])
  }
  return [...reasons].map(([reason, names]) => `left out ${names.join(', ')}: ${reason}`)
}

function checkName(name: string, situation: Situation): void {
  if (!Object.hasOwn(described, name)) {
    const known = Object.keys(described)
    const meant = nearest(name, known)
    throw new ConfigError(
      `metrics: unknown metric "${name}"${meant ? `; did you mean "${meant}"?` : ''} (known: ${known.join(', ')})`,
    )
  }
  const reason = obstacle(name, situation)
  if (reason) throw new ConfigError(`metrics: ${name} ${reason}`)
}

/**
 * What is measured of what was asked for.
 *
 * @throws ConfigError on an unknown name, or one that cannot be measured here
 */
export function chooseMetrics(choice: MetricChoice, situation: Situation): ChosenMetrics {
  const named = choice === 'all' ? [] : (choice ?? [QUICK]).map(metricName)
  // A classifier tells better than the nearest row.
  const isReplaced = (name: string): boolean =>
    name === 'classAgreement' && situation.features?.tellsClasses === true
  for (const name of named) if (name !== QUICK) checkName(name, situation)
  // A map that matches what comes out may lose a part of it: that is looked at first.
  const ofSamples = Object.keys(metricsOf(situation.dataset))
  const own: Readonly<Record<string, Described>> = { ...described, ...metricsOf(situation.dataset) }
  const first: readonly string[] = situation.noTrajectories
    ? OF_MODES.filter(name => ofSamples.includes(name))
    : []
  const isMeant = (name: string): boolean =>
    choice === 'all' ||
    (named.includes(QUICK) && (isQuick(own[name], situation.dataset) || first.includes(name)))
  // What a head says is no likelihood without its mass.
  const isNamed = (name: string): boolean =>
    named.includes(name) ||
    (name === 'mass' && named.includes('headNLL') && obstacle(name, situation) === undefined) ||
    // Nor is one text for ever valid text.
    (BESIDE_VALIDITY.includes(name) && named.includes('validity') && obstacle(name, situation) === undefined)
  const isChosen = (name: string): boolean =>
    isNamed(name) || (isMeant(name) && !isReplaced(name) && obstacle(name, situation) === undefined)
  return {
    samples: [...first, ...ofSamples.filter(name => !first.includes(name))].filter(isChosen),
    paths: pathNames.filter(isChosen),
    maps: mapNames.filter(isChosen),
    notes: choice === 'all' ? lackNotes(situation.dataset) : [],
  }
}
