import { existsSync, statSync } from 'node:fs'
import { ConfigError, pointOf } from '../config/index.ts'
import type { Weights } from '../config/weights-name.ts'
import { parameterCount } from '../model/index.ts'
import { hasCheckpoint, readCheckpoint } from './checkpoint.ts'
import { trainerOf } from './lock.ts'
import { decodeModelFile, type Model, ownParameters } from './model.ts'
import { readBytes } from './read-file.ts'
import { RunError } from './record.ts'
import { paths, readRecord } from './run.ts'
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
  const expected = parameterCount(config, pointOf(config, data))
  if (parameters.length < expected) {
    throw new RunError(
      `${path}: the checkpoint has ${parameters.length} parameters, the network of config.json ${expected}`,
    )
  }
  const own = ownParameters(config, pointOf(config, data), parameters)
  if (!own.every(Number.isFinite)) {
    throw new RunError(`${path}: the checkpoint's parameters hold values that are not finite numbers`)
  }
  return { config, data, dimension: data.dimension, parameters: own }
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
