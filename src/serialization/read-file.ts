import { constants } from 'node:buffer'
import { readFileSync, statSync } from 'node:fs'
import { RunError } from './run-error.ts'

/** Bytes that Node reads of a file at once. */
const LARGEST = 2 ** 31 - 1

/** Bytes of a file whose content becomes one string. */
export const LARGEST_TEXT = constants.MAX_STRING_LENGTH

/**
 * Reads a whole file.
 *
 * @param largest  bytes
 * @throws RunError when it is larger, or no file: a pipe would wait for its writer, and a device may have no end
 */
export function readBytes(path: string, largest = LARGEST): Buffer {
  const stats = statSync(path)
  if (stats.isDirectory()) throw new RunError(`${path}: is a directory, expected a file`)
  if (!stats.isFile()) throw new RunError(`${path}: is a pipe or a device, expected a file`)
  if (stats.size > largest) {
    throw new RunError(`${path}: is too large: ${stats.size} bytes, expected at most ${largest}`)
  }
  return readFileSync(path)
}

/** Reads a whole file as text; see `readBytes`. */
export const readText = (path: string): string => readBytes(path, LARGEST_TEXT).toString()
