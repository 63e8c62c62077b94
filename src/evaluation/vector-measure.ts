import type { StandardizedDataset } from '../data/standardized.ts'
import { energyEstimate } from '../metric/energy-distance.ts'
import { pathMetrics } from '../metric/map-catalogue.ts'
import { summarise } from '../metric/prepare.ts'
import { standardized } from '../model/index.ts'
import { type AskedMeasure, type AskedRows, drawAsked } from './asked-rows.ts'
import { metricValue } from './metric-value.ts'

const { jointEnergyDistance } = pathMetrics
const DRAWS = 10

/** Rows of a point and its vector, `[rows, D + K]`, each column in its standard deviations over some real rows. */
function joiner({ dimension, vector }: StandardizedDataset, real: AskedRows) {
  const { size, standardization } = vector!
  const count = real.points.length / dimension
  const column = (i: number) => Array.from({ length: count }, (_, row) => real.points[row * dimension + i])
  const units = Array.from({ length: dimension }, (_, i) => {
    const values = column(i)
    const mean = values.reduce((sum, value) => sum + value, 0) / count
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count) || 1
  })
  return (points: Float32Array, values: Float32Array, from: number, to: number): Float32Array => {
    const seen = standardized(standardization, values.subarray(from * size, to * size))
    const width = dimension + size
    return Float32Array.from({ length: (to - from) * width }, (_, k) => {
      const [row, i] = [Math.floor(k / width), k % width]
      return i < dimension
        ? points[(from + row) * dimension + i] / units[i]
        : seen[row * size + i - dimension]
    })
  }
}

/**
 * The energy distance between samples with the vectors that were asked for and real rows with theirs. The vectors are those of
 * held-out rows, and no row is on both sides: one half of them asks, the other is the reference, which floors of training rows are
 * measured against too.
 */
export const vectorMeasure: AskedMeasure = (dataset, asked, seed) => {
  const { dimension, vector } = dataset
  const width = dimension + vector!.size
  const rows = Math.min(jointEnergyDistance.limit, Math.floor(asked.points.length / dimension / 2))
  const join = joiner(dataset, asked)
  const reference = join(asked.points, asked.values, rows, 2 * rows)
  const to = (points: Float32Array, values: Float32Array) =>
    energyEstimate(reference, join(points, values, 0, rows), width, jointEnergyDistance.limit)
  const floors = Array.from({ length: DRAWS }, (_, k) => {
    const { points, values } = drawAsked('vector', dataset, rows, seed, `floor ${k}`)
    return to(points, values).value
  })
  return points => ({
    value: metricValue(jointEnergyDistance, to(points, asked.values), {
      floor: summarise(floors, rows),
      count: rows,
      standardized: true,
    }),
  })
}
