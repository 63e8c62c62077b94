import { existsSync } from 'node:fs'
import type { z } from 'zod'
import { DataError } from './error.ts'
import { statPath } from './file.ts'
import { inSpace, type SpaceKeys } from './manifold/in-space.ts'
import { cifarSchema, cifarSource, isCifarFolder } from './readers/cifar.ts'
import { idxSchema, idxSource } from './readers/idx.ts'
import { imagesSchema, imagesSource } from './readers/images.ts'
import { jsonlSchema, jsonlSource } from './readers/jsonl.ts'
import { npySchema, npySource } from './readers/npy.ts'
import { npzSchema, npzSource } from './readers/npz.ts'
import { parquetSchema, parquetSource } from './readers/parquet.ts'
import { textSchema, textSource } from './readers/text.ts'
import type { Source } from './source.ts'
import { RULES, type Rules } from './split-rule.ts'
import { textFileSchema } from './text/read-text.ts'
import { isProse } from './text/table-or-text.ts'
import { textFileSource } from './text/text-file.ts'
import { validate } from './validate.ts'

/** A format of files. */
interface Format<S extends z.ZodType> {
  readonly schema: S
  readonly source: (options: z.output<S>, rules: Rules) => Source | Promise<Source>
  /** Names of files in this format, without `.gz`. */
  readonly names: RegExp
}

const format = <S extends z.ZodType>(format: Format<S>): Format<S> => format

const formats = {
  csv: format({ schema: textSchema, source: textSource, names: /\.(csv|tsv|txt)$/i }),
  npy: format({ schema: npySchema, source: npySource, names: /\.npy$/i }),
  npz: format({ schema: npzSchema, source: npzSource, names: /\.npz$/i }),
  parquet: format({ schema: parquetSchema, source: parquetSource, names: /\.(parquet|pq)$/i }),
  jsonl: format({ schema: jsonlSchema, source: jsonlSource, names: /\.(jsonl|ndjson)$/i }),
  idx: format({ schema: idxSchema, source: idxSource, names: /(\.idx|[.-]idx\d-ubyte)$/i }),
  cifar: format({ schema: cifarSchema, source: cifarSource, names: /\.bin$/i }),
  text: format({ schema: textFileSchema, source: textFileSource, names: /(?!)/ }),
  images: format({ schema: imagesSchema, source: imagesSource, names: /(?!)/ }),
}

type Formats = typeof formats

/** A block of a config for each format of files, e.g. `{csv: {path}}`. */
export type FileBlock = {
  [K in keyof Formats]: { readonly [key in K]: z.input<Formats[K]['schema']> }
}[keyof Formats]

const table: Readonly<Record<string, Format<z.ZodType>>> = formats as never

/** Keys of blocks that are read from files. */
export const formatNames = Object.keys(formats)

/** Keys of a block. */
export const formatKeys = (name: string): string[] => Object.keys((table[name].schema as z.ZodObject).shape)

const KNOWN =
  'a folder of pictures, or a file whose name ends in .csv, .tsv, .txt, .npy, .npz, .parquet, .jsonl, -idx3-ubyte or .bin'

/** Names of files that may be tables or text. */
const EITHER = /\.txt(\.gz)?$/i

const formatOf = (path: string): string | undefined =>
  formatNames.find(name => table[name].names.test(path.replace(/\.gz$/i, '')))

/**
 * Whether a name is the path of a file or folder: by its ending, a separator in it, or because it is there.
 *
 * @param at  where it would be
 */
export const looksLikePath = (name: string, at = name): boolean =>
  formatOf(name) !== undefined || /[/\\]/.test(name) || (name !== '' && existsSync(at))

/**
 * The source that a block describes.
 *
 * @throws {DataError} on a malformed block, naming the key
 */
export async function blockSource(kind: string, block: unknown, rules: Rules = RULES): Promise<Source> {
  const { schema, source } = table[kind]
  const options = validate(schema, block, kind)
  const found = await source(options, rules)
  // A text has symbols of another unit.
  return formatKeys(kind).includes('space') ? inSpace(found, options as SpaceKeys) : found
}

/**
 * The format that a path is read in; `undefined` for a file whose name does not tell. Of a `.txt` file, which may be a table or text,
 * the first lines tell.
 *
 * @param asked  the format whose keys were given, which a `.txt` file is then read in
 * @throws {DataError} when it is not there
 */
export function pathFormat(path: string, asked?: string): string | undefined {
  if (EITHER.test(path)) return asked === 'csv' || asked === 'text' ? asked : isProse(path) ? 'text' : 'csv'
  const known = formatOf(path)
  const isFolder = known === undefined && statPath(path).isDirectory()
  return isFolder ? (isCifarFolder(path) ? 'cifar' : 'images') : known
}

/**
 * The source at a path.
 *
 * @throws {DataError} when its ending is that of no format
 */
export async function pathSource(path: string, rules?: Rules): Promise<Source> {
  const kind = pathFormat(path)
  if (kind === undefined) throw new DataError(`${path}: expected ${KNOWN}; or name its format in a block`)
  return blockSource(kind, { path }, rules)
}

/** A block with other paths. */
export function blockWithPaths(kind: string, block: unknown, change: (path: string) => string): unknown {
  const changed: Record<string, unknown> = { ...(block as object) }
  for (const key of ['path', 'labels']) {
    const value = changed[key]
    if (key === 'labels' && kind !== 'idx') continue
    if (typeof value === 'string') changed[key] = change(value)
    if (Array.isArray(value))
      changed[key] = value.map(path => (typeof path === 'string' ? change(path) : path))
  }
  return changed
}
