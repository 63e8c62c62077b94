import { type DatasetSpec, openFiles } from './catalogue.ts'
import { DataError } from './error.ts'
import { collectProblems } from './problems.ts'
import { show } from './show.ts'
import type { Head, Sink } from './source.ts'
import { memoryRows } from './store.ts'

/** Points of a file, as they stand there. */
export interface FilePoints {
  readonly dimension: number
  /** Names of the coordinates, where the file has them. */
  readonly columns?: readonly string[]
  /** `[n, dimension]`, row after row, at least one. */
  readonly points: Float32Array
}

/** More would not fit into memory beside the work that is done with them. */
const MOST_BYTES = 2 ** 30

/**
 * Reads all points of a file in its order, of one row or more, in any format that `openDataset` reads.
 *
 * @param spec  a path, or a block of a config
 *
 * @throws {DataError} naming the file and, where there is one, the row and the column
 */
export async function readPoints(spec: DatasetSpec): Promise<FilePoints> {
  const source = await openFiles(spec)
  if (!source) throw new DataError(`${typeof spec === 'string' ? spec : show(spec)}: no such file`)
  const { file: path } = source
  const problems = collectProblems(path)
  let head: Head | undefined
  let rows: ReturnType<typeof memoryRows> | undefined
  const sink: Sink = {
    begin(found) {
      head = found
      rows = memoryRows(found.dimension, found.bytes ?? false)
    },
    push(values) {
      rows!.push(values)
      if (rows!.rows * head!.dimension * 4 > MOST_BYTES) {
        throw new DataError(`${path}: expected at most ${MOST_BYTES / 2 ** 20} MiB of points`)
      }
    },
    problem: problems.add,
  }
  await source.read(sink)
  problems.raise()
  if (!head || !rows || rows.rows === 0)
    throw new DataError(`${path}: expected at least 1 row of numbers, found 0`)
  const points = new Float32Array(rows.rows * head.dimension)
  let at = 0
  for (const piece of rows.pieces) {
    points.set(piece, at)
    at += piece.length
  }
  const { dimension, columns } = head
  return { dimension, points, ...(columns && { columns }) }
}
