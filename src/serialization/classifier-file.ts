import { constant, DYNAMIC, simplify, sizeOf, spec, trace } from '../autodiff/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { applyClassifier, type ClassifierSpec, classifierSize, cutClassifier } from '../model/classifier.ts'
import { lower } from '../runtime/onnx.ts'
import { type OnnxWeights, readOnnxWeights } from '../runtime/onnx-graph.ts'
import { readMetadata } from '../runtime/protobuf.ts'

/** What the metadata of a network for features says, where it was made here. */
export interface ClassifierNote {
  readonly format: 'oxbow-features'
  /** Name and hash of the data that it was trained on. */
  readonly data: string
  readonly fingerprint: string
  /** Share of real points that it gives their class. */
  readonly accuracy: string
  /** Those points. */
  readonly tried: string
  readonly command: string
}

/**
 * The ONNX file of a trained classifier: points in the data's own units in, features first and log-probabilities second out.
 *
 * @param dataset  that it was trained on, standardised
 * @param flat  its parameters
 */
export function classifierFile(
  dataset: StandardizedDataset,
  flat: Float32Array,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { shape, standardization: by, labels } = dataset
  const of: ClassifierSpec = { shape, classes: labels!.names.length }
  // Constant columns have no scale.
  const constants = by && {
    shift: Float32Array.from(by.shift),
    factor: Float32Array.from(by.scale, scale => 1 / (scale || 1)),
  }
  return lower(classifierGraph({ ...of, ...constants, parameters: flat }), { metadata })
}

/** A classifier as it is written in a file, so that it can be part of another graph. */
export interface Classifier extends ClassifierSpec {
  /** What its points, in the data's own units, are subtracted and multiplied by: a number each, or nothing. */
  readonly shift?: Float32Array
  readonly factor?: Float32Array
  /** Flat. */
  readonly parameters: Float32Array
}

/** Points in the data's own units to features and log-probabilities. */
export function classifierGraph({ shift, factor, parameters, ...of }: Classifier) {
  const { shape } = of
  return simplify(
    trace(
      ({ points }) => {
        const cut = cutClassifier(constant(parameters, [parameters.length]), of)
        const x = shift && factor ? points.sub(constant(shift, shape)).mul(constant(factor, shape)) : points
        return applyClassifier(of, cut, x)
      },
      { points: spec([DYNAMIC, ...shape]) },
    ),
  )
}

/** The constant of a number for each coordinate that an operation has; nothing where there is no such operation. */
function constantOf({ nodes, weights }: OnnxWeights, op: string, length: number): Float32Array | undefined {
  const found = nodes.flatMap(node =>
    node.op === op ? node.inputs.flatMap(name => weights.get(name) ?? []) : [],
  )
  return found[0] && (found[0].length === 1 ? new Float32Array(length).fill(found[0][0]) : found[0])
}

/**
 * Reads a classifier of this package.
 *
 * @param bytes  of an ONNX file
 * @returns nothing where it is the file of another network, whose graph is not known
 */
export function readClassifier(bytes: Uint8Array): Classifier | undefined {
  const metadata = readMetadata(bytes)
  const { format, classes } = metadata as Partial<ClassifierNote> & { classes?: string }
  if (format !== 'oxbow-features' || classes === undefined) return undefined
  const graph = readOnnxWeights(bytes)
  const spec = { shape: graph.input, classes: (JSON.parse(classes) as string[]).length }
  const size = classifierSize(spec)
  const parameters = [...graph.weights.values()].find(({ length }) => length === size)
  const length = sizeOf(spec.shape)
  return (
    parameters && {
      ...spec,
      shift: constantOf(graph, 'Sub', length),
      factor: constantOf(graph, 'Mul', length),
      parameters,
    }
  )
}
