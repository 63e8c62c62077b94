import { z } from 'zod'
import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import { openDataset } from '../config/dataset.ts'
import { ConfigError } from '../config/index.ts'
import type { DatasetSpec } from '../data/catalogue.ts'
import type { Dataset } from '../data/dataset.ts'
import { isEnergy, openEnergy } from '../data/energy.ts'
import { readPoints } from '../data/points.ts'
import { type Energy, mixtureEnergy, type Observable } from '../model/index.ts'
import { random } from '../random/random.ts'
import { runtimeReason } from '../runtime/reason.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { readOnnxFile } from './onnx-file.ts'

/** A law `e^-U / Z` that samples are weighed to, in the data's own units. */
export interface Target {
  readonly name: string
  /** `U` of points `[n, D]`, `[n]`, in float64 but for a file's. */
  value(points: Float64Array): Promise<Float64Array>
  /** `log Z`, where it is known. */
  readonly logNormalizer?: number
  /** Points of the law `[n, D]`, where some can be had: at most `count`. */
  readonly samples?: (count: number, seed: number) => Float64Array
  readonly observables?: Readonly<Record<string, Observable>>
  close(): Promise<void>
}

const onnxSchema = z.strictObject({
  kind: z.literal('onnx'),
  /** Of a file: points `[batch, ...]` in the data's own units in, a number for each out. */
  path: z.string().min(1),
  logNormalizer: z.number().optional(),
  /** A file of points of the law. */
  samples: z.string().min(1).optional(),
})

/** What names a target: an energy, a dataset that is a Gaussian mixture, or the file of a network. */
export type TargetConfig = string | object

const asOnnx = (config: TargetConfig): TargetConfig =>
  typeof config === 'string' && config.endsWith('.onnx') ? { kind: 'onnx', path: config } : config

/**
 * Opens what samples are weighed to.
 *
 * @param dimension  coordinates of the samples
 * @param where  it was named, in messages
 * @throws ConfigError or DataError when there is no such target, or it has other points
 */
export async function openTarget(
  config: TargetConfig,
  dimension: number,
  runtime: Runtime,
  where = 'energy',
): Promise<Target> {
  const given = asOnnx(config)
  if ((given as { kind?: unknown }).kind === 'onnx') return openOnnx(given, dimension, runtime, where)
  const energy = await energyOf(given, dimension, where)
  if (energy.dimension !== dimension) {
    const hint = energy.name === 'many-well' ? `; name it as {kind: many-well, dimension: ${dimension}}` : ''
    throw new ConfigError(
      `${where}: ${energy.name} is of points of ${energy.dimension} coordinates, and these samples have ${dimension}${hint}`,
    )
  }
  return compiled(energy, runtime)
}

async function energyOf(config: TargetConfig, dimension: number, where: string): Promise<Energy> {
  if (isEnergy(config)) {
    // Its number of pairs follows from the samples.
    const own = config === 'many-well' ? { kind: config, dimension } : config
    return openEnergy(own, where).energy
  }
  const isNamed = typeof config === 'object' && 'kind' in config
  if (isNamed) return openEnergy(config, where).energy
  const dataset = await openedDataset(config, where)
  const { mixture, name, energy } = dataset
  if (energy) return energy
  if (mixture) return mixtureEnergy(name, mixture, (source, out) => dataset.sample(source, out))
  throw new ConfigError(
    `${where}: the density of ${name} is not known; name an energy, a Gaussian mixture or an .onnx file`,
  )
}

async function openedDataset(config: TargetConfig, where: string): Promise<Dataset> {
  try {
    return await openDataset(config as DatasetSpec)
  } catch (error) {
    // Says which energies there are.
    if (typeof config === 'string' && (error as Error).message.startsWith('unknown dataset')) {
      return openEnergy(config, where) as never
    }
    throw error
  }
}

async function compiled(energy: Energy, runtime: Runtime): Promise<Target> {
  const { name, dimension, logNormalizer, sample, observables } = energy
  const graph = trace(x => ({ y: energy.energy(x) }), spec([DYNAMIC, dimension], 'float64'))
  const program = await runtime.compile(simplify(graph))
  return {
    name,
    value: points =>
      inBlocks(points, dimension, async part => (await program.run([part]))[0] as Float64Array),
    ...(logNormalizer !== undefined && { logNormalizer }),
    ...(sample && {
      samples: (count, seed) => {
        const points = new Float64Array(count * dimension)
        sample(random(seed, 'target samples'), points)
        return points
      },
    }),
    ...(observables && { observables }),
    close: () => program.close(),
  }
}

const ROWS = 8192

async function inBlocks(
  points: Float64Array,
  dimension: number,
  run: (part: Float64Array) => Promise<ArrayLike<number>>,
): Promise<Float64Array> {
  const count = points.length / dimension
  const values = new Float64Array(count)
  for (let from = 0; from < count; from += ROWS) {
    values.set(await run(points.slice(from * dimension, (from + ROWS) * dimension)), from)
  }
  return values
}

async function openOnnx(
  config: TargetConfig,
  dimension: number,
  runtime: Runtime,
  where: string,
): Promise<Target> {
  const parsed = onnxSchema.safeParse(config)
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues
    throw new ConfigError(`${where}${path.map(key => `.${String(key)}`).join('')}: ${message}`)
  }
  const { path, logNormalizer, samples } = parsed.data
  const refuse = (message: string): never => {
    throw new ConfigError(`${where}: ${path}: ${message}`)
  }
  const points = samples === undefined ? undefined : await readPoints(samples)
  if (points && points.dimension !== dimension) {
    throw new ConfigError(
      `${where}.samples: ${samples} has points of ${points.dimension} coordinates, expected ${dimension}`,
    )
  }
  const opened = await runtime
    .openModel(readOnnxFile(path))
    .catch((error: Error) => refuse(`not an ONNX model that can be run (${runtimeReason(error)})`))
  const { program, inputs } = opened
  const [input] = inputs
  const size = input?.shape.slice(1).reduce((product, n) => product * n, 1)
  if (inputs.length !== 1 || !['float32', 'float64'].includes(input.dtype) || size !== dimension) {
    await program.close()
    refuse(`expected one input of float32 or float64 [batch, ...] with ${dimension} numbers for a point`)
  }
  const value = async (part: Float64Array): Promise<ArrayLike<number>> => {
    const given = input.dtype === 'float64' ? part : Float32Array.from(part)
    const [found] = await program.run([given])
    if (found.length === part.length / dimension) return Float64Array.from(found as Float64Array, Number)
    return refuse(`its first output gives ${found.length} numbers for ${part.length / dimension} points`)
  }
  return {
    name: path,
    value: x => inBlocks(x, dimension, value),
    ...(logNormalizer !== undefined && { logNormalizer }),
    ...(points && {
      samples: count => Float64Array.from(points.points.subarray(0, count * dimension)),
    }),
    close: () => program.close(),
  }
}
