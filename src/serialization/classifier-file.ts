import { constant, DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { applyClassifier, type ClassifierSpec, cutClassifier } from '../model/classifier.ts'
import { lower } from '../runtime/onnx.ts'

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
    shift: constant(Float32Array.from(by.shift), shape),
    factor: constant(
      Float32Array.from(by.scale, scale => 1 / (scale || 1)),
      shape,
    ),
  }
  const graph = trace(
    ({ points }) => {
      const parameters = cutClassifier(constant(flat, [flat.length]), of)
      const x = constants ? points.sub(constants.shift).mul(constants.factor) : points
      return applyClassifier(of, parameters, x)
    },
    { points: spec([DYNAMIC, ...shape]) },
  )
  return lower(simplify(graph), { metadata })
}
