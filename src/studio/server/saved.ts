import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { checkpointSteps } from '../../serialization/checkpoint.ts'
import { isRun, paths, readRecord } from '../../serialization/run.ts'
import type { SavedRun } from '../engine/saved-run.ts'
import { LARGEST_MODEL } from '../plan.ts'

/** Folders below the runs folder that are looked into: a comparison keeps its runs two further down. */
const DEPTH = 4
/** Most runs in a list, the newest. */
const MOST = 500

const isHidden = (name: string): boolean => name.startsWith('.')

/** Directories by themselves: a link is not followed, and what cannot be read has none. */
function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && !isHidden(entry.name))
      .map(entry => entry.name)
  } catch {
    return []
  }
}

/** Whether a path, of a real root on, is a file by itself: no link leads elsewhere, and nobody waits for a pipe. */
function isOwnFile(file: string): boolean {
  try {
    const entry = lstatSync(file)
    return entry.isFile() && entry.size <= LARGEST_MODEL && realpathSync(file) === file
  } catch {
    return false
  }
}

function changed(file: string): number {
  try {
    return lstatSync(file).mtimeMs
  } catch {
    return 0
  }
}

function runsBelow(folder: string, path: readonly string[] = []): string[][] {
  const here = join(folder, ...path)
  if (path.length > 0 && isRun(here)) return [[...path]]
  if (path.length >= DEPTH) return []
  return foldersIn(here).flatMap(name => runsBelow(folder, [...path, name]))
}

function describe(folder: string, path: readonly string[]): SavedRun {
  const directory = join(folder, ...path)
  const unknown = { path: path.join('/'), objective: '', data: '', dimension: 0, steps: 0, of: 0 }
  const files = paths(directory)
  if (!isOwnFile(files.config))
    return { ...unknown, problem: 'its config.json is no plain file of the folder' }
  try {
    const { config, data } = readRecord(directory)
    const steps = foldersIn(directory).includes('checkpoints') ? (checkpointSteps(directory).at(-1) ?? 0) : 0
    const problem = isOwnFile(files.model)
      ? data.space !== undefined
        ? `its points are ${data.text ? 'text' : `of the ${data.space}`}, and the page shows those of the plane`
        : data.dimension === 2
          ? null
          : `its points have ${data.dimension} coordinates, and the page shows 2`
      : 'it has no model yet'
    const { objective } = config
    return {
      ...unknown,
      objective,
      data: data.name,
      dimension: data.dimension,
      steps,
      of: config.steps,
      problem,
    }
  } catch (error) {
    return { ...unknown, problem: (error as Error).message.replace(directory, unknown.path) }
  }
}

/** The runs below a folder, the newest first; none where there is no such folder. */
export function savedRuns(folder: string): SavedRun[] {
  if (!existsSync(folder)) return []
  const root = realpathSync(folder)
  return runsBelow(root)
    .map(path => ({ path, time: changed(paths(join(root, ...path)).config) }))
    .sort((a, b) => b.time - a.time)
    .slice(0, MOST)
    .map(({ path }) => describe(root, path))
}

/**
 * The file of the model of a run below a folder.
 *
 * @param path  as in `SavedRun`
 * @returns nothing when there is no such run, or the path leads out of the folder or to what is hidden
 */
export function savedModel(folder: string, path: string): string | undefined {
  const parts = path.split('/')
  if (parts.some(part => part === '' || isHidden(part) || /[\\\0]/.test(part)) || !existsSync(folder)) return
  const root = realpathSync(folder)
  const file = paths(join(root, ...parts)).model
  return isOwnFile(file) && file.startsWith(root + sep) ? file : undefined
}
