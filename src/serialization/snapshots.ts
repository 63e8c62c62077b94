import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { powerVector } from '../config/averages.ts'
import type { Config } from '../config/index.ts'
import type { State } from './checkpoint.ts'
import { writeFileAtomic } from './files.ts'
import { readBytes } from './read-file.ts'
import { paths, RunError } from './run.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from './safetensors.ts'

const fileOf = (directory: string, step: number): string =>
  join(paths(directory).snapshots, `step-${String(step).padStart(6, '0')}.safetensors`)

const nameOf = (width: number): string => `map.${powerVector(width)}`

/** Steps of the snapshots of a run, oldest first. */
export function snapshotSteps(directory: string): number[] {
  const { snapshots } = paths(directory)
  if (!existsSync(snapshots)) return []
  return readdirSync(snapshots)
    .flatMap(name => /^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Keeps the power-law averages as they are after a step. */
export function writeSnapshot(
  directory: string,
  { powerAverages }: Config,
  step: number,
  state: State,
): void {
  const tensors = Object.fromEntries(
    powerAverages.map(width => {
      const data = state[nameOf(width)]!
      return [nameOf(width), { shape: [data.length], data }]
    }),
  )
  const metadata = { format: 'oxbow-snapshot', step: String(step) }
  writeFileAtomic(directory, fileOf(directory, step), encodeSafetensors({ tensors, metadata }))
}

/** Removes the snapshots of steps that a continued run takes again. */
export function dropSnapshotsAfter(directory: string, step: number): void {
  for (const later of snapshotSteps(directory).filter(each => each > step)) rmSync(fileOf(directory, later))
}

/**
 * The power-law average of some width after a step.
 *
 * @throws RunError when the file is damaged
 */
export function readSnapshot(directory: string, step: number, width: number): Float32Array {
  const path = fileOf(directory, step)
  try {
    const found = decodeSafetensors(readBytes(path), path).tensors[nameOf(width)]?.data
    if (found instanceof Float32Array) return found
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(error.message)
    throw error
  }
  throw new RunError(`${path}: holds no average of width ${width}`)
}
