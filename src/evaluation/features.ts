import { ConfigError } from '../config/index.ts'
import { half } from '../data/half.ts'
import type { Estimate } from '../metric/estimate.ts'
import { frechetEstimateTo } from '../metric/frechet.ts'
import { pathMetrics } from '../metric/map-catalogue.ts'
import { allFinite } from '../metric/points.ts'
import { type Measures, summarise } from '../metric/prepare.ts'
import type { Buffer } from '../runtime/program.ts'
import { runtimeReason } from '../runtime/reason.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { readOnnxFile } from '../serialization/onnx-file.ts'
import { type MetricValue, metricValue } from './metric-value.ts'

/** A network that makes features of points. */
export interface Features {
  /** Of the file that it was read from. */
  readonly path: string
  /** Of points `[n, D]` in the data's own units: `[n, K]`, with the number `K` for each point. */
  extract(points: Float32Array): Promise<{ values: Float64Array; size: number }>
  close(): Promise<void>
}

const BATCH = 64
/** A covariance of more has too many entries for its roots to be taken in reasonable time. */
const MOST = 1024
const DRAWS = 3
const NOTHING: Estimate = { value: Number.NaN, interval: [Number.NaN, Number.NaN] }

const OPEN = -1
const shapeText = (shape: readonly number[]): string =>
  `[${shape.map(n => (n < 0 ? 'batch' : n)).join(', ')}]`

/** The numbers of an output, by its type. */
const FLOATS = {
  float32: (output: Buffer) => Float64Array.from(output as Float32Array),
  float64: (output: Buffer) => Float64Array.from(output as Float64Array),
  // Numbers where the language has them, else their bits.
  float16: (output: Buffer) =>
    output instanceof Uint16Array
      ? Float64Array.from(output, half)
      : Float64Array.from(output as Float32Array),
}

/** @throws ConfigError when it cannot be read */
function fileOf(path: string): Uint8Array {
  try {
    return readOnnxFile(path)
  } catch (error) {
    throw new ConfigError(`features: ${(error as Error).message}`)
  }
}

/**
 * Opens an ONNX network of one input whose first axis is the batch and whose others hold a point: as a row, as a picture
 * `[height, width, channels]`, or as one with the channels first. Its first output, flat, is the features.
 *
 * @param image  `[height, width, channels]` where a point is a picture
 * @throws ConfigError when the file is no such network, or does not fit the points
 */
export async function openFeatures(
  runtime: Runtime,
  path: string,
  dimension: number,
  image?: readonly [number, number, number],
): Promise<Features> {
  const opened = await runtime.openModel(fileOf(path)).catch((error: Error) => {
    throw new ConfigError(`features: ${path}: not an ONNX model that can be run (${runtimeReason(error)})`)
  })
  const { program, inputs, output } = opened
  const refuse = async (message: string): Promise<never> => {
    await program.close()
    throw new ConfigError(`features: ${path}: ${message}`)
  }
  if (inputs.length !== 1 || inputs[0].dtype !== 'float32') {
    const found = inputs.map(({ name, dtype, shape }) => `${name} ${dtype}${shapeText(shape)}`).join(', ')
    return refuse(`expected one input of float32, found ${found}`)
  }
  const toNumbers = FLOATS[output.dtype as 'float32']
  if (!toNumbers) {
    return refuse(
      `its first output ${output.name} is ${output.dtype}; expected features of float32, float64 or float16 (of a classifier, the layer before its label)`,
    )
  }
  const [batch, ...rest] = inputs[0].shape
  const size = rest.reduce((product, n) => product * n, 1)
  if (rest.length === 0 || rest.includes(OPEN) || size !== dimension) {
    return refuse(`takes ${shapeText(inputs[0].shape)}, and a point of the data is ${dimension} numbers`)
  }
  const arranged = arrangement(rest, image)
  const rows = batch > 0 ? batch : BATCH
  const one = async (block: Float32Array): Promise<Float64Array> => toNumbers((await program.run([block]))[0])
  return {
    path,
    extract: async points => {
      const count = points.length / dimension
      const parts: Float64Array[] = []
      for (let from = 0; from < count; from += rows) {
        const taken = Math.min(rows, count - from)
        // A batch of fixed size is filled up with zeros.
        const block = new Float32Array((batch > 0 ? rows : taken) * dimension)
        for (let i = 0; i < taken * dimension; i++) {
          const [row, k] = [Math.floor(i / dimension), i % dimension]
          block[i] = points[(from + row) * dimension + arranged(k)]
        }
        const found = await one(block)
        parts.push(found.subarray(0, (found.length / (block.length / dimension)) * taken))
      }
      const width = parts.reduce((sum, part) => sum + part.length, 0) / count
      if (!Number.isInteger(width) || width < 1 || width > MOST) {
        throw new ConfigError(
          `features: ${path}: expected from 1 to ${MOST} features for each point, found ${width}; take a pooled layer`,
        )
      }
      const values = new Float64Array(count * width)
      let at = 0
      for (const part of parts) {
        values.set(part, at)
        at += part.length
      }
      return { values, size: width }
    },
    close: () => program.close(),
  }
}

/** Where a number of the network's input stands in a row of the data, which holds pictures with the channels last. */
function arrangement(
  shape: readonly number[],
  image?: readonly [number, number, number],
): (k: number) => number {
  if (!image || shape.length !== 3) return k => k
  const [height, width, channels] = image
  const isLast = shape.join() === image.join()
  const isFirst = shape.join() === [channels, height, width].join()
  if (isLast || !isFirst) return k => k
  const plane = height * width
  return k => (k % plane) * channels + Math.floor(k / plane)
}

interface FeatureMeasure {
  /** Features of a point. */
  readonly size: number
  measure(samples: Float32Array): Promise<MetricValue>
}

/**
 * Readies the Fréchet distance of features, with its floor: data in the place of samples, three times.
 *
 * @param toData  takes points as they are measured to the data's own units
 * @throws ConfigError when features of the data are not finite
 */
export async function featureMeasure(
  features: Features,
  measures: Measures,
  toData: (points: Float32Array) => Float32Array,
): Promise<FeatureMeasure> {
  const ofData = async (points: Float32Array) => {
    const found = await features.extract(toData(points))
    if (allFinite(found.values)) return found
    throw new ConfigError(
      `features: ${features.path}: expected finite features of every point of the data, found NaN or infinity`,
    )
  }
  const reference = await ofData(measures.reference)
  const measure = frechetEstimateTo(reference.values, reference.size)
  const ofSamples = async (points: Float32Array): Promise<Estimate> => {
    const { values } = allFinite(points) ? await features.extract(toData(points)) : { values: points }
    return allFinite(values) ? measure(values) : NOTHING
  }
  const draws: number[] = []
  for (let k = 0; k < DRAWS; k++) {
    const points = measures.draw(k)
    if (points) draws.push(measure((await ofData(points)).values).value)
  }
  const floor = summarise(draws, measures.count)
  return {
    size: reference.size,
    measure: async samples =>
      metricValue(pathMetrics.featureFrechetDistance, await ofSamples(samples), {
        floor,
        count: measures.count,
        standardized: false,
      }),
  }
}
