import { existsSync } from 'node:fs'
import { constant, sizeOf, type Tensor } from '../autodiff/index.ts'
import { type Config, ConfigError } from '../config/index.ts'
import { AUTO_FEATURES } from '../config/schema.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { applyClassifier, cutClassifier } from '../model/classifier.ts'
import type { Standardization } from '../model/index.ts'
import { type Features, isRandom } from '../objective/index.ts'
import { type Classifier, readClassifier } from '../serialization/classifier-file.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { readOnnxFile } from '../serialization/onnx-file.ts'
import { paths, RunError } from '../serialization/run.ts'
import { shippedFeatures } from '../serialization/shipped-features.ts'

/** A network for features that stands still: of a perceptual loss, or what samples are compared by. */
export interface PerceptualNetwork {
  readonly features: Features
  /** Of its file, which is kept beside the run. */
  readonly bytes: Uint8Array
}

/** Who uses a network for features: the key that names it, and where its copy is kept. */
interface Use {
  readonly key: string
  readonly named: string
  readonly file: 'features' | 'compared'
  /** Of what the network is, in a message. */
  readonly of: string
}

/** The path of the network that a configuration names. @throws ConfigError when there is none */
function namedFeatures({ key, named }: Use, dataset: StandardizedDataset): string {
  const path = named === AUTO_FEATURES ? shippedFeatures(dataset) : named
  if (path !== undefined) return path
  throw new ConfigError(
    `${key}: no network for features comes with the package for ${dataset.name}; make one of its labels with "oxbow features DATA --out net.onnx", and name net.onnx here`,
  )
}

function readNamed(key: string, path: string): Uint8Array {
  try {
    return readOnnxFile(path)
  } catch (error) {
    if (error instanceof RunError) throw new ConfigError(`${key}: ${error.message}`)
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
  const use: Use = {
    ...{ key: 'loss.perceptual.features', named: perceptual.features, file: 'features' },
    of: "the network of the run's perceptual loss",
  }
  return openNetwork(use, dataset, directory, isTrained)
}

/** The same of what the run compares samples by; nothing where that are coordinates or random features. */
export function openCompared(
  config: Config,
  dataset: StandardizedDataset,
  directory: string,
  isTrained: boolean,
): PerceptualNetwork | undefined {
  const { features } = config
  if (features === null || isRandom(features)) return undefined
  const use: Use = {
    ...{ key: 'features', named: features, file: 'compared' },
    of: 'the network that the run compares samples by',
  }
  return openNetwork(use, dataset, directory, isTrained)
}

function openNetwork(
  use: Use,
  dataset: StandardizedDataset,
  directory: string,
  isTrained: boolean,
): PerceptualNetwork {
  const { key, file, of } = use
  const kept = paths(directory)[file]
  if (isTrained && !existsSync(kept)) {
    throw new RunError(`${kept}: is gone, ${of}; put it back`)
  }
  const path = existsSync(kept) ? kept : namedFeatures(use, dataset)
  const bytes = readNamed(key, path)
  const classifier = readClassifier(bytes)
  if (!classifier) {
    throw new ConfigError(
      `${key}: ${path} was not made by "oxbow features"; a network of another program can measure, but not be differentiated`,
    )
  }
  const [theirs, ours] = [classifier, dataset].map(({ shape }) => shape)
  if (sizeOf(theirs) !== sizeOf(ours)) {
    throw new ConfigError(
      `${key}: ${path} takes points of [${theirs.join(', ')}], ${dataset.name} has [${ours.join(', ')}]`,
    )
  }
  return { features: featuresOf(classifier, dataset.standardization), bytes }
}

/** Keeps the network beside the run. */
export function savePerceptual(
  directory: string,
  { bytes }: PerceptualNetwork,
  file: Use['file'] = 'features',
): void {
  const path = paths(directory)[file]
  if (!existsSync(path)) writeFileAtomic(directory, path, bytes)
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
