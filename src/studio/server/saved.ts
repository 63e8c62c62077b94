import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { checkpointSteps } from '../../training/checkpoint.ts'
import { isRun, paths, readRecord } from '../../training/run.ts'
import { LARGEST_MODEL } from '../engine/model-file.ts'
import type { SavedRun } from '../engine/saved-run.ts'

/** Folders below the runs folder that are looked into: a comparison keeps its runs two further down. */
const DEPTH = 4
/** Most runs in a list, the newest. */
const MOST = 500

const isHidden = (name: string): boolean => name.startsWith('.')

/** Directories by themselves: a link is not followed. */
function foldersIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !isHidden(entry.name))
    .map(entry => entry.name)
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
  try {
    const { config, data } = readRecord(directory)
    const steps = checkpointSteps(directory).at(-1) ?? 0
    const problem = existsSync(paths(directory).model)
      ? data.dimension === 2
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
  const time = (path: readonly string[]): number => lstatSync(paths(join(folder, ...path)).config).mtimeMs
  return runsBelow(folder)
    .map(path => ({ path, time: time(path) }))
    .sort((a, b) => b.time - a.time)
    .slice(0, MOST)
    .map(({ path }) => describe(folder, path))
}

/**
 * The model of a run below a folder.
 *
 * @param path  as in `SavedRun`
 * @returns nothing when there is no such run, or the path leads out of the folder or to what is hidden
 */
export async function savedModel(folder: string, path: string): Promise<Uint8Array | undefined> {
  const parts = path.split('/')
  if (parts.some(part => part === '' || isHidden(part) || /[\\\0]/.test(part)) || !existsSync(folder)) return
  const root = realpathSync(folder)
  const file = paths(join(root, ...parts)).model
  if (!existsSync(file) || realpathSync(file) !== file || !file.startsWith(root + sep)) return
  const entry = lstatSync(file)
  return entry.isFile() && entry.size <= LARGEST_MODEL ? new Uint8Array(await readFile(file)) : undefined
}
