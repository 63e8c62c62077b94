import { ConfigError } from '../config/index.ts'
import { tellable } from '../config/point.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import type { PathMetric } from '../metric/map-catalogue.ts'
import type { ConditionKind, RowConditionKind } from '../model/index.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import type { RunRecord } from '../serialization/run.ts'
import { type AskedMeasure, type AskedRows, type AskedValue, drawAsked } from './asked-rows.ts'
import { classMeasure } from './class-measure.ts'
import { vectorMeasure } from './vector-measure.ts'

const rows: {
  readonly [kind in RowConditionKind]: { readonly metric: PathMetric; readonly measure: AskedMeasure }
} = {
  class: { metric: 'classAgreement', measure: classMeasure },
  vector: { metric: 'jointEnergyDistance', measure: vectorMeasure },
}

/** The metric of maps that are told a condition of this kind. */
export const metricOfKind = (kind: ConditionKind): PathMetric | undefined =>
  kind === 'state' ? undefined : rows[kind].metric

/** What the samples of a run are told, and what becomes of it. */
export interface ConditionMeasure {
  readonly metric: PathMetric
  readonly kind: ConditionKind
  /** Real points, and what is asked for with each of them. */
  readonly asked: AskedRows
  /** The run's map, told the condition of each sample. */
  told(map: LoadedMap): LoadedMap
  readonly measure: () => (points: Float32Array) => AskedValue
}

/**
 * Readies the measurement of a run that is told something; nothing of one that is told nothing.
 *
 * @param run  its configuration and its own data
 * @param dataset  what it is measured against, as the network sees it
 * @param count  samples
 * @throws ConfigError when the data does not have what the map is told
 */
export function conditionMeasure(
  run: Pick<RunRecord, 'config' | 'data'>,
  dataset: StandardizedDataset,
  count: number,
  seed: number,
): ConditionMeasure | undefined {
  const { kind } = run.config.condition
  // Without a state a stochastic map is that of the data.
  if (kind === 'none' || kind === 'state') return undefined
  const [theirs, ours] = [dataset, run.data].map(data => tellable(kind, data))
  if (theirs !== ours)
    throw new ConfigError(`data: the run is conditioned on ${ours}, but ${dataset.name} has ${theirs}`)
  const { measure, metric } = rows[kind]
  const asked = drawAsked(kind, dataset, count, seed)
  let ready: ReturnType<AskedMeasure> | undefined
  return {
    metric,
    kind,
    asked,
    told: map => map.given({ [kind]: asked.values }),
    measure: () => (ready ??= measure(dataset, asked, seed)),
  }
}

/** A map that is told the conditions of `count` samples as the data has them; one that is told nothing as it is. */
export function toldAsData(
  map: LoadedMap,
  dataset: StandardizedDataset,
  count: number,
  seed: number,
): LoadedMap {
  if (!map.condition) return map
  const { kind } = map.condition
  if (kind === 'state') return map
  return map.given({ [kind]: drawAsked(kind, dataset, count, seed).values })
}
