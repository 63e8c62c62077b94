import {
  type CorePrimitive,
  constant,
  DYNAMIC,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../autodiff/index.ts'
import { pointOf } from '../config/index.ts'
import { type FlowMap, interpolants } from '../model/index.ts'
import { lower } from '../runtime/onnx.ts'
import { checkWholeGrid, GridError } from '../sampler/grid.ts'
import { type MethodName, methodFor, type SamplingMethod, whyUntrained } from '../sampler/sampling.ts'
import {
  eulerStep,
  heunStep,
  jumpStep,
  type Question,
  renoiseStep,
  type Step,
  take,
} from '../sampler/steps.ts'
import { type Model, toldInputs, toldMap } from './model.ts'
import { VERSION } from './version.ts'

/** More steps make a file of thousands of nodes, which opens slowly. */
const MOST_STEPS = 256

/** Points through one step of a grid, its number `k`. */
type Taken = (x: Tensor, s: number, t: number, k: number) => Tensor

/** The steps of each method on standardised points. */
function takenBy(
  method: SamplingMethod,
  map: FlowMap,
  interpolant: keyof typeof interpolants,
  fresh: readonly Tensor[],
): Taken {
  // One time for each of as many rows as the points.
  const column = (x: Tensor, time: number) =>
    x
      .sum(x.shape.map((_, i) => i).slice(1), true)
      .mul(0)
      .add(time)
  const along = (x: Tensor, h: number, ...velocities: readonly Tensor[]) =>
    x.add(velocities.reduce((sum, v) => sum.add(v)).mul(h))
  const answer = ({ x, s, t }: Question<Tensor>) =>
    t === undefined ? map.velocity(x, column(x, s)) : map.jump(x, column(x, s), column(x, t))
  const steps: Record<SamplingMethod, (...at: Parameters<Taken>) => Step<Tensor>> = {
    jump: jumpStep,
    euler: (x, s, t) => eulerStep(along, x, s, t),
    heun: (x, s, t) => heunStep(along, x, s, t),
    renoise: (x, s, _, k) => {
      const mix = (x: Tensor, alpha: number, sigma: number) => x.mul(alpha).add(fresh[k - 1].mul(sigma))
      return renoiseStep(mix, interpolants[interpolant], x, s, k === 0)
    },
  }
  return (...at) => take(steps[method](...at), answer)
}

/**
 * A sampler as one graph: `noise [batch, ...D]` to `samples [batch, ...D]` in the data's own units, every step unrolled. For
 * `renoise` the noise of each inner time is an input of its own, `noise1`, `noise2`, ... `[batch, ...D]`.
 */
function samplerGraph(model: Model, method: SamplingMethod, grid: readonly number[]): Graph<CorePrimitive> {
  const { config, data } = model
  const { shape } = pointOf(config, data)
  const points = spec([DYNAMIC, ...shape])
  const added = method === 'renoise' ? grid.slice(1, -1).map((_, k) => `noise${k + 1}`) : []
  const inputs = {
    ...Object.fromEntries(['noise', ...added].map(name => [name, points])),
    ...toldInputs(model),
  }
  const row = (values: readonly number[]) => constant(values, [1, ...shape])
  return simplify(
    trace((given: Readonly<Record<string, Tensor>>) => {
      const step = takenBy(
        method,
        toldMap(model, given),
        config.interpolant,
        added.map(name => given[name]),
      )
      const z = grid.slice(1).reduce((x, t, k) => step(x, grid[k], t, k), given.noise)
      const { shift, scale } = data.standardization ?? {}
      return { samples: shift && scale ? z.mul(row(scale)).add(row(shift)) : z }
    }, inputs),
  )
}

export interface SamplerRequest {
  /** Times from 1 to 0. */
  readonly grid: readonly number[]
  readonly method: MethodName
}

/**
 * The bytes of an ONNX sampler: see `samplerGraph`.
 *
 * @returns them, and the method that was chosen
 * @throws GridError when the grid does not fall from 1 to 0, has too many steps, or the map was not trained for it
 */
export function encodeOnnxSampler(
  model: Model,
  { grid, method: asked }: SamplerRequest,
): { bytes: Uint8Array; method: SamplingMethod } {
  checkWholeGrid(grid)
  const steps = grid.length - 1
  if (steps > MOST_STEPS) {
    throw new GridError(`a sampler in one graph takes 1 to ${MOST_STEPS} steps, found ${steps}`)
  }
  const { config, data } = model
  const method = methodFor(asked, config.objective, grid)
  const reason = whyUntrained(config.objective, method, grid)
  if (reason) throw new GridError(reason)
  const bytes = lower(samplerGraph(model, method, grid), {
    description: `Sampler: standard normal noise to samples by ${method} in ${steps} steps.`,
    metadata: {
      format: 'oxbow-sampler',
      oxbow: VERSION,
      objective: config.objective,
      interpolant: config.interpolant,
      method,
      grid: JSON.stringify(grid),
      data: JSON.stringify(data),
    },
  })
  return { bytes, method }
}
