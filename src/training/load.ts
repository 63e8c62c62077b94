import { existsSync, readFileSync, statSync } from 'node:fs'
import { type InterpolantName, interpolants } from '../model/index.ts'
import { compile, openModel, type Program } from '../runtime/node.ts'
import type { Jump, Velocity } from '../sampler/sampler.ts'
import { type Model, modelGraph, readModel, type WeightsName } from './model.ts'
import { RunError } from './run.ts'

/** A trained flow map, ready to be sampled. Close it when done. */
export interface LoadedMap {
  readonly dimension: number
  /** The network behind it; absent for a foreign `.onnx` file. */
  readonly model?: Model
  /** Id of what it was trained with; absent for an `.onnx` file of another program, which may be anything. */
  readonly objective?: string
  /** The path it was trained on; `linear` for an `.onnx` file that does not say. */
  readonly interpolant: InterpolantName
  /** `F(x, s, t)`: `x` is `[n, D]`, row after row. */
  readonly jump: Jump
  /** The instantaneous velocity `V(x, t, t)`. @throws RunError for an `.onnx` file, which only holds the jump */
  readonly velocity: Velocity
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
  return {
    dimension,
    ...traitsOf(metadata),
    jump: (x, s, t) => inBlocks(path, program, dimension, x, s, t),
    velocity: async () => {
      throw new RunError(`${path}: an ONNX file holds only the jump; use the run directory for its velocity`)
    },
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
  return {
    dimension,
    model,
    objective: config.objective,
    interpolant: config.interpolant,
    jump: (x, s, t) => inBlocks(path, jump, dimension, x, s, t),
    velocity: async (x, t) => {
      velocity ??= compile(modelGraph(model, 'velocity'), options)
      return inBlocks(path, await velocity, dimension, x, t, t)
    },
    close: async () => {
      await jump.close()
      await (await velocity)?.close()
    },
  }
}
