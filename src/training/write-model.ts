import type { Config } from '../config/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { baseHash, encodeAdapterFile, withAdapter } from '../serialization/adapter.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { encodeModelFile, encodeOnnxModel, type Model, networkOfModel } from '../serialization/model.ts'
import { dataRecord } from '../serialization/record.ts'
import { paths } from '../serialization/run.ts'

/**
 * Writes the model of a run.
 *
 * @param parameters  `[P]` of the map, or of its adapter
 * @param base  parameters that an adapter changes
 */
export function writeModel(
  directory: string,
  config: Config,
  dataset: StandardizedDataset,
  parameters: Float32Array,
  base?: Float32Array,
): void {
  const { dimension } = dataset
  const trained = { config, data: dataRecord(dataset), dimension, parameters }
  const model = base ? writeAdapter(directory, trained, base) : trained
  writeFileAtomic(directory, paths(directory).model, encodeModelFile(model))
  writeFileAtomic(directory, paths(directory).onnx, encodeOnnxModel(model))
}

/** @returns the model with the adapter merged into its base */
function writeAdapter(directory: string, trained: Model, base: Float32Array): Model {
  const { config, parameters } = trained
  const keys = config.adapter!
  const adapter = { ...trained, keys, base: baseHash(base) }
  writeFileAtomic(directory, paths(directory).adapter, encodeAdapterFile(adapter))
  return { ...trained, parameters: withAdapter(networkOfModel(trained), base, keys, parameters) }
}
