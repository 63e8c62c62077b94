import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import type { VelocityField } from '../model/index.ts'
import { type Random, random } from '../random/random.ts'
import { compile } from '../runtime/node.ts'
import { heun, uniformGrid, type Velocity } from '../sampler/sampler.ts'
import type { Config } from './config.ts'
import { writeFileAtomic } from './files.ts'
import { RunError } from './run.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from './safetensors.ts'

/** Trajectories of a teacher, solved before the training: what it draws its points from. */
export interface Pool {
  readonly kind: 'reflow' | 'samples' | 'trajectory'
  readonly dimension: number
  readonly pairs: number
  /** Points at equally spaced times from 1 (first) to 0 (last), each `[pairs, D]`; the ends alone where no more is needed. */
  readonly points: readonly Float32Array[]
}

/** Points solved at a time. */
const BLOCK = 4096

const fileOf = (directory: string): string => join(directory, 'coupling.safetensors')

/** Whether a run has its pool already, and so no longer needs the teacher that it was solved with. */
export const hasPool = (directory: string): boolean => existsSync(fileOf(directory))

/**
 * Trajectories of a teacher from seeded noise, by Heun's method.
 *
 * @param velocity  the teacher's, of many points
 */
export async function solvePool(
  { coupling: { kind, pairs, steps }, seeds }: Pick<Config, 'coupling' | 'seeds'>,
  dimension: number,
  velocity: Velocity,
): Promise<Pool | undefined> {
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
    let x: Float32Array = start.slice(from, from + BLOCK * dimension)
    for (let i = 1; i <= steps; i++) {
      x = await step(x, grid[i - 1], grid[i])
      if (kind === 'trajectory') points[i].set(x, from)
    }
    points.at(-1)!.set(x, from)
  }
  if (!points.at(-1)!.every(Number.isFinite)) throw new RunError('coupling: the teacher left finite numbers')
  return { kind, dimension, pairs, points }
}

/** The same from the teacher's graph. */
async function solveWith(
  config: Config,
  dimension: number,
  teacher: VelocityField,
): Promise<Pool | undefined> {
  const graph = trace(({ x, t }) => teacher.velocity(x, t), {
    x: spec([DYNAMIC, dimension]),
    t: spec([DYNAMIC, 1]),
  })
  const program = await compile(simplify(graph))
  try {
    return await solvePool(config, dimension, async (x, t) => {
      const times = new Float32Array(x.length / dimension).fill(t)
      return (await program.run([x, times]))[0] as Float32Array
    })
  } finally {
    await program.close()
  }
}

/**
 * The pool of a run: read from its directory, or solved and written there, so that a resumed run draws the same.
 *
 * @param teacher  what is solved where no pool is stored
 * @throws RunError when the stored one is damaged
 */
export async function openPool(
  directory: string,
  config: Config,
  dimension: number,
  teacher: VelocityField | undefined,
): Promise<Pool | undefined> {
  const { kind, pairs } = config.coupling
  if (kind === 'independent') return undefined
  const file = fileOf(directory)
  if (hasPool(directory)) return readPool(file, config, dimension)
  const pool = (await solveWith(config, dimension, teacher!))!
  const tensors = Object.fromEntries(
    pool.points.map((data, i) => [`points.${i}`, { shape: [pairs, dimension], data }]),
  )
  writeFileAtomic(
    directory,
    file,
    encodeSafetensors({ tensors, metadata: { format: 'oxbow-coupling', kind } }),
  )
  return pool
}

const AGAIN = 'remove it, and --resume solves it again'

function readPool(file: string, { coupling }: Config, dimension: number): Pool {
  const { pairs, steps } = coupling
  const kind = coupling.kind as Pool['kind']
  try {
    const { tensors, metadata } = decodeSafetensors(readFileSync(file), file)
    const count = kind === 'trajectory' ? steps + 1 : 2
    const points = Array.from({ length: count }, (_, i) => tensors[`points.${i}`]?.data)
    const whole = points.every(
      p => p instanceof Float32Array && p.length === pairs * dimension && p.every(Number.isFinite),
    )
    if (metadata.kind !== kind || !whole) {
      throw new RunError(`${file}: not the ${kind} coupling of this run; ${AGAIN}`)
    }
    return { kind, pairs, dimension, points: points as Float32Array[] }
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(`${error.message}; ${AGAIN}`)
    throw error
  }
}

/** Pairs of a noise and its end (`reflow`), or ends with noise of their own (`samples`). */
export function drawPair(
  { kind, dimension, pairs, points }: Pool,
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
  { dimension, pairs, points }: Pool,
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
