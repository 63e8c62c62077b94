import { guidanceRecord } from '../config/guidance.ts'
import { pointOf } from '../config/index.ts'
import { isWeights, WEIGHTS_FORM, type Weights } from '../config/weights-name.ts'
import {
  checkFinite,
  checkOptions,
  checkPath,
  checkPoints,
  checkThreads,
  checkTime,
  checkWord,
  refuseArgument,
} from '../data/arguments.ts'
import {
  rowsAtOnce,
  type Standardization,
  standardized,
  unstandardized,
  unstandardizedVelocity,
} from '../model/index.ts'
import { DEVICES, type Device } from '../runtime/device.ts'
import { openRuntime } from '../runtime/node.ts'
import type { Program } from '../runtime/program.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { closable } from './closable.ts'
import { knownCondition, type Told } from './conditions.ts'
import { givenMap } from './given-map.ts'
import type { LoadedMap } from './loaded-map.ts'
import { modelGraph } from './model.ts'
import { readModel } from './model-files.ts'
import { readOnnxFile } from './onnx-file.ts'
import { inBlocks, MOST_ROWS, mapOfOnnx } from './onnx-map.ts'
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

type Inner = LoadedMap['inner']

/** A map of standardised points as one of points in the units of each time; its arguments are checked. */
function outer(dimension: number, by: Standardization | undefined, inner: Inner): Inner {
  const check = (method: string, x: Float32Array, times: Readonly<Record<string, number>>): void => {
    checkPoints(`${method}: x`, x, dimension)
    checkFinite(`${method}: x`, x)
    for (const [name, time] of Object.entries(times)) checkTime(`${method}: ${name}`, time)
  }
  return {
    jump: async (x, s, t) => {
      check('jump', x, { s, t })
      return by ? unstandardized(by, await inner.jump(standardized(by, x, s), s, t), t) : inner.jump(x, s, t)
    },
    velocity: async (x, t) => {
      check('velocity', x, { t })
      if (!by) return inner.velocity(x, t)
      const z = standardized(by, x, t)
      return unstandardizedVelocity(by, z, await inner.velocity(z, t), t)
    },
  }
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
  const model = readModel(path, options.weights)
  const { config, dimension } = model
  const jump = await runtime.compile(modelGraph(model, 'jump'))
  let velocity: Promise<Program> | undefined
  const { standardization, columns } = model.data
  const rows = rowsAtOnce(config.network, pointOf(config, model.data), MOST_ROWS)
  const { close, ...run } = closable(
    path,
    {
      jump: (x: Float32Array, s: number, t: number, told?: Told) =>
        inBlocks(path, jump, dimension, rows, x, s, t, told),
      velocity: async (x: Float32Array, t: number, told?: Told) => {
        velocity ??= runtime.compile(modelGraph(model, 'velocity'))
        return inBlocks(path, await velocity, dimension, rows, x, t, t, told)
      },
    },
    async () => {
      await jump.close()
      await (await velocity)?.close()
    },
  )
  const bound = (told?: Told): Inner & Pick<LoadedMap, 'inner'> => {
    const inner: Inner = {
      jump: (x, s, t) => run.jump(x, s, t, told),
      velocity: (x, t) => run.velocity(x, t, told),
    }
    return asBound(inner)
  }
  const asBound = (inner: Inner) => ({ ...outer(dimension, standardization, inner), inner })
  return givenMap(
    path,
    knownCondition(config, model.data),
    bound,
    {
      guidance: guidanceRecord(config),
      dimension,
      shape: pointOf(config, model.data).shape,
      ...(columns && { columns }),
      model,
      objective: config.objective,
      interpolant: config.interpolant,
      ...(standardization && { standardization }),
      close,
    },
    asBound,
  )
}
