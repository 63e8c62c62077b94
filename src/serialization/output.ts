import {
  accessSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { RunError } from './run-error.ts'

/** Where content named by a path goes. */
export interface Target {
  /** The file itself, behind all links. */
  readonly file: string
  /** Of a file that is there. */
  readonly stats?: Stats
  /** Of a pipe or a device, which is written into and never replaced: opens it. */
  readonly open?: () => number
}

/** Milliseconds that a named pipe has until somebody reads from it. */
const PATIENCE = 10_000
const PAUSE = 50
const MOST_LINKS = 40
const STANDARD_OUTPUT = 1

/** Waits, the process and all. */
export const sleep = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

/**
 * Finds what a path leads to.
 *
 * @throws RunError when it is a block device, a socket, a link to itself or one into a folder that is not there
 */
export function findTarget(path: string): Target {
  const stats = statOf(path)
  if (!stats) {
    const file = behindLinks(path)
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()
    // Whoever made the link meant a folder that was there.
    if (isLink && !existsSync(dirname(file)))
      throw new RunError(
        `${path}: is a link to ${readlinkSync(path)}, and there is no folder ${dirname(file)}`,
      )
    return { file }
  }
  if (isOutput(stats)) return { file: path, stats, open: () => STANDARD_OUTPUT }
  if (stats.isFIFO()) return { file: path, stats, open: () => openPipe(path) }
  if (stats.isCharacterDevice()) return { file: path, stats, open: () => openSync(path, 'w') }
  if (stats.isBlockDevice()) throw new RunError(`${path}: is a disk, expected the name of a file`)
  if (stats.isSocket()) throw new RunError(`${path}: is a socket, expected the name of a file`)
  // A file that must not be written is not replaced either. For a folder the renaming says what is wrong.
  if (stats.isFile()) accessSync(path, constants.W_OK)
  return { file: realpathSync(path), stats: stats.isFile() ? stats : undefined }
}

/** Whether a path leads to what standard output is, as `/dev/stdout` does; then nothing else may be printed there. */
export const isStandardOutput = (path: string): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && isOutput(stats)
}

function isOutput({ dev, ino }: Stats): boolean {
  try {
    const own = fstatSync(STANDARD_OUTPUT)
    return own.dev === dev && own.ino === ino
  } catch {
    return false
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw new RunError(`${path}: is a link to itself`)
    throw error
  }
}

/** Where a file will be that is not there yet, perhaps at the end of a link that leads nowhere. */
function behindLinks(path: string, links = 0): string {
  const folder = dirname(resolve(path))
  const here = existsSync(folder) ? join(realpathSync(folder), basename(path)) : resolve(path)
  let to: string
  try {
    to = readlinkSync(here)
  } catch {
    return here
  }
  if (links === MOST_LINKS) throw new RunError(`${path}: is a link to itself`)
  return behindLinks(resolve(dirname(here), to), links + 1)
}

/** Opens a named pipe for writing, which waits for its reader, but not for ever. */
function openPipe(path: string): number {
  const end = performance.now() + PATIENCE
  for (;;) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      if (performance.now() > end) throw new RunError(`${path}: is a pipe that nobody reads from`)
    }
    sleep(PAUSE)
  }
}

/** Whether an error says no more than that something may not be written here. */
export const isReadOnly = (error: unknown): boolean =>
  ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')
