import { isSolved, type SolvedKind } from '../config/coupling.ts'
import { type Config, ConfigError } from '../config/index.ts'
import { type Random, random } from '../random/random.ts'
import { heun, uniformGrid, type Velocity } from '../sampler/sampler.ts'

/** Trajectories of a teacher, solved before the training: what it draws its points from. */
export interface TrajectoryCache {
  readonly kind: SolvedKind
  readonly dimension: number
  readonly pairs: number
  /** Points at equally spaced times from 1 (first) to 0 (last), each `[pairs, D]`; the ends alone where no more is needed. */
  readonly points: readonly Float32Array[]
  /** What a network is told of each trajectory, `[pairs, seenSize]`, where it is told something. */
  readonly told?: Float32Array
}

/** Trajectories that are solved at once, however small the teacher is. */
export const MOST_TRAJECTORIES = 4096

/**
 * Trajectories of a teacher from seeded noise, by Heun's method.
 *
 * @param velocity  the teacher's, of the points of trajectories `from`, `from + 1`, ...
 * @param shouldStop  asked between blocks of points
 * @param rows  points of a block
 * @param begin  draws the points at time 1; default noise
 * @returns nothing without a coupling, and when it was stopped
 * @throws ConfigError when the teacher's trajectories diverge
 */
export async function solveTrajectories(
  { coupling, seeds }: Pick<Config, 'coupling' | 'seeds'>,
  dimension: number,
  velocity: (x: Float32Array, t: number, from: number) => Promise<Float32Array>,
  shouldStop: () => boolean = () => false,
  rows = MOST_TRAJECTORIES,
  begin?: (random: Random, out: Float32Array) => void,
): Promise<TrajectoryCache | undefined> {
  if (!isSolved(coupling)) return undefined
  const { kind, pairs, steps } = coupling as typeof coupling & { kind: SolvedKind }
  const source = random(seeds.data, 'coupling')
  const start = new Float32Array(pairs * dimension)
  if (begin) begin(source, start)
  else for (let i = 0; i < start.length; i++) start[i] = source.normal()
  const grid = uniformGrid(steps)
  const points =
    kind === 'trajectory'
      ? grid.map(() => new Float32Array(start.length))
      : [start, new Float32Array(start.length)]
  points[0].set(start)
  for (let from = 0; from < start.length; from += rows * dimension) {
    if (from > 0 && shouldStop()) return undefined
    const own: Velocity = (x, t) => velocity(x, t, from / dimension)
    const step = heun(own)
    let x: Float32Array = start.slice(from, from + rows * dimension)
    for (let i = 1; i <= steps; i++) {
      x = await step(x, grid[i - 1], grid[i])
      if (kind === 'trajectory') points[i].set(x, from)
    }
    points.at(-1)!.set(x, from)
  }
  if (!points.at(-1)!.every(Number.isFinite))
    throw new ConfigError("coupling: the teacher's trajectories diverged (NaN or infinity)")
  return { kind, dimension, pairs, points }
}

/** Takes what the network is told of trajectories one after another; nothing where it is told nothing. */
function collectTold({ told, pairs }: TrajectoryCache, rows: number) {
  if (!told) return undefined
  const width = told.length / pairs
  const values = new Float32Array(rows * width)
  let next = 0
  return {
    values,
    add: (pair: number): void => values.set(told.subarray(pair * width, (pair + 1) * width), width * next++),
  }
}

/**
 * Pairs of a noise and its end (`reflow`), or ends with noise of their own (`samples`).
 *
 * @returns what the network is told of each, where it is told something
 */
export function drawPair(
  pool: TrajectoryCache,
  data: Random,
  noise: Random,
  { x0, eps }: { x0: Float32Array; eps: Float32Array },
): Float32Array | undefined {
  const { kind, dimension, pairs, points } = pool
  const [starts, ends] = [points[0], points.at(-1)!]
  const told = collectTold(pool, x0.length / dimension)
  for (let row = 0; row < x0.length; row += dimension) {
    const pair = Math.floor(data.uniform() * pairs)
    const at = pair * dimension
    for (let j = 0; j < dimension; j++) {
      x0[row + j] = ends[at + j]
      eps[row + j] = kind === 'reflow' ? starts[at + j] : noise.normal()
    }
    told?.add(pair)
  }
  return told?.values
}

/**
 * Two points of a trajectory, at the grid's times nearest to `s` and `t`, which are moved there.
 *
 * @returns what the network is told of each, where it is told something
 */
export function drawTrajectory(
  pool: TrajectoryCache,
  data: Random,
  { xs, xt, s, t }: { xs: Float32Array; xt: Float32Array; s: Float32Array; t: Float32Array },
): Float32Array | undefined {
  const { dimension, pairs, points } = pool
  const steps = points.length - 1
  const told = collectTold(pool, s.length)
  for (let i = 0; i < s.length; i++) {
    const pair = Math.floor(data.uniform() * pairs)
    const at = pair * dimension
    const first = Math.min(steps - 1, Math.round((1 - s[i]) * steps))
    const second = Math.max(first + 1, Math.round((1 - t[i]) * steps))
    s[i] = 1 - first / steps
    t[i] = 1 - second / steps
    for (let j = 0; j < dimension; j++) {
      xs[i * dimension + j] = points[first][at + j]
      xt[i * dimension + j] = points[second][at + j]
    }
    told?.add(pair)
  }
  return told?.values
}
