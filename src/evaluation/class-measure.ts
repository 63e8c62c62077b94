import type { StandardizedDataset } from '../data/standardized.ts'
import { classRule } from '../metric/class-rule.ts'
import { shareEstimate } from '../metric/estimate.ts'
import { pathMetrics } from '../metric/map-catalogue.ts'
import { type StrayRule, strayRule } from '../metric/strays.ts'
import type { AskedMeasure, ClassRow } from './asked-rows.ts'
import { metricValue } from './metric-value.ts'

/** The share of samples in the class that was asked for, beside that of real points which the rule finds in their own. */
export const classMeasure: AskedMeasure = (dataset: StandardizedDataset, { points: real, values: asked }) => {
  const count = asked.length
  const rule = classRule(dataset)
  // A text that is in no class is not in the language.
  const strays: StrayRule = dataset.language?.classOf
    ? points => Uint8Array.from(rule(points), found => Number(found < 0))
    : strayRule(dataset)
  const hits = (found: Int32Array): number =>
    found.reduce((sum, value, i) => sum + Number(value === asked[i]), 0)
  const floor = hits(rule(real)) / count
  const names = dataset.labels!.names
  return points => {
    const found = rule(points)
    const astray = strays(points)
    const circumstances = { floor: { value: floor, low: floor, high: floor }, count, standardized: false }
    const classes = names.map((name, k): ClassRow => {
      const own = Array.from(asked.keys()).filter(i => asked[i] === k)
      const share = (holds: (i: number) => boolean) =>
        own.length > 0 ? own.filter(holds).length / own.length : 0
      return {
        name,
        count: own.length,
        agreement: share(i => found[i] === k),
        strays: share(i => astray[i] === 1),
      }
    })
    return {
      value: metricValue(pathMetrics.classAgreement, shareEstimate(hits(found), count), circumstances),
      classes,
    }
  }
}
