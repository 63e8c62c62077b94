import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { DataError } from '../error.ts'
import { type ByteReader, fileSize, openContent, statPath, withBytes } from '../file.ts'
import { joinHashes } from '../hash.ts'
import type { Sink, Source } from '../source.ts'
import { decodeText } from '../utf8.ts'

export const cifarSchema = z.strictObject({
  path: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: 'expected the path of a file or folder, or a list of files',
  }),
})

const [SIDE, CHANNELS, CLASSES] = [32, 3, 10]
const PLANE = SIDE * SIDE
/** A label, then the red, the green and the blue plane. https://www.cs.toronto.edu/~kriz/cifar.html */
const RECORD = 1 + CHANNELS * PLANE
const BATCH = 256

/** The training batches of a folder; where it has none, all of its binary files. */
function filesOf(path: string | readonly string[]): readonly string[] {
  if (typeof path !== 'string') return path
  if (!statPath(path).isDirectory()) return [path]
  const binary = readdirSync(path)
    .filter(name => name.endsWith('.bin'))
    .sort()
  const training = binary.filter(name => name.startsWith('data_batch'))
  const names = training.length > 0 ? training : binary
  if (names.length === 0) throw new DataError(`${path}: holds no .bin file`)
  return names.map(name => join(path, name))
}

/** Whether a folder holds batches in this format. */
export const isCifarFolder = (path: string): boolean =>
  readdirSync(path).some(name => /^data_batch.*\.bin$/.test(name))

/** CIFAR-10 in its binary version: one file, several, or their folder. */
export function cifarSource({ path }: z.output<typeof cifarSchema>): Source {
  const files = filesOf(path)
  const file = typeof path === 'string' ? path : files.join(', ')
  const classes = classNames(dirname(files[0]))
  return {
    file,
    name: basename(typeof path === 'string' ? path : dirname(files[0])),
    files,
    options: { cifar: { classes } },
    async read(sink) {
      sink.begin({
        dimension: CHANNELS * PLANE,
        shape: [SIDE, SIDE, CHANNELS],
        bytes: true,
        labelled: true,
        classes,
      })
      const hashes: { name: string; sha256: string }[] = []
      for (const batch of files) {
        const sha256 = await readBatch(batch, classes, sink)
        hashes.push({ name: basename(batch), sha256 })
      }
      return joinHashes(hashes)
    },
  }
}

/** The names that come with the batches, otherwise the numbers. */
function classNames(folder: string): readonly string[] {
  const numbers = Array.from({ length: CLASSES }, (_, i) => String(i))
  const path = join(folder, 'batches.meta.txt')
  let bytes: Buffer
  try {
    if (fileSize(path) > 4096) return numbers
    bytes = readFileSync(path)
  } catch {
    return numbers
  }
  const names = decodeText(bytes, path)
    .split(/\r?\n/)
    .filter(name => name.trim() !== '')
  return new Set(names).size === CLASSES ? names : numbers
}

async function readBatch(path: string, classes: readonly string[], sink: Sink): Promise<string> {
  const content = openContent(path)
  await withBytes(content.bytes, reader => readRecords(reader, path, classes, sink))
  return content.sha256()
}

async function readRecords(
  reader: ByteReader,
  path: string,
  classes: readonly string[],
  sink: Sink,
): Promise<void> {
  const pixels = new Uint8Array(BATCH * CHANNELS * PLANE)
  for (let done = 0; ; done += BATCH) {
    const records = await reader.take(BATCH * RECORD)
    const count = records.length / RECORD
    if (count === 0 && done > 0) break
    if (!Number.isInteger(count) || count === 0) {
      throw new DataError(
        `${path}: expected CIFAR-10 records of ${RECORD} bytes, found ${done * RECORD + records.length} bytes in all`,
      )
    }
    const labels = Array.from({ length: count }, (_, i) => {
      const label = records[i * RECORD]
      if (label >= CLASSES) {
        throw new DataError(`${path}: record ${done + i + 1}: expected a label from 0 to 9, found ${label}`)
      }
      return classes[label]
    })
    for (let i = 0; i < count; i++) interleave(records, i * RECORD + 1, pixels, i * CHANNELS * PLANE)
    sink.push(pixels.subarray(0, count * CHANNELS * PLANE), labels)
    if (count < BATCH) break
  }
}

/** Three planes to one picture, channels last. */
function interleave(from: Buffer, start: number, to: Uint8Array, at: number): void {
  for (let channel = 0; channel < CHANNELS; channel++) {
    for (let i = 0; i < PLANE; i++) to[at + i * CHANNELS + channel] = from[start + channel * PLANE + i]
  }
}
