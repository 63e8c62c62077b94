import { readFileSync, statSync } from 'node:fs'
import { DataError } from './error.ts'

const READ_ERRORS: Record<string, string> = {
  ENOENT: 'no such file',
  EISDIR: 'is a folder, expected a file',
  EACCES: 'no permission to read it',
}

/**
 * The bytes of a file.
 *
 * @throws {DataError} naming it when it cannot be read or is no regular file
 */
export function readDataFile(path: string): Buffer {
  try {
    const stats = statSync(path)
    // A pipe would wait for its writer, and cannot be read a second time.
    if (!stats.isFile() && !stats.isDirectory()) throw new DataError(`${path}: is no regular file`)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof DataError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new DataError(`${path}: ${READ_ERRORS[code ?? ''] ?? message}`)
  }
}
