import { headLogDensity, planeMass } from '../density/head.ts'
import { sampleWithDensity } from '../density/own-samples.ts'
import { type Estimate, estimate, meanOf, standardError } from '../metric/estimate.ts'
import { pathMetrics } from '../metric/map-catalogue.ts'
import { asRowMap, type Model } from '../serialization/model.ts'
import { headOf, likelihoodOf, type MapSetting, truthOf } from './map-measures.ts'
import { type MetricValue, metricValue } from './metric-value.ts'
import { noiseDeviation } from './model-noise.ts'

/** Part of the extent of the data that the box of the quadrature reaches beyond it, on each side. */
const MARGIN = 0.75
/** Mass at the border of the box that is worth a note. */
const LOST = 1e-3
/** A density has this mass. */
const ONE = { value: 1, low: 1, high: 1 }

/** A box around points of the plane. */
function boxAround(points: Float32Array) {
  const ends = [0, 1].map(k => {
    const values = points.filter((_, i) => i % 2 === k)
    const [least, most] = values.reduce(
      ([low, high], x) => [Math.min(low, x), Math.max(high, x)],
      [Infinity, -Infinity],
    )
    const margin = MARGIN * Math.max(most - least, 1e-6)
    return [least - margin, most + margin] as const
  })
  const corner = (end: 0 | 1) => [ends[0][end], ends[1][end]] as const
  return { low: corner(0), high: corner(1) }
}

/** What a divergence head says of data in as many jumps as a grid has, and the mass of that. */
export interface HeadMeasure {
  headNLL(grid: readonly number[]): Promise<MetricValue>
  /** @param noise  that own samples begin at, where points are of more than two coordinates */
  mass(grid: readonly number[], noise: Float32Array): Promise<MetricValue>
}

export function headMeasure(model: Model, setting: MapSetting): HeadMeasure {
  const { runtime, mixture } = setting
  const { dimension } = model
  const map = asRowMap(model)
  const points = headOf(setting.points, dimension, pathMetrics.headNLL.limit)
  const density = (x: Float64Array, grid: readonly number[]) =>
    headLogDensity(runtime, map, x, dimension, grid, noiseDeviation(model))

  const byQuadrature = async (grid: readonly number[]): Promise<MetricValue> => {
    const { mass, border } = await planeMass(x => density(x, grid), boxAround(setting.points))
    const found: Estimate = { value: mass, interval: [mass, mass] }
    const circumstances = { floor: ONE, count: points.length / dimension, standardized: false }
    return {
      ...metricValue(pathMetrics.mass, found, circumstances),
      ...(border > LOST * mass && { note: 'some of it lies beyond the box that is integrated over' }),
    }
  }

  return {
    headNLL: async grid => {
      const logs = await density(Float64Array.from(points), grid)
      const found = likelihoodOf(model, logs)
      const floor = truthOf(points, mixture)
      const count = points.length / dimension
      return metricValue(pathMetrics.headNLL, found, { floor, count, standardized: false })
    },
    mass: async (grid, noise) => {
      if (dimension === 2) return byQuadrature(grid)
      const own = headOf(noise, dimension, pathMetrics.mass.limit)
      const deviation = noiseDeviation(model)
      const sampled = await sampleWithDensity(runtime, map, Float64Array.from(own), dimension, grid, {
        density: 'jump',
        deviation,
      })
      const said = await density(sampled.points, grid)
      const ratios = said.map((log, i) => Math.exp(log - sampled.logDensity[i]))
      const found = estimate(meanOf(ratios), standardError(ratios), pathMetrics.mass.range)
      return {
        ...metricValue(pathMetrics.mass, found, { floor: ONE, count: ratios.length, standardized: false }),
        note: `over the map's own samples${sampled.folded > 0 ? `, of which ${(100 * sampled.folded).toFixed(1)} % have no positive determinant` : ''}`,
      }
    },
  }
}
