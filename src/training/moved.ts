import { existsSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { isRun } from '../config/config-paths.ts'
import { openDataset } from '../config/dataset.ts'
import { type Config, ConfigError, type UserConfig } from '../config/index.ts'
import { OWN_TEACHER } from '../config/teacher-config.ts'
import { type DatasetSpec, pathsIn, withPaths } from '../data/catalogue.ts'
import type { Dataset } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import { RunError, type RunRecord } from '../serialization/run.ts'
import { openOptionsOf } from './data.ts'

/** Data that was opened, and what now names it. */
export interface OpenedData {
  readonly dataset: Dataset
  readonly spec: DatasetSpec
}

type Known = Pick<RunRecord, 'config' | 'data'>

const isSame = (dataset: Dataset, { data }: Known): boolean =>
  dataset.fingerprint.sha256 === data.fingerprint.sha256

/** A folder and those above it. */
function upFrom(folder: string): string[] {
  const above = dirname(folder)
  return above === folder ? [folder] : [folder, ...upFrom(above)]
}

const isBelow = (path: string, folder: string): boolean => {
  const way = relative(folder, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}

/** How paths change where a folder that held them was moved to where `directory` is now: what keeps most of them first. */
function moves(path: string, directory: string): ((path: string) => string)[] {
  const [from, to] = [upFrom(dirname(resolve(path))).reverse(), upFrom(resolve(directory))]
  return from.flatMap(old =>
    to.flatMap(now =>
      old === now ? [] : [(path: string) => (isBelow(path, old) ? join(now, relative(old, path)) : path)],
    ),
  )
}

/** Where data may be that was moved together with the run; whether it is that, its content tells. */
function* movedSpecs(spec: DatasetSpec, directory: string): Generator<DatasetSpec> {
  const paths = pathsIn(spec).map(path => resolve(path))
  const seen = new Set<string>()
  for (const move of paths.length > 0 ? moves(paths[0], directory) : []) {
    const moved = paths.map(move)
    const key = moved.join('\n')
    if (seen.has(key) || !moved.every(path => existsSync(path))) continue
    seen.add(key)
    yield withPaths(spec, path => move(resolve(path)))
  }
}

/**
 * Opens the data of a run: what its record names or, where that is gone or has changed, the same data at the same place from
 * the run as before, for a folder that was moved with both. Data is the same where its hash is.
 *
 * @throws RunError when it has changed; DataError when it is not found
 */
export async function openRecordedData(directory: string, record: Known): Promise<OpenedData> {
  const { data: spec } = record.config
  const options = openOptionsOf(record)
  let problem: Error
  try {
    const dataset = await openDataset(spec, options)
    if (isSame(dataset, record)) return { dataset, spec }
    problem = new RunError(
      `${directory}: the data has changed since the run was started (its fingerprint differs); if you still have the old data, name it with --data`,
    )
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    const hint = pathsIn(spec).length > 0 ? '; if the data has moved, name it with --data' : ''
    problem = new DataError(`${error.message}${hint}`)
  }
  for (const moved of movedSpecs(spec, directory)) {
    const dataset = await openDataset(moved, options).catch(() => undefined)
    if (dataset && isSame(dataset, record)) return { dataset, spec: moved }
  }
  throw problem
}

/** How a name or block says that its files are read, whatever their paths. */
function reading(spec: DatasetSpec): string {
  const [[, block] = ['', {}]] = typeof spec === 'string' ? [] : Object.entries(spec)
  const { path: _, labels, ...rest } = block as Readonly<Record<string, unknown>>
  return JSON.stringify(Object.entries({ ...rest, labels: labels !== undefined }).sort())
}

/** The recorded data at another path; what it consists of besides is looked for at the same place from there. */
function recordedAt(recorded: DatasetSpec, path: string): DatasetSpec {
  const [old] = pathsIn(recorded).map(path => resolve(path))
  if (old === undefined) return path
  return withPaths(recorded, each => {
    if (resolve(each) === old) return path
    const other = resolve(dirname(path), relative(dirname(old), resolve(each)))
    return existsSync(other) ? other : each
  })
}

/**
 * Opens data that is to take the place of a run's own, of the same content.
 *
 * @throws ConfigError when its content is another, or it is read otherwise
 */
async function openInPlace({ config, data }: Known, asked: DatasetSpec): Promise<OpenedData> {
  const isPath = typeof asked === 'string' && pathsIn(asked).length > 0
  const spec = isPath ? recordedAt(config.data, asked) : asked
  const dataset = await openDataset(spec, openOptionsOf({ config, data }))
  const name = pathsIn(spec)[0] ?? dataset.name
  const [found, known] = [dataset.fingerprint, data.fingerprint]
  if (found.sha256 !== known.sha256) {
    throw new ConfigError(
      `data: cannot change when a run is resumed: ${name} is other data than the run's (sha256 ${found.sha256.slice(0, 12)}..., recorded ${known.sha256.slice(0, 12)}...)`,
    )
  }
  if (pathsIn(spec).length > 0 && reading(spec) !== reading(config.data)) {
    throw new ConfigError(`data: cannot change when a run is resumed: ${name} is read with other options`)
  }
  return { dataset, spec }
}

/**
 * The data of a run that is continued: its own, wherever it is now, or the same from elsewhere.
 *
 * @param given  data from a program
 * @param asked  what is to take the place of the recorded name or block
 * @throws RunError, ConfigError or DataError when it is not found or not the same
 */
export async function openResumed(
  directory: string,
  record: Known,
  given: Dataset | undefined,
  asked: DatasetSpec | undefined,
): Promise<OpenedData> {
  if (!given) {
    const isOther = asked !== undefined && JSON.stringify(asked) !== JSON.stringify(record.config.data)
    return isOther ? openInPlace(record, asked) : openRecordedData(directory, record)
  }
  if (given.fingerprint.sha256 === record.data.fingerprint.sha256) return { dataset: given, spec: asked! }
  throw new RunError(`${directory}: the data has changed since the run was started (its fingerprint differs)`)
}

/** A continued run's configuration with the runs that it names where they are now. */
export interface WithMovedRuns {
  readonly recorded: Config
  readonly asked: UserConfig
  /** A line on each that is elsewhere than it was recorded. */
  readonly notes: readonly string[]
}

/**
 * Runs that a recorded configuration names and that are gone are taken from where they are asked for, or looked for as data
 * is.
 */
export function withMovedRuns(recorded: Config, asked: UserConfig, directory: string): WithMovedRuns {
  const notes: string[] = []
  const find = <T extends string | null | undefined>(key: string, path: string | null, asked: T) => {
    const isWord = !isRun(path) || (key === 'initFrom' && path === OWN_TEACHER)
    if (isWord || existsSync(path)) return { path, asked }
    const isThere = typeof asked === 'string' && asked !== path && existsSync(asked)
    const found = isThere ? asked : movedPath(path, directory)
    if (found === undefined) return { path, asked }
    notes.push(`${key}: ${path} is gone; taken from ${found}`)
    return { path: found, asked: asked === undefined ? asked : found }
  }
  const teacher = find('teacher', recorded.teacher, asked.teacher)
  const initFrom = find('initFrom', recorded.initFrom, asked.initFrom)
  const solved = find('coupling.teacher', recorded.coupling.teacher, asked.coupling?.teacher)
  const map = find('posterior.map', recorded.posterior.map, asked.posterior?.map)
  const weak = find('guidance.weak', recorded.guidance.weak, asked.guidance?.weak)
  return {
    recorded: {
      ...recorded,
      teacher: teacher.path,
      initFrom: initFrom.path,
      posterior: { ...recorded.posterior, map: map.path },
      coupling: { ...recorded.coupling, teacher: solved.path },
      guidance: { ...recorded.guidance, weak: weak.path },
    },
    asked: {
      ...asked,
      ...(asked.teacher !== undefined && { teacher: teacher.asked }),
      ...(asked.initFrom !== undefined && { initFrom: initFrom.asked }),
      ...(asked.coupling?.teacher !== undefined && {
        coupling: { ...asked.coupling, teacher: solved.asked },
      }),
      ...(asked.posterior?.map !== undefined && { posterior: { ...asked.posterior, map: map.asked } }),
      ...(asked.guidance?.weak !== undefined && { guidance: { ...asked.guidance, weak: weak.asked } }),
    },
    notes,
  }
}

/** Where a file or folder is that was moved together with a run; nothing where it is not found. */
const movedPath = (path: string, directory: string): string | undefined =>
  moves(path, directory)
    .map(move => move(resolve(path)))
    .find(moved => existsSync(moved))
