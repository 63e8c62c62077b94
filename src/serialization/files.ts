import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { makeFolder, makeLastingFolder, syncFolder } from './folders.ts'
import { findTarget, sleep } from './output.ts'
import { ownMark, stateOfMark } from './owner.ts'

/** Unfinished files lie here, in the run directory, so that every other file is always whole. */
const PENDING = '.pending'

/** Milliseconds after which an unfinished file of a process that cannot be asked for is taken for waste. */
const FORGOTTEN = 10 * 60_000

/** Of a file: a text, bytes, or bytes in pieces that are made one after another. */
export type Content = string | Uint8Array | Iterable<Uint8Array>

function piecesOf(content: Content): Iterable<Uint8Array> {
  if (typeof content === 'string') return [Buffer.from(content)]
  return content instanceof Uint8Array ? [content] : content
}

/**
 * Writes a file so that a reader, or a process killed at any moment, sees the old content or the new and nothing
 * between: into a pending file first, then to disk, then renamed. Links are followed, and a file that is there keeps its
 * mode. Into a pipe or a device the content is written as it is. What killed commands left unfinished is removed.
 *
 * @param root  a directory on the same disk; the pending file lies in its `.pending` folder
 * @throws an error of the file system, which names `path`
 */
export function writeFileAtomic(root: string, path: string, content: Content): void {
  const pieces = piecesOf(content)
  withPath(path, () => {
    const { file, stats, open } = findTarget(path)
    if (open) return writeOpen(open(), pieces)
    makeLastingFolder(dirname(file))
    replace(sameDisk(root, file) ? root : dirname(file), file, pieces, stats)
  })
}

/** Names of files that are there only while another is written. */
const INTERNAL = /(^|[\\/])\.(pending([\\/]|$)|lock-[^\\/]*$)/

/** Lets errors of the file system name a file that the user knows: they may name none, or one of our own. */
export function withPath<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const { code, path: named } = error as NodeJS.ErrnoException
    const isKnown = named !== undefined && !INTERNAL.test(named)
    throw code === undefined || isKnown ? error : Object.assign(error as Error, { path })
  }
}

function sameDisk(root: string, file: string): boolean {
  return statSync(root, { throwIfNoEntry: false })?.dev === statSync(dirname(file)).dev
}

/** Writes all of the bytes, which the system may take in parts. */
export function writeAll(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
}

function writeOpen(handle: number, pieces: Iterable<Uint8Array>): void {
  try {
    for (const bytes of pieces) {
      for (let done = 0; done < bytes.length; ) done += writeSome(handle, bytes, done)
    }
  } finally {
    // Standard output is used again.
    if (handle > 2) closeSync(handle)
  }
}

/** @returns bytes written; none where a pipe is full, after a while */
function writeSome(handle: number, bytes: Uint8Array, from: number): number {
  try {
    return writeSync(handle, bytes, from)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    sleep(5)
    return 0
  }
}

function replace(root: string, file: string, pieces: Iterable<Uint8Array>, before?: Stats): void {
  clearPending(root)
  const pending = join(root, PENDING, ownMark())
  try {
    const handle = openPending(pending, before ? 0o600 : 0o666)
    try {
      if (before) keepRights(handle, before)
      for (const bytes of pieces) writeAll(handle, bytes)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(pending, file)
    syncFolder(dirname(file))
  } catch (error) {
    rmSync(pending, { force: true })
    throw error
  } finally {
    removeIfEmpty(dirname(pending))
  }
}

/** Gives the new content the mode of the old, and where that is allowed its owner. */
function keepRights(handle: number, { mode, uid, gid }: Stats): void {
  try {
    fchownSync(handle, uid, gid)
  } catch {
    // Files of others may be replaced in a folder of one's own, but not made.
  }
  fchmodSync(handle, mode & 0o777)
}

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** Opens a pending file, also where another process removes the empty folder at this moment. */
function openPending(pending: string, mode: number): number {
  for (let attempt = 1; ; attempt++) {
    makeFolder(dirname(pending))
    try {
      return openSync(pending, NEW, mode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 5) throw error
    }
  }
}

/** Another process may be writing there too; then the folder stays. */
function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EEXIST') throw error
  }
}

/** The mark of a pending file's name; version 0.1.0 put the file's own name before it. */
const markOf = (name: string): string => /[^.]*$/.exec(name)![0]

/** Removes what killed processes left unfinished, and nothing of those that run. */
export function clearPending(root: string): void {
  const folder = join(root, PENDING)
  clearMarked(folder, markOf)
  removeIfEmpty(folder)
}

/**
 * Removes the entries of a folder whose processes are gone; those of which that cannot be known when they are old.
 *
 * @param markOf  the mark in an entry's name; nothing for entries of another kind
 */
export function clearMarked(folder: string, markOf: (name: string) => string | undefined): void {
  for (const name of namesIn(folder)) {
    const mark = markOf(name)
    if (mark === undefined) continue
    const state = stateOfMark(mark)
    const path = join(folder, name)
    if (state === 'gone' || (state === 'unknown' && age(path) > FORGOTTEN)) {
      rmSync(path, { recursive: true, force: true })
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const age = (path: string): number =>
  Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
