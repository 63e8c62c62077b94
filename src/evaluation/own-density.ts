import { isGrounded } from '../config/coupling.ts'
import { sourceName } from '../config/source-checks.ts'
import type { DivergenceName } from '../density/flow.ts'
import { DensityError, type DensityName, sampleWithDensity } from '../density/own-samples.ts'
import { type Standardization, unstandardized } from '../model/index.ts'
import { whyNoTrajectories, whyNoVelocity } from '../objective/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { MethodName } from '../sampler/names.ts'
import { methodFor, whyUntrained } from '../sampler/sampling.ts'
import type { Given } from '../serialization/conditions.ts'
import type { Model } from '../serialization/model.ts'
import { toldRowMap } from '../serialization/told-rows.ts'
import { lastTime } from './map-measures.ts'
import { drawModelNoise, noiseDeviation } from './model-noise.ts'

export interface OwnRequest {
  readonly count: number
  readonly seed: number
  /** `1 = t_0 > ... > t_n = 0`. */
  readonly grid: readonly number[]
  readonly method: MethodName
  readonly density: DensityName
  /** Of `flow`: the divergence of its velocity; default `exact`. */
  readonly divergence?: DivergenceName
  /** What the map is told of every sample; default nothing. */
  readonly given?: Given
}

/** Samples of a model with their density, both in the data's own units. */
export interface Own {
  readonly points: Float64Array
  /** In nats. */
  readonly logDensity: Float64Array
  /** Share of samples on whose way a jump has no positive determinant. */
  readonly folded: number
  /** Evaluations of the network for a sample, a derivative counted as one. */
  readonly evaluations: number
  readonly method: string
  /** What densities in the data's units are below those that the network knows, in nats. */
  readonly logScale: number
}

/** @throws DensityError when a column is constant */
function logScaleOf(by: Standardization | undefined, name: string): number {
  const scale = by?.scale ?? []
  if (scale.includes(0)) {
    throw new DensityError(`${name}: a column of its data is constant, so that its samples have no density`)
  }
  return scale.reduce((sum, value) => sum + Math.log(value), 0)
}

/**
 * Samples a model from the noise of a seed, each point with its density.
 *
 * @param name  of the model, in messages
 * @throws DensityError where the samples have none
 */
export async function ownSamples(
  model: Model,
  name: string,
  { count, seed, grid, method: asked, density, divergence, given }: OwnRequest,
  runtime: Runtime,
): Promise<Own> {
  const { dimension, data, config } = model
  if (config.source !== null) {
    throw new DensityError(`${name}: starts from points of ${sourceName(config)}, whose density is not known`)
  }
  const { standardization: by } = data
  const logScale = logScaleOf(by, name)
  const method = methodFor(asked, config.objective, grid)
  const none = whyNoTrajectories(config.objective)
  if (none) throw new DensityError(`${name}: ${none}, and no density is offered`)
  const reason =
    density === 'flow'
      ? whyNoVelocity(config.objective, isGrounded(config))
      : whyUntrained(config.objective, method, grid, isGrounded(config))
  if (reason) throw new DensityError(reason)
  const noise = drawModelNoise(model, count, seed)
  const found = await sampleWithDensity(runtime, toldRowMap(model, name, given), noise, dimension, grid, {
    density,
    deviation: noiseDeviation(model),
    ...(density === 'flow' ? { last: lastTime(model), seed } : { method }),
    ...(divergence && { divergence }),
  })
  return {
    points: by ? unstandardized(by, found.points) : found.points,
    logDensity: found.logDensity.map(value => value - logScale),
    folded: found.folded,
    evaluations: found.evaluations,
    method: density === 'flow' ? density : method,
    logScale,
  }
}
