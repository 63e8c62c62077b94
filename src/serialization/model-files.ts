import { existsSync, statSync } from 'node:fs'
import { ConfigError } from '../config/index.ts'
import type { Weights } from '../config/weights-name.ts'
import { adapterParameters, sizeOfNetwork } from '../model/index.ts'
import { withAdapter } from './adapter.ts'
import { hasCheckpoint, readCheckpoint } from './checkpoint.ts'
import { writeFileAtomic } from './files.ts'
import { trainerOf } from './lock.ts'
import { decodeModelFile, encodeModelFile, type Model, networkOfModel } from './model.ts'
import { readBytes } from './read-file.ts'
import { paths, readRecord } from './run.ts'
import { RunError } from './run-error.ts'
import { onlyInRuns, parametersNamed } from './weights.ts'

function readModelFile(path: string): Model {
  if (!existsSync(path)) throw new RunError(`${path}: no such file`)
  return decodeModelFile(readBytes(path), path)
}

/** The finished model of a run, which its newest checkpoint can give again. */
function readRunModel(directory: string): Model {
  const { model } = paths(directory)
  if (!existsSync(model)) {
    const trainer = trainerOf(directory)
    const remedy = trainer
      ? `process ${trainer.pid} is training it, and writes one when it ends`
      : 'finish it with --resume'
    throw new RunError(`${directory}: the run has no model yet; ${remedy}`)
  }
  try {
    return readModelFile(model)
  } catch (error) {
    if (!(error instanceof RunError) || !hasCheckpoint(directory)) throw error
    throw new RunError(`${error.message}; oxbow train --resume --out ${directory} writes it again`)
  }
}

/**
 * Reads a model from a run directory or a `.safetensors` file.
 *
 * @param weights  `ema` (the default), or others, which only a run directory has; see `Weights`
 * @throws RunError when there is no model, or it is damaged
 */
export function readModel(path: string, weights: Weights = 'ema'): Model {
  const isDirectory = existsSync(path) && statSync(path).isDirectory()
  if (!isDirectory && path.endsWith('.safetensors')) {
    if (weights !== 'ema') throw onlyInRuns(path, weights)
    return readModelFile(path)
  }
  if (existsSync(path) && !isDirectory) {
    throw new RunError(`${path}: expected a run directory or a .safetensors model, found another file`)
  }
  const { config, data, intact } = readRecord(path)
  if (weights === 'ema') return readRunModel(path)
  // The averaged model carries a record of its own.
  if (intact === false) {
    throw new RunError(
      `${paths(path).config}: was changed since it was written, and says how the ${weights} weights are read; put it back`,
    )
  }
  const parameters = parametersNamed(path, config, readCheckpoint(path), weights)
  const network = networkOfModel({ config, data })
  const { adapter } = config
  const expected = adapter
    ? sizeOfNetwork({ parameters: adapterParameters(network, adapter) })
    : sizeOfNetwork(network)
  if (parameters.length < expected) {
    throw new RunError(
      `${path}: the checkpoint has ${parameters.length} parameters, the network of config.json ${expected}`,
    )
  }
  const own = parameters.subarray(0, expected)
  if (!own.every(Number.isFinite)) {
    throw new RunError(`${path}: the checkpoint's parameters hold values that are not finite numbers`)
  }
  const whole = adapter ? withAdapter(network, readBase(path), adapter, own) : own
  return { config, data, dimension: data.dimension, parameters: whole }
}

/**
 * The parameters `[P]` that the adapter of a run changes.
 *
 * @throws RunError when they are gone or damaged
 */
export function readBase(directory: string): Float32Array {
  const { base } = paths(directory)
  if (!existsSync(base)) {
    throw new RunError(`${base}: is gone, and the run's adapter changes nothing without it; put it back`)
  }
  return readModelFile(base).parameters
}

/** Keeps what the adapter of a run changes, as a model of its own. */
export function saveBase(directory: string, model: Pick<Model, 'config' | 'data' | 'parameters'>): void {
  const { base } = paths(directory)
  const { data } = model
  if (existsSync(base)) return
  const plain = { ...model, config: { ...model.config, adapter: null }, dimension: data.dimension }
  writeFileAtomic(directory, base, encodeModelFile(plain))
}

/** The model that a key of the configuration names. @throws ConfigError when there is none */
export function readModelFor(key: string, path: string): Model {
  try {
    return readModel(path)
  } catch (error) {
    if (error instanceof RunError) throw new ConfigError(`${key}: ${error.message}`)
    throw error
  }
}
