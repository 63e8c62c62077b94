import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Dataset } from '../data/dataset.ts'
import { readMetadata } from '../runtime/protobuf.ts'

/** The folder of the package that they are in, `npm run features` makes them. */
const FOLDER = new URL('../../features/', import.meta.url)

/** The network for features that comes with the package for this very data, known by its hash. */
export function shippedFeatures({
  name,
  shape,
  fingerprint,
}: Pick<Dataset, 'name' | 'shape' | 'fingerprint'>): string | undefined {
  if (!/^[\w-]+$/.test(name)) return undefined
  return [`${name}.onnx`, `${name}-${shape[0]}.onnx`]
    .map(file => fileURLToPath(new URL(file, FOLDER)))
    .find(path => existsSync(path) && readMetadata(readFileSync(path)).fingerprint === fingerprint.sha256)
}

/** The file of a network that comes with the package, by its name; nothing where there is none of that name. */
export function shippedClassifier(name: string): string | undefined {
  if (!/^[\w-]+$/.test(name)) return undefined
  const path = fileURLToPath(new URL(`${name}.onnx`, FOLDER))
  return existsSync(path) ? path : undefined
}
