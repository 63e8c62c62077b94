import { readFileSync } from 'node:fs'

/** Reads a file whose name is in the error where that fails, which it is not where it is a directory. */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw Object.assign(error as Error, { path })
  }
}
