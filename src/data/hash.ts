import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { fileError, fileSize } from './file.ts'

/** The SHA-256 of one file, or of the lines that `sha256sum` prints for several. */
export function joinHashes(files: readonly { readonly name: string; readonly sha256: string }[]): string {
  if (files.length === 1) return files[0].sha256
  const hash = createHash('sha256')
  for (const { name, sha256 } of files) hash.update(`${sha256}  ${name}\n`)
  return hash.digest('hex')
}

/** The SHA-256 of a file that is read elsewhere. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  } catch (error) {
    throw fileError(path, error)
  }
  return hash.digest('hex')
}

/** Enough of a file to tell what it is. */
export function firstBytes(path: string): Buffer {
  fileSize(path)
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    throw fileError(path, error)
  }
  try {
    const bytes = Buffer.alloc(4096)
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0))
  } finally {
    closeSync(file)
  }
}
