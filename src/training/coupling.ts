import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import type { Config } from '../config/index.ts'
import type { VelocityField } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { readBytes } from '../serialization/read-file.ts'
import { RunError } from '../serialization/run.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from '../serialization/safetensors.ts'
import { solveTrajectories, type TrajectoryCache } from './trajectory-cache.ts'

const fileOf = (directory: string): string => join(directory, 'coupling.safetensors')

/** Whether a run has its pool already, and so no longer needs the teacher that it was solved with. */
export const hasTrajectoryCache = (directory: string): boolean => existsSync(fileOf(directory))

/** The pool of a teacher's graph. */
async function solveWith(
  runtime: Runtime,
  config: Config,
  dimension: number,
  teacher: VelocityField,
  shouldStop?: () => boolean,
): Promise<TrajectoryCache | undefined> {
  const graph = trace(({ x, t }) => teacher.velocity(x, t), {
    x: spec([DYNAMIC, dimension]),
    t: spec([DYNAMIC, 1]),
  })
  const program = await runtime.compile(simplify(graph))
  try {
    const velocity = async (x: Float32Array, t: number) => {
      const times = new Float32Array(x.length / dimension).fill(t)
      return (await program.run([x, times]))[0] as Float32Array
    }
    return await solveTrajectories(config, dimension, velocity, shouldStop)
  } finally {
    await program.close()
  }
}

/**
 * The pool of a run: read from its directory, or solved and written there, so that a resumed run draws the same.
 *
 * @param teacher  what is solved where no pool is stored
 * @param shouldStop  asked now and then while it is solved
 * @returns nothing without a coupling, and when it was stopped
 * @throws RunError when the stored one is damaged
 */
export async function openTrajectoryCache(
  runtime: Runtime,
  directory: string,
  config: Config,
  dimension: number,
  teacher: VelocityField | undefined,
  shouldStop?: () => boolean,
): Promise<TrajectoryCache | undefined> {
  const { kind, pairs } = config.coupling
  if (kind === 'independent') return undefined
  const file = fileOf(directory)
  if (hasTrajectoryCache(directory)) return readTrajectoryCache(file, config, dimension)
  const pool = await solveWith(runtime, config, dimension, teacher!, shouldStop)
  if (!pool) return undefined
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

function readTrajectoryCache(file: string, { coupling }: Config, dimension: number): TrajectoryCache {
  const { pairs, steps } = coupling
  const kind = coupling.kind as TrajectoryCache['kind']
  try {
    const { tensors, metadata } = decodeSafetensors(readBytes(file), file)
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
