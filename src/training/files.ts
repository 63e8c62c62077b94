import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
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

/**
 * Writes a file so that a reader, or a process killed at any moment, sees the old content or the new and nothing
 * between: into a pending file first, then to disk, then renamed.
 *
 * @param root  a directory on the same disk; the pending file lies in its `.pending` folder
 */
export function writeFileAtomic(root: string, path: string, content: string | Uint8Array): void {
  const pending = join(root, PENDING, `${basename(path)}.${process.pid}`)
  mkdirSync(dirname(pending), { recursive: true })
  mkdirSync(dirname(path), { recursive: true })
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const handle = openSync(pending, 'w')
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(pending, path)
  syncDirectory(dirname(path))
}

/** Removes what a killed process left unfinished. */
export function clearPending(root: string): void {
  rmSync(join(root, PENDING), { recursive: true, force: true })
}
