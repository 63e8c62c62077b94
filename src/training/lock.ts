import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { RunError } from './run.ts'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Makes the lock file, unless a living process holds it. */
function take(path: string): number | undefined {
  try {
    const handle = openSync(path, 'wx')
    writeSync(handle, String(process.pid))
    closeSync(handle)
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return Number(readFileSync(path, 'utf8'))
  }
}

/**
 * Keeps a directory to one process, by a `.lock` file with its number. What a process that was killed left is taken over.
 *
 * @returns what gives the directory free
 * @throws RunError when another process is at work there
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true })
  const path = join(directory, '.lock')
  const holder = take(path)
  if (holder !== undefined) {
    if (holder !== process.pid && isAlive(holder)) {
      throw new RunError(`${directory}: in use by process ${holder}`)
    }
    rmSync(path, { force: true })
    const next = take(path)
    if (next !== undefined) throw new RunError(`${directory}: in use by process ${next}`)
  }
  return () => rmSync(path, { force: true })
}
