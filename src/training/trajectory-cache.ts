import { type Config, ConfigError } from '../config/index.ts'
import { type Random, random } from '../random/random.ts'
import { heun, uniformGrid, type Velocity } from '../sampler/sampler.ts'

/** Trajectories of a teacher, solved before the training: what it draws its points from. */
export interface TrajectoryCache {
  readonly kind: 'reflow' | 'samples' | 'trajectory'
  readonly dimension: number
  readonly pairs: number
  /** Points at equally spaced times from 1 (first) to 0 (last), each `[pairs, D]`; the ends alone where no more is needed. */
  readonly points: readonly Float32Array[]
}

/** Points solved at a time. */
const BLOCK = 4096

/**
 * Trajectories of a teacher from seeded noise, by Heun's method.
 *
 * @param velocity  the teacher's, of many points
 * @param shouldStop  asked between blocks of points
 * @returns nothing without a coupling, and when it was stopped
 * @throws ConfigError when the teacher's trajectories diverge
 */
export async function solveTrajectories(
  { coupling: { kind, pairs, steps }, seeds }: Pick<Config, 'coupling' | 'seeds'>,
  dimension: number,
  velocity: Velocity,
  shouldStop: () => boolean = () => false,
): Promise<TrajectoryCache | undefined> {
  if (kind === 'independent') return undefined
  const source = random(seeds.data, 'coupling')
  const start = Float32Array.from({ length: pairs * dimension }, () => source.normal())
  const grid = uniformGrid(steps)
  const step = heun(velocity)
  const points =
    kind === 'trajectory'
      ? grid.map(() => new Float32Array(start.length))
      : [start, new Float32Array(start.length)]
  points[0].set(start)
  for (let from = 0; from < start.length; from += BLOCK * dimension) {
    if (from > 0 && shouldStop()) return undefined
    let x: Float32Array = start.slice(from, from + BLOCK * dimension)
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

/** Pairs of a noise and its end (`reflow`), or ends with noise of their own (`samples`). */
export function drawPair(
  { kind, dimension, pairs, points }: TrajectoryCache,
  data: Random,
  noise: Random,
  { x0, eps }: { x0: Float32Array; eps: Float32Array },
): void {
  const [starts, ends] = [points[0], points.at(-1)!]
  for (let row = 0; row < x0.length; row += dimension) {
    const at = Math.floor(data.uniform() * pairs) * dimension
    for (let j = 0; j < dimension; j++) {
      x0[row + j] = ends[at + j]
      eps[row + j] = kind === 'reflow' ? starts[at + j] : noise.normal()
    }
  }
}

/** Two points of a trajectory, at the grid's times nearest to `s` and `t`, which are moved there. */
export function drawTrajectory(
  { dimension, pairs, points }: TrajectoryCache,
  data: Random,
  { xs, xt, s, t }: { xs: Float32Array; xt: Float32Array; s: Float32Array; t: Float32Array },
): void {
  const steps = points.length - 1
  for (let i = 0; i < s.length; i++) {
    const at = Math.floor(data.uniform() * pairs) * dimension
    const first = Math.min(steps - 1, Math.round((1 - s[i]) * steps))
    const second = Math.max(first + 1, Math.round((1 - t[i]) * steps))
    s[i] = 1 - first / steps
    t[i] = 1 - second / steps
    for (let j = 0; j < dimension; j++) {
      xs[i * dimension + j] = points[first][at + j]
      xt[i * dimension + j] = points[second][at + j]
    }
  }
}
