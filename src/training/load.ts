import { existsSync, readFileSync, statSync } from 'node:fs'
import {
  type InterpolantName,
  interpolants,
  type Standardization,
  standardized,
  unstandardized,
  unstandardizedVelocity,
} from '../model/index.ts'
import { compile, openModel } from '../runtime/node.ts'
import type { Program } from '../runtime/program.ts'
import type { Jump, Velocity } from '../sampler/sampler.ts'
import { type Model, modelGraph, readModel, type WeightsName } from './model.ts'
import { dataRecordSchema, RunError } from './run.ts'

/** A trained flow map, ready to be sampled. Close it when done. */
export interface LoadedMap {
  readonly dimension: number
  /** The network behind it; absent for a foreign `.onnx` file. */
  readonly model?: Model
  /** Id of what it was trained with; absent for an `.onnx` file of another program, which may be anything. */
  readonly objective?: string
  /** The path it was trained on; `linear` for an `.onnx` file that does not say. */
  readonly interpolant: InterpolantName
  /**
   * `F(x, s, t)`: `x` is `[n, D]`, row after row. Points are noise at time 1 and in the data's own units at time 0; between
   * them as `unstandardized` says, which for data that was not standardised is the path of the training.
   */
  readonly jump: Jump
  /** The instantaneous velocity in the same units. @throws RunError for an `.onnx` file, which only holds the jump */
  readonly velocity: Velocity
  /** How the data was brought to the scale of the noise; absent where it was not. */
  readonly standardization?: Standardization
  /** The same map as it was trained, of standardised points. */
  readonly inner: { readonly jump: Jump; readonly velocity: Velocity }
  close(): Promise<void>
}

export interface LoadOptions {
  /** `ema` (default) or `raw`; only a run directory has both. */
  readonly weights?: WeightsName
  readonly threads?: number
}

/** Runs a graph `(x [n, D], s [n], t [n])` on many points, some thousands at a time. */
async function inBlocks(
  path: string,
  program: Program,
  dimension: number,
  x: Float32Array,
  s: number,
  t: number,
): Promise<Float32Array> {
  const result = new Float32Array(x.length)
  const block = 8192 * dimension
  for (let from = 0; from < x.length; from += block) {
    const part = x.subarray(from, from + block)
    const times = (value: number) => new Float32Array(part.length / dimension).fill(value)
    const [y] = await program.run([part.slice(), times(s), times(t)])
    if (!(y instanceof Float32Array) || y.length !== part.length) {
      throw new RunError(`${path}: gives ${y.length} numbers for ${part.length}, so it is no flow map`)
    }
    result.set(y, from)
  }
  return result
}

/** What a file of our own says about its map. */
function traitsOf({ format, objective, interpolant = '' }: Readonly<Record<string, string>>) {
  const own = format === 'oxbow'
  const known = own && Object.hasOwn(interpolants, interpolant)
  return {
    ...(own && objective !== undefined && { objective }),
    interpolant: known ? (interpolant as InterpolantName) : 'linear',
  }
}

type Inner = LoadedMap['inner']

/** A map of standardised points as one of points in the units of each time. */
function outer(by: Standardization | undefined, inner: Inner): Inner {
  if (!by) return inner
  return {
    jump: async (x, s, t) => unstandardized(by, await inner.jump(standardized(by, x, s), s, t), t),
    velocity: async (x, t) => {
      const z = standardized(by, x, t)
      return unstandardizedVelocity(by, z, await inner.velocity(z, t), t)
    },
  }
}

/** The other way round, for a file whose graph has the units inside. */
const innerJump =
  (by: Standardization | undefined, jump: Jump): Jump =>
  async (z, s, t) =>
    by ? standardized(by, await jump(unstandardized(by, z, s), s, t), t) : jump(z, s, t)

/** What a file of our own says of its data. @throws RunError when that is damaged */
function standardizationIn(path: string, { format, data }: Readonly<Record<string, string>>) {
  if (format !== 'oxbow' || !data) return undefined
  try {
    return dataRecordSchema.parse(JSON.parse(data)).standardization
  } catch {
    throw new RunError(`${path}: the record of its data is damaged`)
  }
}

async function loadOnnx(path: string, options: LoadOptions): Promise<LoadedMap> {
  if (!existsSync(path)) throw new RunError(`${path}: no such file`)
  if (statSync(path).isDirectory()) throw new RunError(`${path}: expected an ONNX file, found a directory`)
  if (options.weights === 'raw') {
    throw new RunError(`${path}: raw weights are in a run's checkpoints; name the run directory`)
  }
  const opened = await openModel(readFileSync(path), options).catch((error: Error) => {
    throw new RunError(`${path}: not an ONNX model that can be run (${error.message.split('\n')[0]})`)
  })
  const { inputs, program, metadata } = opened
  const dimension = inputs[0]?.shape[1]
  const fits = inputs.map(i => i.name).join() === 'x,s,t' && inputs.every(i => i.dtype === 'float32')
  if (!fits || inputs[0].shape.length !== 2 || !(dimension > 0)) {
    await program.close()
    const found = inputs.map(
      i => `${i.name} ${i.dtype}[${i.shape.map(n => (n < 0 ? 'batch' : n)).join(', ')}]`,
    )
    throw new RunError(
      `${path}: expected inputs x [batch, D], s [batch], t [batch] of float32, found ${found.join(', ')}`,
    )
  }
  const jump: Jump = (x, s, t) => inBlocks(path, program, dimension, x, s, t)
  const velocity = async (): Promise<never> => {
    throw new RunError(`${path}: an ONNX file holds only the jump; use the run directory for its velocity`)
  }
  const standardization = standardizationIn(path, metadata)
  return {
    dimension,
    ...traitsOf(metadata),
    ...(standardization && { standardization }),
    jump,
    velocity,
    inner: { jump: innerJump(standardization, jump), velocity },
    close: () => program.close(),
  }
}

/**
 * Opens a trained flow map.
 *
 * @param path  a run directory, a `.safetensors` model or an exported `.onnx` file
 * @throws RunError when it is missing, damaged or something else
 */
export async function load(path: string, options: LoadOptions = {}): Promise<LoadedMap> {
  if (path.endsWith('.onnx')) return loadOnnx(path, options)
  const model = readModel(path, options.weights)
  const { config, dimension } = model
  const jump = await compile(modelGraph(model, 'jump'), options)
  let velocity: Promise<Program> | undefined
  const { standardization } = model.data
  const inner: Inner = {
    jump: (x, s, t) => inBlocks(path, jump, dimension, x, s, t),
    velocity: async (x, t) => {
      velocity ??= compile(modelGraph(model, 'velocity'), options)
      return inBlocks(path, await velocity, dimension, x, t, t)
    },
  }
  return {
    dimension,
    model,
    objective: config.objective,
    interpolant: config.interpolant,
    ...(standardization && { standardization }),
    ...outer(standardization, inner),
    inner,
    close: async () => {
      await jump.close()
      await (await velocity)?.close()
    },
  }
}
