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
import { isGrounded, isMatched } from '../config/coupling.ts'
import { pointOf } from '../config/index.ts'
import {
  coefficientsAt,
  type FlowMap,
  type Interpolant,
  interpolants,
  type PredictionName,
  pairAt,
  predictions,
  spaceOf,
} from '../model/index.ts'
import { lower } from '../runtime/onnx.ts'
import { leadsFromNoise, noisesOf } from '../sampler/fitness.ts'
import { checkGrid, checkWholeGrid, GridError } from '../sampler/grid.ts'
import { intervalsOf } from '../sampler/intervals.ts'
import type { MethodName, SamplingMethod } from '../sampler/names.ts'
import { methodFor, whyNot } from '../sampler/sampling.ts'
import { type SolverChoice, solverOptions } from '../sampler/solver-choice.ts'
import { solverOf } from '../sampler/solvers/table.ts'
import { type Question, take } from '../sampler/steps.ts'
import { asMap, drawnAt, innerJumps, type Model, toldInputs, toldMap } from './model.ts'
import { noiseOf, samplerSignature } from './signature.ts'
import { VERSION } from './version.ts'

/** More steps make a file of thousands of nodes, which opens slowly. */
const MOST_STEPS = 256

/** Takes points through a grid on a graph, by a solver on standardised points. */
function throughGraph(
  choice: SolverChoice,
  { map, predicts, path, model }: { map: FlowMap; predicts: PredictionName; path: Interpolant; model: Model },
  start: Tensor,
  grid: readonly number[],
  fresh: readonly Tensor[],
): Tensor {
  const space = spaceOf(model.data)
  // One time for each of as many rows as the points.
  const column = (x: Tensor, time: number) =>
    x
      .sum(x.shape.map((_, i) => i).slice(1), true)
      .mul(0)
      .add(time)
  const output = (x: Tensor, s: Tensor) =>
    predicts === 'velocity' ? map.velocity(x, s) : map.predicted!.output(x, s)
  const answer = ({ x, s, t, drawn, along }: Question<Tensor>) => {
    if (along) return space.jump(x, along)
    const start = column(x, s)
    if (drawn) return drawnAt(model, x, start, drawn.noise, drawn.inner ?? innerJumps(model))
    return t === undefined ? output(x, start) : map.jump(x, start, column(x, t))
  }
  let added = 0
  const step = solverOf(choice.method).begin<Tensor>(solverOptions(choice), {
    path,
    isCurved: space.isCurved,
    combine: (...terms) =>
      terms
        .map(([coefficient, x]) => (coefficient === 1 ? x : x.mul(coefficient)))
        .reduce((sum, x) => sum.add(x)),
    meaning: t => pairAt(path, predictions[predicts], t),
    noise: () => fresh[added++],
  })
  const end = intervalsOf(path, grid).reduce((x, interval) => take(step(x, interval), answer), start)
  return space.projected?.(end) ?? end
}

/** A constant column of a source is 0 for the network, whatever it is divided by. */
const nonZero = (scale: readonly number[]): number[] => scale.map(value => value || 1)

/** Names of what a sampler begins with, and of the noise that its method adds. */
function noiseInputs({ config, data }: Model, choice: SolverChoice, grid: readonly number[]) {
  const count = noisesOf(choice, interpolants[config.interpolant], grid)
  return {
    first: data.source ? 'source' : 'noise',
    added: Array.from({ length: count }, (_, k) => `noise${k + 1}`),
  }
}

/**
 * A sampler as one graph: `noise [batch, ...D]`, or `source [batch, ...D]` of a map that begins at other data, to `samples [batch, ...D]` in the data's own units, every step unrolled. The
 * noise that a solver adds is an input of its own for each step that does, `noise1`, `noise2`, ... `[batch, ...D]`.
 */
function samplerGraph(model: Model, choice: SolverChoice, grid: readonly number[]): Graph<CorePrimitive> {
  const { config, data } = model
  const { shape } = pointOf(config, data)
  const points = spec([DYNAMIC, ...shape])
  const path = interpolants[config.interpolant]
  const { predicts = 'velocity' } = config.network
  const { first, added } = noiseInputs(model, choice, grid)
  const inputs = {
    ...Object.fromEntries([first, ...added].map(name => [name, points])),
    // A map of velocities is told the points themselves.
    ...(choice.method !== 'transition' && toldInputs(model)),
  }
  const row = (values: readonly number[]) => constant(values, [1, ...shape])
  return simplify(
    trace((given: Readonly<Record<string, Tensor>>) => {
      const map = choice.method === 'transition' ? asMap(model) : toldMap(model, given)
      const base = coefficientsAt(path, grid[0]).sigma
      const { source } = data.standardization ?? {}
      const drawn = source
        ? given[first].sub(row(source.shift)).div(row(nonZero(source.scale)))
        : given[first]
      const start = base === 1 ? drawn : drawn.mul(base)
      const fresh = added.map(name => given[name])
      const z = throughGraph(choice, { map, predicts, path, model }, start, grid, fresh)
      const { shift, scale } = data.standardization ?? {}
      return { samples: shift && scale ? z.mul(row(scale)).add(row(shift)) : z }
    }, inputs),
  )
}

export interface SamplerRequest {
  /** Times from 1 to 0. */
  readonly grid: readonly number[]
  readonly method: MethodName
  /** Of the method, by their names. */
  readonly options?: Readonly<Record<string, unknown>>
}

/**
 * The bytes of an ONNX sampler: see `samplerGraph`.
 *
 * @returns them, and the method that was chosen
 * @throws GridError when the grid does not fall from 1 to 0, has too many steps, or the map was not trained for it
 */
export function encodeOnnxSampler(
  model: Model,
  { grid, method: asked, options }: SamplerRequest,
): { bytes: Uint8Array; method: SamplingMethod } {
  checkGrid(grid)
  const steps = grid.length - 1
  if (steps > MOST_STEPS) {
    throw new GridError(`a sampler in one graph takes 1 to ${MOST_STEPS} steps, found ${steps}`)
  }
  const { config, data } = model
  const method = methodFor(asked, config.objective, grid)
  const { predicts } = config.network
  const { objective, interpolant } = config
  const choice = { method, ...(options && { options }) }
  const source = data.source?.name
  const reason = whyNot(
    {
      objective,
      interpolant,
      predicts,
      matched: isMatched(config),
      isGrounded: isGrounded(config),
      source,
      space: data.space,
    },
    choice,
    grid,
  )
  if (reason) throw new GridError(reason)
  if (!leadsFromNoise(interpolants[interpolant], grid)) checkWholeGrid(grid)
  if (solverOf(method).evaluations === null) {
    throw new GridError(`${method} chooses its steps by the points, and a graph takes the same for all`)
  }
  const bytes = lower(samplerGraph(model, choice, grid), {
    description: `Sampler: ${source === undefined ? noiseOf(data) : `points of ${source}`} to ${data.text ? 'texts' : 'samples'} by ${method} in ${steps} steps.`,
    metadata: {
      format: 'oxbow-sampler',
      oxbow: VERSION,
      objective: config.objective,
      interpolant: config.interpolant,
      method,
      grid: JSON.stringify(grid),
      data: JSON.stringify(data),
      signature: JSON.stringify(samplerSignature(model, { method, ...noiseInputs(model, choice, grid) })),
    },
  })
  return { bytes, method }
}
