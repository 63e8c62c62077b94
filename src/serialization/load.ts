import { isWeights, WEIGHTS_FORM, type Weights } from '../config/weights-name.ts'
import { checkOptions, checkPath, checkThreads, checkWord, refuseArgument } from '../data/arguments.ts'
import { DEVICES, type Device } from '../runtime/device.ts'
import { openRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { LoadedMap } from './loaded-map.ts'
import { readModel } from './model-files.ts'
import { mapOfModel } from './model-map.ts'
import { readOnnxFile } from './onnx-file.ts'
import { mapOfOnnx } from './onnx-map.ts'
import { onlyInRuns } from './weights.ts'

export interface LoadOptions {
  /** `ema` (default), or others, which only a run directory has: `raw`, an average by its name, or `power:WIDTH`. */
  readonly weights?: Weights
  readonly threads?: number
  /** What the map runs on; default `cpu`. */
  readonly device?: Device
  /** What runs it, in the place of ONNX Runtime on `device` with `threads`. */
  readonly runtime?: Runtime
}

async function loadOnnx(path: string, options: LoadOptions, runtime: Runtime): Promise<LoadedMap> {
  if (options.weights !== undefined && options.weights !== 'ema') throw onlyInRuns(path, options.weights)
  return mapOfOnnx(path, runtime.openModel, readOnnxFile(path))
}

/**
 * Opens a trained flow map.
 *
 * @param path  a run directory, a `.safetensors` model or an exported `.onnx` file
 * @throws RunError when it is missing, damaged or something else; ArgumentError when an option is none
 */
export async function load(path: string, options: LoadOptions = {}): Promise<LoadedMap> {
  checkPath('load: path', path)
  checkOptions('load: options', options, ['weights?', 'threads?', 'device?', 'runtime?'])
  if (options.weights !== undefined && !isWeights(options.weights)) {
    refuseArgument('load: weights', WEIGHTS_FORM, options.weights)
  }
  checkThreads('load: threads', options.threads)
  if (options.device !== undefined) checkWord('load: device', options.device, DEVICES)
  const runtime = options.runtime ?? (await openRuntime(options))
  if (path.endsWith('.onnx')) return loadOnnx(path, options, runtime)
  return mapOfModel(path, readModel(path, options.weights), runtime)
}
