import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Unfinished files lie here, in the run directory, so that every other file is always whole. */
const PENDING = '.pending'

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Of a file: a text, bytes, or bytes in pieces that are made one after another. */
export type Content = string | Uint8Array | Iterable<Uint8Array>

function piecesOf(content: Content): Iterable<Uint8Array> {
  if (typeof content === 'string') return [Buffer.from(content)]
  return content instanceof Uint8Array ? [content] : content
}

/**
 * Writes a file so that a reader, or a process killed at any moment, sees the old content or the new and nothing
 * between: into a pending file first, then to disk, then renamed.
 *
 * @param root  a directory on the same disk; the pending file lies in its `.pending` folder
 */
export function writeFileAtomic(root: string, path: string, content: Content): void {
  const pending = join(root, PENDING, `${basename(path)}.${process.pid}`)
  mkdirSync(dirname(path), { recursive: true })
  try {
    const handle = openPending(pending)
    try {
      for (const bytes of piecesOf(content)) {
        for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
      }
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(pending, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(pending, { force: true })
    throw named(error, path)
  } finally {
    removeIfEmpty(dirname(pending))
  }
}

/** The user knows the file by its own name, not by the pending one's. */
const named = (error: unknown, path: string): unknown => Object.assign(error as Error, { path })

/** Opens a pending file, also where another process removes the empty folder at this moment. */
function openPending(pending: string): number {
  for (let attempt = 1; ; attempt++) {
    mkdirSync(dirname(pending), { recursive: true })
    try {
      return openSync(pending, 'w')
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

/** Removes what a killed process left unfinished. */
export function clearPending(root: string): void {
  rmSync(join(root, PENDING), { recursive: true, force: true })
}
