import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmdirSync } from 'node:fs'
import { dirname, normalize } from 'node:path'

/**
 * Makes a folder and those above it. One after another: made at once, a folder on a read-only disk is said not to exist.
 *
 * @returns the folders that were made, the outermost first, to be given to `removeEmptyFolders`
 */
export function makeFolder(path: string): string[] {
  const missing: string[] = []
  for (let at = normalize(path); !existsSync(at) && at !== dirname(at); at = dirname(at)) missing.unshift(at)
  const made: string[] = []
  try {
    for (const folder of missing) if (makeOne(folder)) made.push(folder)
    // Where it was there already, it must be a folder.
    if (missing.length === 0) mkdirSync(path, { recursive: true })
  } catch (error) {
    removeEmptyFolders(made)
    throw error
  }
  return made
}

/** @returns false where another process was first */
function makeOne(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    // A link that leads nowhere is there too, but no folder.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(folder)) return false
    throw error
  }
}

/** Brings what was written to a file to the disk, where it is there. */
export function syncFile(path: string): void {
  if (!existsSync(path)) return
  const handle = openSync(path, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Removes folders as far as they are empty, the innermost first. */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) {
    try {
      rmdirSync(folder)
    } catch {
      return
    }
  }
}

/** Makes a folder as `makeFolder` does, so that what lies in it is not lost with it in a power cut. */
export function makeLastingFolder(path: string): string[] {
  const made = makeFolder(path)
  for (const folder of made) syncFolder(dirname(folder))
  return made
}

/** Brings the names in a folder to the disk, where the system and the folder's mode allow it. */
export function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r')
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch {
    // The file itself is on the disk.
  }
}
