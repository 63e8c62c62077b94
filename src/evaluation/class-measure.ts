import type { Dataset } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { classRule } from '../metric/class-rule.ts'
import { shareEstimate } from '../metric/estimate.ts'
import { pathMetrics } from '../metric/map-catalogue.ts'
import { strayRule } from '../metric/strays.ts'
import { random } from '../random/random.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { type MetricValue, metricValue } from './metric-value.ts'

/** What the samples of one class are. */
export interface ClassRow {
  readonly name: string
  /** Samples that were asked for. */
  readonly count: number
  /** Share of them that belong to the class. */
  readonly agreement: number
  /** Share of them that are off the data. */
  readonly strays: number
}

/** Classes for samples of a map, and what becomes of them. */
export interface ClassMeasure {
  /** The class of each sample, drawn as often as the data has it. */
  readonly asked: Uint16Array
  /** @param points  as the network sees them, one for each class that was asked for */
  measure(points: Float32Array): { readonly agreement: MetricValue; readonly classes: readonly ClassRow[] }
}

/** Classes of `count` points as the data has them, and the share of real points that the rule finds in their own class. */
function drawn(
  dataset: Dataset,
  count: number,
  seed: number,
): { points: Float32Array; classes: Uint16Array } {
  const [points, classes] = [new Float32Array(count * dataset.dimension), new Uint16Array(count)]
  const { split } = dataset
  const source = random(seed, 'classes')
  if (split && split.heldOut >= count) split.take('heldOut', source, points, classes)
  else dataset.sample(source, points, classes)
  return { points, classes }
}

/** @param dataset  with labels, as the network sees it */
export function classMeasure(dataset: StandardizedDataset, count: number, seed: number): ClassMeasure {
  const rule = classRule(dataset)
  const { points: real, classes: asked } = drawn(dataset, count, seed)
  const hits = (found: Int32Array): number =>
    found.reduce((sum, value, i) => sum + Number(value === asked[i]), 0)
  const floor = hits(rule(real)) / count
  const names = dataset.labels!.names
  return {
    asked,
    measure(points) {
      const found = rule(points)
      const strays = strayRule(dataset)(points)
      const circumstances = { floor: { value: floor, low: floor, high: floor }, count, standardized: false }
      const rows = names.map((name, k): ClassRow => {
        const own = Array.from(asked.keys()).filter(i => asked[i] === k)
        const share = (holds: (i: number) => boolean) =>
          own.length > 0 ? own.filter(holds).length / own.length : 0
        return {
          name,
          count: own.length,
          agreement: share(i => found[i] === k),
          strays: share(i => strays[i] === 1),
        }
      })
      return {
        agreement: metricValue(pathMetrics.classAgreement, shareEstimate(hits(found), count), circumstances),
        classes: rows,
      }
    },
  }
}

/** A map that is told the classes of `count` samples as often as the data has them; one without classes as it is. */
export function toldAsData(
  map: LoadedMap,
  dataset: StandardizedDataset,
  count: number,
  seed: number,
): LoadedMap {
  return map.classes && dataset.labels ? map.given({ class: drawn(dataset, count, seed).classes }) : map
}
