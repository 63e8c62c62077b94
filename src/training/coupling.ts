import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isSolved, type SolvedKind } from '../config/coupling.ts'
import { type Config, pointOf } from '../config/index.ts'
import type { Dataset } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { seenSize, type VelocityField } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { readBytes } from '../serialization/read-file.ts'
import { RunError } from '../serialization/run.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from '../serialization/safetensors.ts'
import { solvePool } from './coupling-pool.ts'
import type { ToldWith } from './teacher.ts'
import type { TrajectoryCache } from './trajectory-cache.ts'

const fileOf = (directory: string): string => join(directory, 'coupling.safetensors')

/** Whether a run has its pool already, and so no longer needs the teacher that it was solved with. */
export const hasTrajectoryCache = (directory: string): boolean => existsSync(fileOf(directory))

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
  dataset: StandardizedDataset,
  teacher: ToldWith<VelocityField> | undefined,
  shouldStop?: () => boolean,
): Promise<TrajectoryCache | undefined> {
  const { kind, pairs } = config.coupling
  if (!isSolved(config.coupling)) return undefined
  const file = fileOf(directory)
  if (hasTrajectoryCache(directory)) return readTrajectoryCache(file, config, dataset)
  const pool = await solvePool(runtime, config, dataset, teacher!, shouldStop)
  if (!pool) return undefined
  const rows = (data: Float32Array) => ({ shape: [pairs, data.length / pairs], data })
  const tensors = {
    ...Object.fromEntries(pool.points.map((data, i) => [`points.${i}`, rows(data)])),
    ...(pool.told && { told: rows(pool.told) }),
  }
  writeFileAtomic(
    directory,
    file,
    encodeSafetensors({ tensors, metadata: { format: 'oxbow-coupling', kind } }),
  )
  return pool
}

const AGAIN = 'remove it, and --resume solves it again'

function readTrajectoryCache(file: string, config: Config, dataset: Dataset): TrajectoryCache {
  const { pairs, steps } = config.coupling
  const kind = config.coupling.kind as SolvedKind
  const { dimension } = dataset
  const { condition } = pointOf(config, dataset)
  try {
    const { tensors, metadata } = decodeSafetensors(readBytes(file), file)
    const count = kind === 'trajectory' ? steps + 1 : 2
    const points = Array.from({ length: count }, (_, i) => tensors[`points.${i}`]?.data)
    const told = tensors.told?.data
    const isWhole = (values: typeof told, width: number): values is Float32Array =>
      values instanceof Float32Array && values.length === pairs * width && values.every(Number.isFinite)
    const whole =
      points.every(values => isWhole(values, dimension)) &&
      (condition ? isWhole(told, seenSize(condition)) : told === undefined)
    if (metadata.kind !== kind || !whole) {
      throw new RunError(`${file}: not the ${kind} coupling of this run; ${AGAIN}`)
    }
    return {
      ...{ kind, pairs, dimension, points: points as Float32Array[] },
      ...(told && { told: told as Float32Array }),
    }
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(`${error.message}; ${AGAIN}`)
    throw error
  }
}
