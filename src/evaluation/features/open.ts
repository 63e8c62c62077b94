import { ConfigError } from '../../config/index.ts'
import { half } from '../../data/half.ts'
import { type Buffer, type OpenedModel, portsOf, RuntimeLoadError } from '../../runtime/program.ts'
import { runtimeReason } from '../../runtime/reason.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { type Classifier, classifierGraph, readClassifier } from '../../serialization/classifier-file.ts'
import { readOnnxFile } from '../../serialization/onnx-file.ts'
import { mostProbable } from './most-probable.ts'

/** What a network makes of points. */
export interface Extracted {
  /** `[n, size]`. */
  readonly values: Float64Array
  readonly size: number
  /** The class of each point, of a network that tells classes. */
  readonly classes?: Int32Array
}

/** A network that makes features of points. */
export interface Features {
  /** Of the file that it was read from. */
  readonly path: string
  /** Whether it tells the classes of the data: its second output has a number for each. */
  readonly tellsClasses: boolean
  /** @param points  `[n, D]` in the data's own units */
  extract(points: Float32Array): Promise<Extracted>
  close(): Promise<void>
}

/** What points are. */
export interface PointsOf {
  readonly dimension: number
  /** `[height, width, channels]` where a point is a picture. */
  readonly image?: readonly [number, number, number]
  /** Number of their classes. */
  readonly classes?: number
}

const BATCH = 64
/** A covariance of more has too many entries for its roots to be taken in reasonable time. */
const MOST = 1024

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

/** A network of this package needs no ONNX Runtime. @throws ConfigError when it cannot be run */
async function openModel(runtime: Runtime, path: string, bytes: Uint8Array): Promise<OpenedModel> {
  try {
    return await runtime.openModel(bytes)
  } catch (error) {
    const isMissing = error instanceof RuntimeLoadError
    const own = isMissing ? readClassifier(bytes) : undefined
    if (own) return openClassifier(runtime, own)
    const reason = isMissing ? error.message : runtimeReason(error as Error)
    throw new ConfigError(`features: ${path}: not an ONNX model that can be run (${reason})`)
  }
}

async function openClassifier(runtime: Runtime, of: Classifier): Promise<OpenedModel> {
  const graph = classifierGraph(of)
  const outputs = graph.outputs.map(({ dtype, shape }, i) => ({ name: graph.outputNames[i], dtype, shape }))
  return {
    program: await runtime.compile(graph),
    inputs: portsOf(graph),
    output: outputs[0],
    outputs,
    metadata: {},
  }
}

/**
 * Opens an ONNX network of one input whose first axis is the batch and whose others hold a point: as a row, as a picture
 * `[height, width, channels]`, or as one with the channels first. Its first output, flat, is the features; a second output `[batch, classes]`
 * is how much each class is believed in, in the order of the data's classes.
 *
 * @throws ConfigError when the file is no such network, or does not fit the points
 */
export async function openFeatures(
  runtime: Runtime,
  path: string,
  { dimension, image, classes }: PointsOf,
): Promise<Features> {
  const opened = await openModel(runtime, path, fileOf(path))
  const { program, inputs, output, outputs } = opened
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
  const scores = outputs[1]
  const toScores = scores && FLOATS[scores.dtype as 'float32']
  const tellsClasses =
    classes !== undefined && Boolean(toScores) && scores.shape.length === 2 && scores.shape[1] === classes
  return {
    path,
    tellsClasses,
    extract: async points => {
      const count = points.length / dimension
      const parts: Float64Array[] = []
      const found = new Int32Array(tellsClasses ? count : 0)
      for (let from = 0; from < count; from += rows) {
        const taken = Math.min(rows, count - from)
        // A batch of fixed size is filled up with zeros.
        const block = new Float32Array((batch > 0 ? rows : taken) * dimension)
        for (let i = 0; i < taken * dimension; i++) {
          const [row, k] = [Math.floor(i / dimension), i % dimension]
          block[i] = points[(from + row) * dimension + arranged(k)]
        }
        const results = await program.run([block])
        const features = toNumbers(results[0])
        parts.push(features.subarray(0, (features.length / (block.length / dimension)) * taken))
        if (tellsClasses) found.set(mostProbable(toScores(results[1]), classes).subarray(0, taken), from)
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
      return { values, size: width, ...(tellsClasses && { classes: found }) }
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
