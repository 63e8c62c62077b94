import type { Weights } from '../config/weights-name.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import {
  type Interpolant,
  interpolants,
  type Points,
  type Prediction,
  predictions,
  standardized,
  timeOfRatio,
} from '../model/index.ts'
import { SolveError } from '../sampler/adaptive.ts'
import { usualGrid } from '../sampler/named-grids.ts'
import type { SamplingMethod } from '../sampler/names.ts'
import { solverOptions } from '../sampler/solver-choice.ts'
import { solverOf, solvers } from '../sampler/solvers/table.ts'
import { type Answers, through } from '../sampler/through.ts'
import type { GuidanceChoice } from '../serialization/guidance.ts'
import { load } from '../serialization/load.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { startOf } from '../training/source.ts'
import { toldAsData } from './condition-measure.ts'
import { lastTime } from './map-measures.ts'
import { fitOrder, type OrderFit } from './order-fit.ts'
import type { ChosenSolvers } from './solver-choice.ts'

/** Where a method ends with so many evaluations of the network for each point. */
export interface SolverError {
  readonly evaluations: number
  /** Root mean square distance from where the flow ends, in parts of the data's spread; null where it is not finite. */
  readonly error: number | null
}

export interface SolverCurve {
  readonly method: SamplingMethod
  /** The order of trajectories that its row declares; null where it has none, as the jumps of a map. */
  readonly declared: number | null
  /** By rising evaluations. */
  readonly errors: readonly SolverError[]
  readonly fit: OrderFit | null
}

/** Methods beside the flow of a run's own velocity, from the same noise. */
export interface SolverComparison {
  readonly weights: Weights
  /** Points that are followed. */
  readonly count: number
  /** Root mean square distance of the data from its mean, as the network sees it: the unit of all errors. */
  readonly spread: number
  /** The fine solution: its tolerance, and how far it is from one of half of that. */
  readonly reference: { readonly tolerance: number; readonly error: number }
  readonly curves: readonly SolverCurve[]
  /** What was left out, and why. */
  readonly notes: readonly string[]
}

/** Evaluations that methods are given. */
export const LADDER = [1, 2, 4, 8, 16, 32, 64, 128] as const

/** A velocity to follow and how points begin, in the units of the network. */
export interface Followed {
  /** What the network predicts, or a jump where two times are asked for. */
  readonly answer: Answers<Float64Array>
  readonly path: Interpolant
  readonly prediction: Prediction
  /** Points `[n, dimension]` to begin at, at a time. */
  readonly start: (t: number) => Float64Array
  readonly dimension: number
  /** Whether the velocity at `t = 0` is infinite, or its formula divides by the time. */
  readonly steep: boolean
}

const noNoise = <P extends Points>(_: number, like: P): P => like

/** Ratio of noise to data at which a reference that cannot go on to 0 takes one last step, exact where the data does not change. */
const LAST_RATIO = 1e-4

/** Where the flow of the velocity ends, from the points at a time. @throws SolveError */
async function flowEnd(
  { answer, path, prediction, start, steep }: Followed,
  from: number,
  tolerance: number,
  ratio: number,
): Promise<Float64Array> {
  const end = steep ? timeOfRatio(path, ratio) : 0
  const options = { tolerance, maxSteps: 10_000 }
  const common = { path, prediction, noise: noNoise }
  const near = await through(answer, start(from), [from, end], {
    ...common,
    solver: solvers.adaptive,
    options,
  })
  if (!steep) return near
  return through(answer, near, [end, 0], { ...common, solver: solvers.ddim, options: { eta: 0 } })
}

/** Root mean square distance of points `[n, dimension]`. */
function distance(a: Float64Array, b: Float64Array, dimension: number): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2
  return Math.sqrt((sum * dimension) / a.length)
}

/** The fine solutions from each time that methods begin at. */
function references(followed: Followed, tolerance: number) {
  const found = new Map<number, { end: Float64Array; error: number }>()
  return {
    from: async (t: number) => {
      const known = found.get(t)
      if (known) return known
      const coarse = await flowEnd(followed, t, tolerance, LAST_RATIO)
      const end = await flowEnd(followed, t, tolerance / 2, LAST_RATIO / 2)
      const made = { end, error: distance(coarse, end, followed.dimension) }
      found.set(t, made)
      return made
    },
    error: () => Math.max(0, ...[...found.values()].map(({ error }) => error)),
  }
}

/** Tolerances of a solver that chooses its own steps. */
const TOLERANCES = [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5]

/** The ways of a method to compare: its usual grid of as many steps as a number of evaluations allows, or its tolerances. */
function* waysOf(method: SamplingMethod, path: Interpolant) {
  const { evaluations } = solverOf(method)
  if (evaluations === null) {
    const grid = usualGrid({ method }, path, 1)
    for (const tolerance of TOLERANCES)
      yield { grid, options: solverOptions({ method, options: { tolerance } }) }
    return
  }
  const options = solverOptions({ method })
  for (const rung of LADDER) {
    const steps = Math.floor(rung / evaluations)
    if (steps > 0) yield { grid: usualGrid({ method }, path, steps), options }
  }
}

/** Nothing of a solver that finds no way; of what else fails the failure. */
function lost(error: unknown): undefined {
  if (!(error instanceof SolveError)) throw error
}

/** The errors of one method, by rising evaluations, in the units of the network. */
async function errorsOf(
  followed: Followed,
  method: SamplingMethod,
  endFrom: (t: number) => Promise<{ end: Float64Array }>,
): Promise<{ evaluations: number; error: number }[]> {
  const { answer, path, prediction, start, dimension } = followed
  const errors: { evaluations: number; error: number }[] = []
  for (const { grid, options } of waysOf(method, path)) {
    let evaluations = 0
    const counted: Answers<Float64Array> = question => {
      evaluations++
      return answer(question)
    }
    const way = { path, prediction, solver: solverOf(method), options, noise: noNoise }
    const points = await through(counted, start(grid[0]), grid, way).catch(lost)
    if (!points) break
    if (evaluations > LADDER.at(-1)!) break
    if (evaluations === errors.at(-1)?.evaluations) continue
    errors.push({ evaluations, error: distance(points, (await endFrom(grid[0])).end, dimension) })
  }
  return errors
}

/**
 * How far methods end from the flow of the velocity that they follow, by evaluations of the network.
 *
 * @param spread  what errors are divided by
 * @param tolerance  of the reference: its largest local error of any coordinate, absolute and relative
 * @throws SolveError when the reference is not found
 */
export async function solverCurves(
  followed: Followed,
  methods: readonly SamplingMethod[],
  { spread, tolerance }: { readonly spread: number; readonly tolerance: number },
): Promise<Pick<SolverComparison, 'reference' | 'curves'>> {
  const known = references(followed, tolerance)
  const measured = []
  for (const method of methods)
    measured.push({ method, errors: await errorsOf(followed, method, known.from) })
  const floor = known.error() / spread
  const curves = measured.map(({ method, errors }): SolverCurve => {
    const declared = solverOf(method).order.path
    const shown = errors.map(({ evaluations, error }) => ({
      evaluations,
      error: Number.isFinite(error) ? error / spread : null,
    }))
    return { method, declared, errors: shown, fit: declared === null ? null : fitOrder(shown, floor) }
  })
  return { reference: { tolerance, error: floor }, curves }
}

/** Points that are followed, and their numbers at most; pictures hold many. */
const [POINTS, LEAST_POINTS, NUMBERS] = [512, 32, 2 ** 16]
/** Of the reference: in many coordinates the farthest of them decides. */
const [TOLERANCE, ROUGH_TOLERANCE, MANY] = [1e-6, 1e-5, 64]

/** Root mean square distance of points from their mean. */
function spreadOf(points: Float32Array, dimension: number): number {
  const count = points.length / dimension
  const mean = new Float64Array(dimension)
  points.forEach((value, i) => {
    mean[i % dimension] += value / count
  })
  return Math.sqrt(points.reduce((sum, value, i) => sum + (value - mean[i % dimension]) ** 2, 0) / count)
}

/** A loaded map as a velocity in double precision; the network itself answers in single. */
async function followedBy(map: LoadedMap, count: number, seed: number): Promise<Followed> {
  const { inner, standardization: by, interpolant, predicts = 'velocity', dimension } = map
  const { jump, velocity, output = velocity } = inner
  const begin = await startOf(map, count, seed)
  return {
    answer: async ({ x, s, t }) => {
      const points = Float32Array.from(x)
      return Float64Array.from(await (t === undefined ? output(points, s) : jump(points, s, t)))
    },
    path: interpolants[interpolant],
    prediction: predictions[predicts],
    start: t => Float64Array.from(by ? standardized(by, begin(t), t) : begin(t)),
    dimension,
    steep: lastTime(map.model!) > 0,
  }
}

/** What is compared, on which points. */
export interface SolverSetting {
  readonly chosen: ChosenSolvers
  readonly weights: Weights
  /** As the network sees it. */
  readonly seen: StandardizedDataset
  /** Points of the data, as the network sees them. */
  readonly reference: Float32Array
  readonly seed: number
  readonly guidance?: GuidanceChoice
  /** Whether the map is told no condition. */
  readonly without?: boolean
}

/** Compares methods on a run. A velocity that cannot be solved finely is noted, with nothing to compare. */
export async function compareSolvers(directory: string, setting: SolverSetting): Promise<SolverComparison> {
  const { chosen, weights, seen, reference: data, seed, guidance, without } = setting
  const map = await load(directory, { weights })
  const { dimension } = map
  const count = Math.min(POINTS, Math.max(LEAST_POINTS, Math.floor(NUMBERS / dimension)))
  const tolerance = dimension > MANY ? ROUGH_TOLERANCE : TOLERANCE
  const spread = spreadOf(data, dimension)
  const common = { weights, count, spread }
  try {
    const told = without ? map.without() : toldAsData(map, seen, count, seed)
    const followed = await followedBy(guidance ? told.guided(guidance) : told, count, seed)
    const found = await solverCurves(followed, chosen.methods, { spread, tolerance })
    const curves = found.curves.filter(({ errors }) => errors.length > 0)
    const stuck = found.curves.filter(curve => !curves.includes(curve))
    const notes = stuck.map(({ method }) => `left out ${method}: it found no way to the data`)
    return { ...common, ...found, curves, notes: [...chosen.notes, ...notes] }
  } catch (error) {
    if (!(error instanceof SolveError)) throw error
    const notes = [
      ...chosen.notes,
      `left out all solvers: no fine solution to compare with (${error.message})`,
    ]
    return { ...common, reference: { tolerance, error: 0 }, curves: [], notes }
  } finally {
    await map.close()
  }
}
