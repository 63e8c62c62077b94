import { existsSync } from 'node:fs'
import { z } from 'zod'
import { constant, evaluate, simplify, sizeOf, trace } from '../autodiff/index.ts'
import { unflatten } from '../model/index.ts'
import { applyNoiseAdapter, type NoiseAdapterSpec, noiseAdapterSpecs } from '../model/noise-adapter.ts'
import { noiseLaw } from '../objective/noise-adapter.ts'
import {
  type OperatorConfig,
  operatorMisfit,
  operatorOf,
  operatorSchema,
} from '../objective/rewards/operators.ts'
import { flatParameters, storedParameters } from './model.ts'
import { readBytes } from './read-file.ts'
import { ADAPTER_FORMAT } from './record.ts'
import { RunError } from './run-error.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from './safetensors.ts'
import { VERSION } from './version.ts'

/** What the metadata of a noise adapter's file says it is. */
const FORMAT = 'oxbow-noise-adapter'

/** A network from an observation to the noise of a map, with what it was trained for. */
export interface NoiseAdapter {
  /** What was seen of points in the data's own units. */
  readonly operator: OperatorConfig
  /** Standard deviation of the noise in an observation. */
  readonly sd: number
  /** Of the map's points, such as `[2]`. */
  readonly shape: readonly number[]
  /** Hash of the map's parameters; see `baseHash`. */
  readonly map: string
  /** Width of its hidden layers. */
  readonly hidden: number
  /** Means and deviations of the observations, by which it sees them. */
  readonly center: readonly number[]
  readonly scale: readonly number[]
  /** Flat. */
  readonly parameters: Float32Array
}

const numbers = z.array(z.number())
const schema = z.object({
  operator: operatorSchema,
  sd: z.number().positive(),
  shape: z.array(z.int().positive()).min(1),
  map: z.string(),
  hidden: z.int().positive(),
  center: numbers,
  scale: z.array(z.number().positive()),
})

const sizesOf = ({
  shape,
  center,
  hidden,
}: Pick<NoiseAdapter, 'shape' | 'center' | 'hidden'>): NoiseAdapterSpec => ({
  observed: center.length,
  dimension: sizeOf(shape),
  hidden,
})

/** @param training  how it came about, for people */
export function encodeNoiseAdapter(
  adapter: NoiseAdapter,
  training: Readonly<Record<string, unknown>>,
): Uint8Array {
  const { parameters, ...known } = adapter
  return encodeSafetensors({
    tensors: storedParameters(noiseAdapterSpecs(sizesOf(adapter)), parameters),
    metadata: {
      format: FORMAT,
      oxbow: VERSION,
      adapter: JSON.stringify(known),
      training: JSON.stringify(training),
    },
  })
}

const WHAT: Readonly<Record<string, string>> = {
  oxbow: 'a whole model',
  [ADAPTER_FORMAT]: 'an adapter of weights',
}

/** @throws RunError when there is none, or it is damaged */
export function readNoiseAdapter(file: string): NoiseAdapter {
  if (!existsSync(file)) throw new RunError(`${file}: no such file`)
  try {
    const { tensors, metadata } = decodeSafetensors(readBytes(file), file)
    if (metadata.format !== FORMAT) {
      throw new RunError(
        `${file}: expected a noise adapter, as "oxbow adapt" writes it; found ${WHAT[metadata.format] ?? 'something else'}`,
      )
    }
    const known = schema.safeParse(JSON.parse(metadata.adapter ?? '{}'))
    const isWhole =
      known.success &&
      !operatorMisfit(known.data.operator, known.data.shape) &&
      [known.data.center, known.data.scale].every(
        ({ length }) => length === operatorOf(known.data.operator, known.data.shape).size,
      )
    if (!isWhole) throw new RunError(`${file}: its metadata is damaged`)
    const parameters = flatParameters(noiseAdapterSpecs(sizesOf(known.data)), tensors, file)
    return { ...known.data, parameters }
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(error.message)
    if (error instanceof SyntaxError) throw new RunError(`${file}: its metadata is not valid JSON`)
    throw error
  }
}

/**
 * The distribution of the noise for an observation: its mean and the logarithm of its scale, a number for each coordinate.
 *
 * @param y  in the data's own units
 */
export function noiseOf(
  adapter: NoiseAdapter,
  y: readonly number[],
): { readonly mean: Float64Array; readonly logScale: Float64Array } {
  const { center, scale, parameters } = adapter
  const specs = noiseAdapterSpecs(sizesOf(adapter))
  const graph = simplify(
    trace(() => {
      const unit = y.map((value, i) => (value - center[i]) / scale[i])
      const flat = constant(parameters, [parameters.length], 'float64')
      const output = applyNoiseAdapter(unflatten(flat, specs), constant(unit, [1, unit.length], 'float64'))
      const { mean, logScale } = noiseLaw(output)
      return { mean, logScale }
    }, {}),
  )
  const [mean, logScale] = evaluate(graph, [])
  return { mean: Float64Array.from(mean.data), logScale: Float64Array.from(logScale.data) }
}
