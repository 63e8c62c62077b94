import { type Interpolant, type PredictionName, ratioAt, spaceOf } from '../model/index.ts'
import { intervalsOf } from './intervals.ts'
import { type SolverChoice, solverOptions } from './solver-choice.ts'
import type { Solver } from './solvers/solver.ts'
import { solverOf, solvers } from './solvers/table.ts'

/** What is sampled, as far as solvers have needs. */
export interface Sampled {
  readonly path: Interpolant
  /** Of it, in messages. */
  readonly pathName: string
  /** What its network predicts; default the velocity. */
  readonly predicts?: PredictionName
  /** Name of the space of its points; default flat. */
  readonly space?: string
}

type Grid = readonly number[]

/** A path holds no noise where its ratio of noise to data is less. */
const NO_NOISE = 1e-5

/** Why each need is not met by a path and a grid, and what to do; nothing where it is. */
const unmet: {
  readonly [need: string]: (id: string, sampled: Sampled, grid: Grid) => string | undefined
} = {
  falling: (id, _, [first, second]) =>
    second > first ? `${id} goes from noise to data only, not from ${first} to a later time` : undefined,
  ends: (id, _, grid) =>
    grid[0] === 1 && grid.at(-1) === 0
      ? undefined
      : `${id}: expected to start at 1 (noise) and to end at 0 (data), found ${grid[0]} to ${grid.at(-1)}`,
  'finite-ratio': (id, { path, pathName }, [first]) =>
    ratioAt(path, first) === Infinity
      ? `${id} must start where some data is left, but at t = ${first} the ${pathName} path has none; start at a finite ratio of noise to data, e.g. --grid log-ratio:20`
      : undefined,
  'noise-at-start': (id, { path, pathName, predicts }, [first, second]) =>
    second > first && first === 0 && (path.steepAtData || predicts === 'x0')
      ? `${id} needs the noise at t = 0, which ${predicts === 'x0' ? 'a prediction of the data' : `the ${pathName} path`} does not determine there; start at 0.001, or use euler`
      : undefined,
  'velocity-at-end': (id, { path, pathName, predicts }, grid) => {
    // A prediction of the data is divided by the noise there.
    const isUntold = predicts === 'x0' && ratioAt(path, 0) < NO_NOISE
    return (path.steepAtData || isUntold) && grid.includes(0)
      ? `${id} needs the velocity at the data, which ${path.steepAtData ? `is infinite on the ${pathName} path` : 'a prediction of the data does not determine there'}; end at 0.001, or use ddim or dpm++2m`
      : undefined
  },
}

/**
 * Why a solver does not take points of a map through a grid, in a line; nothing where it does.
 *
 * @param options  of the solver, as its row reads them
 */
export function whyUnfit<O>(solver: Solver<O>, options: O, sampled: Sampled, grid: Grid): string | undefined {
  const { id, largest } = solver
  if (!solver.curved && spaceOf(sampled).isCurved) {
    const able = Object.values(solvers).flatMap(row => ('curved' in row && row.curved ? [row.id] : []))
    return `${id} adds points, which those on the ${sampled.space} do not; use ${able.join(' or ')}`
  }
  for (const need of solver.needs(options)) {
    const reason = unmet[need]?.(id, sampled, grid)
    if (reason) return reason
  }
  const { path, pathName, predicts = 'velocity' } = sampled
  const ratio = ratioAt(path, grid[0])
  const most = largest?.(options) ?? Infinity
  if (ratio > most) {
    return `${id} starts at a ratio of noise to data of at most ${most}, found ${Number(ratio.toPrecision(3))} at t = ${grid[0]}; start later, e.g. --grid karras:20, or allow it with --method-options largest=${Math.ceil(ratio)}`
  }
  if ((predicts === 'eps' || predicts === 'score') && ratio === Infinity && !solver.jumps) {
    return `the map predicts ${predicts}, which does not determine the data at t = ${grid[0]}, where the ${pathName} path has none; start at a finite ratio of noise to data, e.g. --grid log-ratio:20`
  }
  return undefined
}

/** The ratio of noise to data above which points may begin as noise alone: their variance is off by less than 1/2500. */
const ALMOST_NOISE = 50

/** Whether a grid may begin with noise alone: at 1, or where hardly any data is left. */
export const beginsWithNoise = (path: Interpolant, grid: Grid): boolean =>
  grid[0] === 1 || ratioAt(path, grid[0]) >= ALMOST_NOISE

/** Whether a grid leads from noise to data. */
export const leadsFromNoise = (path: Interpolant, grid: Grid): boolean =>
  grid.at(-1) === 0 && beginsWithNoise(path, grid)

/** How many draws of noise a run through a grid adds, one for each step that does. */
export function noisesOf(choice: SolverChoice, path: Interpolant, grid: Grid): number {
  const [solver, options] = [solverOf(choice.method), solverOptions(choice)]
  return intervalsOf(path, grid).filter(interval => solver.adds(options, interval)).length
}
