import { ConfigError } from '../config/index.ts'
import type { Dataset } from '../data/dataset.ts'
import { nearest } from '../data/suggest.ts'
import { isQuick, lackOf, metrics } from '../metric/catalogue.ts'
import {
  described,
  type MapMetric,
  mapMetrics,
  metricName,
  type PathMetric,
  pathMetrics,
} from '../metric/map-catalogue.ts'
import { type ConditionKind, conditionKinds, pluralOf } from '../model/index.ts'
import { metricOfKind } from './condition-measure.ts'

/** Stands for all that is quick and fits, among names. */
const QUICK = 'quick'

/** Names, where `quick` stands for all that is quick; everything that fits; or what is quick. */
export type MetricChoice = readonly string[] | 'all' | undefined

/** What is there to measure with. */
export interface Situation {
  /** As it is measured. */
  readonly dataset: Dataset
  /** Whether the exact velocity of the run's data is known. */
  readonly exact: boolean
  /** The network for features, where there is one. */
  readonly features?: { readonly tellsClasses: boolean }
  /** Whether a map is there, and not its samples alone. */
  readonly map: boolean
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
        'pictures are compared by their pixels alone; "oxbow features DATA --out net.onnx" trains a network on the labels, and --features net.onnx compares what it sees',
      ]
    : []

/** Why a metric cannot be measured, if so. */
function obstacle(name: string, { dataset, exact, features, map, condition }: Situation): string | undefined {
  if (Object.hasOwn(metrics, name)) {
    return lackOf(metrics[name], dataset)
  }
  if (looksThrough(name)) {
    if (!features) return `needs a network for features: --features net.onnx${dataset.labels ? MAKE : ''}`
    if (name === 'featureFrechet') return undefined
    if (!features.tellsClasses) return 'needs a network for features that tells the classes of the data too'
    const known = condition?.kind === 'class'
    if (name === 'classBalance')
      return known && condition.told
        ? `needs samples without classes, and these are drawn by class${condition.none ? '; --class none draws them without' : ''}`
        : undefined
    if (!known) return 'needs a run with --condition class'
    return condition.told ? undefined : 'needs samples of classes, and these are told none'
  }
  if (!map) return 'needs a run, not its samples alone'
  const told = conditionKinds.find(kind => metricOfKind(kind) === name)
  if (told) {
    if (told !== condition?.kind) return `needs a run with --condition ${told}`
    return condition.told ? undefined : `needs samples of ${pluralOf(told)}, and these are told none`
  }
  if (condition && !condition.none)
    return 'needs a map that knows the data as a whole: train with --condition.drop above 0'
  if (condition?.told && (name === 'trajectoryError' || name === 'ownTrajectoryError'))
    return `compares without ${pluralOf(condition.kind)}, and samples are drawn by ${condition.kind}`
  if (name === 'trajectoryError' && !exact) {
    return "needs data whose exact velocity is known; ownTrajectoryError compares with the map's own"
  }
  const most = { flowNLL: FLOW_DIMENSION, jumpNLL: JUMP_DIMENSION }[name]
  return most !== undefined && dataset.dimension > most
    ? `needs at most ${most} coordinates; ${dataset.name} has ${dataset.dimension}`
    : undefined
}

/** A line of what the data lacks, the names with one reason together. */
function lackNotes(dataset: Dataset): string[] {
  const reasons = new Map<string, string[]>()
  for (const [name, metric] of Object.entries(metrics)) {
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
  const isMeant = (name: string): boolean =>
    choice === 'all' || (named.includes(QUICK) && isQuick(described[name], situation.dataset))
  const isChosen = (name: string): boolean =>
    named.includes(name) || (isMeant(name) && !isReplaced(name) && obstacle(name, situation) === undefined)
  return {
    samples: Object.keys(metrics).filter(isChosen),
    paths: pathNames.filter(isChosen),
    maps: mapNames.filter(isChosen),
    notes: choice === 'all' ? lackNotes(situation.dataset) : [],
  }
}
