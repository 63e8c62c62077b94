import { ConfigError } from '../config/index.ts'
import { tellable } from '../config/point.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import type { PathMetric } from '../metric/map-catalogue.ts'
import type { ConditionKind } from '../model/index.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { type AskedMeasure, type AskedValue, drawAsked } from './asked-rows.ts'
import { classMeasure } from './class-measure.ts'
import { vectorMeasure } from './vector-measure.ts'

const rows: {
  readonly [kind in ConditionKind]: { readonly metric: PathMetric; readonly measure: AskedMeasure }
} = {
  class: { metric: 'classAgreement', measure: classMeasure },
  vector: { metric: 'jointEnergyDistance', measure: vectorMeasure },
}

/** The metric of maps that are told a condition of this kind. */
export const metricOfKind = (kind: ConditionKind): PathMetric => rows[kind].metric

/** A map that is told the conditions of its samples, and what becomes of them. */
export interface ConditionMeasure {
  readonly map: LoadedMap
  readonly metric: PathMetric
  measure(points: Float32Array): AskedValue
}

/**
 * Readies the measurement of a map that is told something; nothing of one that is told nothing.
 *
 * @param dataset  as the network sees it
 * @param count  samples
 * @throws ConfigError when the data does not have what the map is told
 */
export function conditionMeasure(
  map: LoadedMap,
  dataset: StandardizedDataset,
  count: number,
  seed: number,
): ConditionMeasure | undefined {
  if (!map.condition) return undefined
  const { kind } = map.condition
  const [theirs, ours] = [dataset, map.model!.data].map(data => tellable(kind, data))
  if (theirs !== ours) throw new ConfigError(`data: the run is told ${ours}; ${dataset.name} has ${theirs}`)
  const { measure, metric } = rows[kind]
  const asked = drawAsked(kind, dataset, count, seed)
  return { map: map.given({ [kind]: asked.values }), metric, measure: measure(dataset, asked, seed) }
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
  return map.given({ [kind]: drawAsked(kind, dataset, count, seed).values })
}
