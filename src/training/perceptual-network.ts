import { existsSync } from 'node:fs'
import { constant, sizeOf, type Tensor } from '../autodiff/index.ts'
import { type Config, ConfigError } from '../config/index.ts'
import { AUTO_FEATURES } from '../config/schema.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { applyClassifier, cutClassifier } from '../model/classifier.ts'
import type { Standardization } from '../model/index.ts'
import type { Features } from '../objective/index.ts'
import { type Classifier, readClassifier } from '../serialization/classifier-file.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { readOnnxFile } from '../serialization/onnx-file.ts'
import { paths, RunError } from '../serialization/run.ts'
import { shippedFeatures } from '../serialization/shipped-features.ts'

/** The network of a perceptual loss. */
export interface PerceptualNetwork {
  readonly features: Features
  /** Of its file, which is kept beside the run. */
  readonly bytes: Uint8Array
}

const KEY = 'loss.perceptual.features'

/** The path of the network that a configuration names. @throws ConfigError when there is none */
function namedFeatures(named: string, dataset: StandardizedDataset): string {
  const path = named === AUTO_FEATURES ? shippedFeatures(dataset) : named
  if (path !== undefined) return path
  throw new ConfigError(
    `${KEY}: no network for features comes with the package for ${dataset.name}; make one of its labels with "oxbow features DATA --out net.onnx", and name net.onnx here`,
  )
}

function readNamed(path: string): Uint8Array {
  try {
    return readOnnxFile(path)
  } catch (error) {
    if (error instanceof RunError) throw new ConfigError(`${KEY}: ${error.message}`)
    throw error
  }
}

/**
 * Opens the network of a run's perceptual loss: what the configuration names, and of a run that began, its own copy. So a run
 * goes on with the same bits where the file has gone or a newer version of the package comes with another.
 *
 * @param isTrained  whether the run has been trained already
 * @returns nothing where the run has no such loss
 * @throws ConfigError when there is no such network, it is of another program, or of other points; RunError when the copy of a
 *   run that has been trained is gone
 */
export function openPerceptual(
  { loss: { perceptual } }: Config,
  dataset: StandardizedDataset,
  directory: string,
  isTrained: boolean,
): PerceptualNetwork | undefined {
  if (perceptual === null) return undefined
  const kept = paths(directory).features
  if (isTrained && !existsSync(kept)) {
    throw new RunError(`${kept}: is gone, the network of the run's perceptual loss; put it back`)
  }
  const path = existsSync(kept) ? kept : namedFeatures(perceptual.features, dataset)
  const bytes = readNamed(path)
  const classifier = readClassifier(bytes)
  if (!classifier) {
    throw new ConfigError(
      `${KEY}: ${path} was not made by "oxbow features"; a network of another program can measure, but not be differentiated`,
    )
  }
  const [theirs, ours] = [classifier, dataset].map(({ shape }) => shape)
  if (sizeOf(theirs) !== sizeOf(ours)) {
    throw new ConfigError(
      `${KEY}: ${path} takes points of [${theirs.join(', ')}], ${dataset.name} has [${ours.join(', ')}]`,
    )
  }
  return { features: featuresOf(classifier, dataset.standardization), bytes }
}

/** Keeps the network beside the run. */
export function savePerceptual(directory: string, { bytes }: PerceptualNetwork): void {
  const { features } = paths(directory)
  if (!existsSync(features)) writeFileAtomic(directory, features, bytes)
}

/** A classifier's features of points as a run standardises them: `a x + b` brings them to the classifier's own scale. */
export function featuresOf(classifier: Classifier, by: Standardization | undefined): Features {
  const { shape, shift, factor, parameters } = classifier
  const size = sizeOf(shape)
  const each = (make: (i: number) => number) => Float64Array.from({ length: size }, (_, i) => make(i))
  const a = each(i => (by?.scale[i] ?? 1) * (factor?.[i] ?? 1))
  const b = each(i => ((by?.shift[i] ?? 0) - (shift?.[i] ?? 0)) * (factor?.[i] ?? 1))
  return (points: Tensor): Tensor => {
    const { dtype, shape: given } = points
    const of = (values: Float32Array | Float64Array, as: readonly number[]) => constant(values, as, dtype)
    const x = points
      .reshape([given[0], ...shape])
      .mul(of(a, shape))
      .add(of(b, shape))
    return applyClassifier(classifier, cutClassifier(of(parameters, [parameters.length]), classifier), x)
      .features
  }
}
