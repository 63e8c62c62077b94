import { baseDeviation, interpolants } from '../model/index.ts'
import { drawNoise } from '../sampler/sampler.ts'
import type { Model } from '../serialization/model.ts'

/** `sigma(1)` of a model's path: the deviation of its noise. */
export const noiseDeviation = ({ config }: Pick<Model, 'config'>): number =>
  baseDeviation(interpolants[config.interpolant])

/** Noise `[count, D]` that a model samples from, in double precision. */
export function drawModelNoise(model: Model, count: number, seed: number): Float64Array {
  const deviation = noiseDeviation(model)
  return Float64Array.from(
    drawNoise(count, model.dimension, seed, model.data.space),
    value => deviation * value,
  )
}
