import { type Dataset, pictureShape } from '../../data/dataset.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { shippedFeatures } from '../../serialization/shipped-features.ts'
import { type Features, openFeatures } from './open.ts'

/**
 * Opens the network that metrics of features look through: the one that is named, or the one that comes with the package for this
 * data; nothing where there is neither.
 *
 * @throws ConfigError when the one that is named cannot be used
 */
export async function featuresFor(
  runtime: Runtime,
  dataset: Dataset,
  named: string | undefined,
): Promise<Features | undefined> {
  const path = named ?? shippedFeatures(dataset)
  if (path === undefined) return undefined
  const { dimension, labels } = dataset
  return openFeatures(runtime, path, {
    dimension,
    image: pictureShape(dataset),
    ...(labels && { classes: labels.names.length }),
  })
}
