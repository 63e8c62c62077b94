import {
  checkFinite,
  checkFloats,
  checkFunction,
  checkSeed,
  checkTime,
  checkWhole,
  MOST_NUMBERS,
} from '../data/arguments.ts'
import { interpolants, type Points, predictions, spaceOf } from '../model/index.ts'
import { ofBlock, random } from '../random/random.ts'
import { checkGrid } from './grid.ts'
import type { Solver } from './solvers/solver.ts'
import { solvers } from './solvers/table.ts'
import { through } from './through.ts'

/** `F(x, s, t)` of many points at one pair of times. */
export type Jump<P extends Points = Float32Array> = (x: P, s: number, t: number) => Promise<P>

/** `v(x, t)` of many points at one time. */
export type Velocity<P extends Points = Float32Array> = (x: P, t: number) => Promise<P>

/**
 * Standard normal points `[count, dimension]`, row after row, or those of the noise of a space: what generation starts from at `t = 1`.
 *
 * @param count  points, 0 or more; `count * dimension` at most 2^30
 * @param dimension  coordinates of a point, at least 1
 * @param seed  any whole number; the same one gives the same points
 * @param space  of a map whose points live on a manifold: uniform noise on the sphere, the torus and rotations
 * @throws ArgumentError when one of them is something else
 */
export function drawNoise(count: number, dimension: number, seed: number, space?: string): Float32Array {
  checkWhole('drawNoise: dimension', dimension, 1, MOST_NUMBERS)
  checkWhole('drawNoise: count', count, 0, Math.floor(MOST_NUMBERS / dimension))
  checkSeed('drawNoise: seed', seed)
  return noiseSource(dimension, seed, space)(count)
}

/**
 * Gives the points of `drawNoise` some at a time, each call those that follow.
 *
 * @param block  of noises that are independent of each other; `drawNoise` gives the first, 0
 */
export function noiseSource(
  dimension: number,
  seed: number,
  space?: string,
  block = 0,
): (count: number) => Float32Array {
  const { noise } = spaceOf({ space })
  const source = random(seed, 'sampling noise', ...ofBlock(block))
  return count => {
    const points = new Float32Array(count * dimension)
    noise.draw(source, points, dimension)
    return points
  }
}

/**
 * Times `1 = t_0 > ... > t_n = 0`, equally spaced.
 *
 * @param steps  number of jumps, 1 to 1,000,000
 * @throws ArgumentError when it is something else
 */
export function uniformGrid(steps: number): number[] {
  checkWhole('uniformGrid: steps', steps, 1, MOST_STEPS)
  return Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps)
}

const MOST_STEPS = 1_000_000

/**
 * From the first time of the grid to its last, one jump for each interval.
 *
 * @param noise  points `[n, D]` at the first time
 * @param grid  at least two times from 0 (data) to 1 (noise) that only fall or only rise
 * @returns points `[n, D]` at the last time
 * @throws GridError when it is no such grid; ArgumentError when the points are something else
 */
export async function jumpThrough<P extends Points>(
  jump: Jump<P>,
  noise: P,
  grid: readonly number[],
): Promise<P> {
  checkFunction('jumpThrough: jump', jump)
  checkFloats('jumpThrough: points', noise)
  checkFinite('jumpThrough: points', noise)
  checkGrid(grid)
  let x = noise
  for (let i = 1; i < grid.length; i++) x = await jump(x, grid[i - 1], grid[i])
  return x
}

function checkStep(method: string, x: Points, s: number, t: number): void {
  checkFloats(`${method}: x`, x)
  checkTime(`${method}: s`, s)
  checkTime(`${method}: t`, t)
}

/** A solver of a velocity alone, as a jump. */
function byVelocity<P extends Points>(solver: Solver<Record<string, never>>, velocity: Velocity<P>): Jump<P> {
  checkFunction(`${solver.id}: velocity`, velocity)
  return async (x, s, t) => {
    checkStep(solver.id, x, s, t)
    return through<P, Record<string, never>>(asked => velocity(asked.x, asked.s), x, [s, t], {
      // Any path will do: these ask for nothing but the velocity.
      path: interpolants.linear,
      prediction: predictions.velocity,
      solver,
      options: {},
      noise: (_, like) => like,
    })
  }
}

/** Euler's method, first order: one evaluation for each interval. */
export const euler = <P extends Points>(velocity: Velocity<P>): Jump<P> => byVelocity(solvers.euler, velocity)

/** Heun's method, second order: two evaluations for each interval. */
export const heun = <P extends Points>(velocity: Velocity<P>): Jump<P> => byVelocity(solvers.heun, velocity)
