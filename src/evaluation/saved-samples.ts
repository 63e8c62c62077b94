import { ConfigError } from '../config/index.ts'
import { checkDataset, checkPath } from '../data/arguments.ts'
import { columnOrder, reorder } from '../data/column-order.ts'
import type { Dataset } from '../data/dataset.ts'
import { readPoints } from '../data/points.ts'
import { standardizationOf, standardizedBy } from '../data/standardized.ts'
import { someRows } from '../metric/points.ts'
import { prepareMetricsBy } from '../metric/prepare.ts'
import { random } from '../random/random.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { dataRecord } from '../serialization/record.ts'
import type { DataRecord } from '../serialization/run.ts'
import { checkMeasured } from './evaluation-request.ts'
import { featuresFor } from './features/shipped.ts'
import { openSampleMeasure } from './measure-rows.ts'
import { chooseMetrics, type MetricChoice, withoutFeatures } from './metric-choice.ts'
import type { MetricValue } from './metric-value.ts'
import { runtimeProducts } from './products.ts'

export interface SavedRequest {
  /** Points measured at most. */
  readonly count: number
  /** Of the reference data, of directions, and of the points drawn where not all are measured. */
  readonly seed: number
  readonly metrics?: MetricChoice
  /** Path of the ONNX network that metrics of features look through; that of the package by default, where it has one. */
  readonly features?: string
}

/** What a file of samples gives. */
export interface SavedEvaluation {
  readonly file: string
  readonly data: DataRecord
  readonly metrics: Readonly<Record<string, MetricValue>>
  readonly notes: readonly string[]
}

/**
 * Measures samples that were saved to a file, in any format that data is read from, against data; different points drawn at
 * random where there are more than are compared. Data of a file is brought to standard deviations as for a training with
 * `standardize: auto`.
 *
 * @throws DataError when the file cannot be read; ConfigError when it does not fit the data, or a metric cannot be measured;
 * ArgumentError when the request is out of range
 */
export async function evaluateSamples(
  file: string,
  dataset: Dataset,
  request: SavedRequest,
): Promise<SavedEvaluation> {
  checkPath('evaluateSamples: file', file)
  checkDataset('evaluateSamples: dataset', dataset)
  checkMeasured('evaluateSamples', request)
  const { count, seed, metrics, features } = request
  const { dimension, points: found, columns } = await readPoints(file)
  const order = columnOrder({ name: file, columns }, dataset)
  if (dimension !== dataset.dimension) {
    throw new ConfigError(`${file}: has ${dimension} coordinates, ${dataset.name} ${dataset.dimension}`)
  }
  const points = reorder(found, order)
  const rows = points.length / dimension
  if (rows < 2) throw new ConfigError(`${file}: expected at least 2 points, found ${rows}`)
  const standardization = standardizationOf('auto', dataset)
  const seen = standardizedBy(standardization, dataset)
  const runtime = nodeRuntime()
  const network = await featuresFor(runtime, dataset, features)
  const products = runtimeProducts(runtime)
  try {
    const chosen = chooseMetrics(metrics, { dataset: seen, exact: false, features: network, map: false })
    const asked = { count: Math.min(count, rows), seed, names: chosen.samples }
    const measures = await prepareMetricsBy(products, seen, asked)
    const setting = {
      dataset,
      seen,
      standardization,
      measures,
      chosen,
      features: network,
      runtime,
      products,
      seed,
    }
    const sampleMeasure = await openSampleMeasure(setting)
    const isCut = measures.count < rows
    // A file may be in the order of its classes.
    const measured = isCut
      ? someRows(points, dimension, measures.count, random(seed, 'metric', 'saved samples'))
      : points
    const cut = isCut ? [`${measures.count} of ${rows} points of ${file} are measured, drawn at random`] : []
    return {
      file,
      data: dataRecord({ ...dataset, ...(standardization && { standardization }) }),
      metrics: (await sampleMeasure.measure(measured)).values,
      notes: [
        ...chosen.notes,
        ...measures.notes,
        ...sampleMeasure.notes,
        ...withoutFeatures(dataset, network),
        ...cut,
      ],
    }
  } finally {
    await network?.close()
    await products.close()
  }
}
