import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Dataset, pictureShape } from '../../data/dataset.ts'
import { readMetadata } from '../../runtime/protobuf.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { type Features, openFeatures } from './open.ts'

/** The folder of the package that they are in, `npm run features` makes them. */
const FOLDER = new URL('../../../features/', import.meta.url)

/** The network for features that comes with the package for this very data, known by its hash. */
function shippedFeatures({
  name,
  shape,
  fingerprint,
}: Pick<Dataset, 'name' | 'shape' | 'fingerprint'>): string | undefined {
  if (!/^[\w-]+$/.test(name)) return undefined
  return [`${name}.onnx`, `${name}-${shape[0]}.onnx`]
    .map(file => fileURLToPath(new URL(file, FOLDER)))
    .find(path => existsSync(path) && readMetadata(readFileSync(path)).fingerprint === fingerprint.sha256)
}

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
