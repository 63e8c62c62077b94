import { isUtf8 } from 'node:buffer'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { z } from 'zod'
import { joinArrays } from '../../model/arrays.ts'
import { DataError } from '../error.ts'
import { fileSize, INFLATE_LIMITS, mostInflated, withBytes } from '../file.ts'
import { firstBytes, hashFile } from '../hash.ts'
import { spaceKeys } from '../manifold/in-space.ts'
import { printable, show } from '../show.ts'
import { kindOf, named } from '../sniff.ts'
import type { Sink, Source } from '../source.ts'
import { withVectors } from '../vectors.ts'
import { readNpy } from './npy.ts'

export const npzSchema = z.strictObject({
  path: z.string().min(1),
  array: z.string().min(1).optional(),
  labels: z.string().min(1).optional(),
  condition: z.string().min(1).optional(),
  ...spaceKeys,
})

const MOST_ENTRIES = 10_000

/** One array of an archive, with another as its labels. */
export function npzSource({ path, array, labels, condition }: z.output<typeof npzSchema>): Source {
  return {
    file: path,
    name: basename(path),
    files: [path],
    options: { npz: { array, labels, condition } },
    async read(sink) {
      const archive = await openArchive(path)
      try {
        const classes = labels === undefined ? undefined : await readLabels(archive, labels)
        const told = condition === undefined ? undefined : await readVectors(archive, condition)
        const name = array ?? onlyArray(archive, [labels, condition])
        const { entry, file } = find(archive, name)
        const known = { size: entry.uncompressedSize, labels: classes, ...(told && { vectors: told.rows }) }
        const into = told ? withVectors(sink, told.values, told.size) : sink
        await withBytes(inflated(archive, entry, file), reader => readNpy(reader, file, into, known))
      } finally {
        archive.zip.close()
      }
      return hashFile(path)
    },
  }
}

interface Archive {
  readonly path: string
  readonly zip: ZipFile
  readonly entries: ReadonlyMap<string, Entry>
}

/** The archive's table of contents; names that lead out of it are refused by the library. */
async function openArchive(path: string): Promise<Archive> {
  fileSize(path)
  const first = firstBytes(path)
  if (kindOf(first) !== 'zip') throw new DataError(`${path}: expected an NPZ archive, found ${named(first)}`)
  const { open } = await import('yauzl')
  try {
    const zip = await promisify<string, object, ZipFile>(open)(path, { lazyEntries: true, autoClose: false })
    return { path, zip, entries: await readEntries(path, zip) }
  } catch (error) {
    throw archiveError(path, error)
  }
}

function archiveError(path: string, error: unknown): DataError {
  if (error instanceof DataError) return error
  const leadsOut = /path|character/i.test((error as Error).message)
  const reason = leadsOut ? 'a name in it leads out of the archive' : 'damaged, or cut short'
  return new DataError(`${path}: not an NPZ archive that can be read (${reason})`)
}

async function readEntries(path: string, zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  try {
    await new Promise<void>((resolve, reject) => {
      zip.on('error', reject).on('end', resolve)
      zip.on('entry', (entry: Entry) => {
        const problem = nameProblem(entry, entries)
        if (problem) reject(new DataError(`${path}: ${problem}`))
        if (entry.fileName.endsWith('.npy')) entries.set(entry.fileName.slice(0, -4), entry)
        if (entries.size > MOST_ENTRIES)
          reject(new DataError(`${path}: holds more than ${MOST_ENTRIES} arrays`))
        zip.readEntry()
      })
      zip.readEntry()
    })
    return entries
  } catch (error) {
    zip.close()
    throw error
  }
}

/** The bit that says that a name is UTF-8: PKWARE APPNOTE, section 4.4.4. */
const UTF8_NAME = 0x800

/** Why an entry's name would hide another array. */
function nameProblem(
  { fileName, fileNameRaw, generalPurposeBitFlag }: Entry,
  entries: ReadonlyMap<string, Entry>,
): string | undefined {
  const isNamed = (generalPurposeBitFlag & UTF8_NAME) === 0 || isUtf8(fileNameRaw)
  if (!isNamed) return `the name of an array (${printable(fileName)}) is not UTF-8`
  return entries.has(fileName.replace(/\.npy$/, '')) ? `two arrays are called ${show(fileName)}` : undefined
}

const listed = (names: Iterable<string>): string => show([...names].join(', '))

function onlyArray({ path, entries }: Archive, others: readonly (string | undefined)[]): string {
  const names = [...entries.keys()].filter(name => !others.includes(name))
  if (names.length === 1) return names[0]
  if (names.length === 0) throw new DataError(`${path}: holds no array`)
  throw new DataError(`${path}: holds several arrays (${listed(names)}); choose one with array`)
}

function find({ path, entries }: Archive, name: string): { entry: Entry; file: string } {
  const entry = entries.get(name)
  if (!entry) throw new DataError(`${path}: no array ${show(name)} (there are ${listed(entries.keys())})`)
  return { entry, file: `${path}: ${printable(name)}` }
}

/** The bytes of an entry, checked against its sizes and checksum. */
async function* inflated({ zip }: Archive, entry: Entry, file: string): AsyncGenerator<Buffer> {
  const { compressedSize, uncompressedSize } = entry
  if (!entry.canDecodeFileData()) throw new DataError(`${file}: is encrypted or compressed in an unknown way`)
  if (uncompressedSize > mostInflated(compressedSize)) {
    throw new DataError(
      `${file}: inflates to ${uncompressedSize} bytes, over ${INFLATE_LIMITS.ratio} times its size; not read`,
    )
  }
  let checksum = 0
  try {
    const { fileName } = await zip.readLocalFileHeaderPromise(entry)
    if (!entry.fileNameRaw.equals(fileName)) {
      const other = show(fileName.toString())
      throw new DataError(`${file}: is damaged (its name is written twice, the other is ${other})`)
    }
    const openStream = promisify<Entry, NodeJS.ReadableStream>(zip.openReadStream.bind(zip))
    for await (const chunk of await openStream(entry)) {
      checksum = crc32(chunk as Buffer, checksum)
      yield chunk as Buffer
    }
  } catch (error) {
    throw archiveError(file, error)
  }
  if (checksum !== entry.crc32) throw new DataError(`${file}: is damaged (its checksum differs)`)
}

/** An array `[n, K]`, or `[n]` of one number each, as the vectors of rows. */
async function readVectors(archive: Archive, name: string) {
  const { entry, file } = find(archive, name)
  const pieces: Float32Array[] = []
  let size = 0
  const sink: Sink = {
    begin({ dimension, shape }) {
      if (shape) throw new DataError(`${file}: expected vectors [n, K], found pictures`)
      size = dimension
    },
    push: values => void pieces.push(Float32Array.from(values)),
    problem(place, message) {
      throw new DataError(`${file}: ${place}: ${message}`)
    },
  }
  const known = { size: entry.uncompressedSize }
  await withBytes(inflated(archive, entry, file), reader => readNpy(reader, file, sink, known))
  const values = joinArrays(pieces)
  return { values, size, rows: values.length / size }
}

/** An array of one axis, or of one column, as words. */
async function readLabels(archive: Archive, name: string): Promise<string[]> {
  const { entry, file } = find(archive, name)
  const labels: string[] = []
  const sink: Sink = {
    begin({ dimension }) {
      if (dimension !== 1)
        throw new DataError(`${file}: expected labels [n], found ${dimension} numbers for each row`)
    },
    push(values) {
      for (const value of values) labels.push(String(value))
    },
    problem(place, message) {
      throw new DataError(`${file}: ${place}: ${message}`)
    },
  }
  const known = { size: entry.uncompressedSize }
  await withBytes(inflated(archive, entry, file), reader => readNpy(reader, file, sink, known))
  return labels
}
