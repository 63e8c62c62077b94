import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Dataset } from './dataset.ts'
import { readDataFile } from './file.ts'
import { columnRanges } from './generated.ts'
import { readTable, type Table } from './table.ts'

/** Points of a file, drawn with replacement. */
export interface CsvDataset extends Dataset {
  /** All points `[rows, D]`, row after row. */
  readonly points: Float64Array
  /** The header, where the file has one. */
  readonly columns?: readonly string[]
  readonly warnings: readonly string[]
}

/**
 * The dataset of a file of numbers: one point a line, columns separated by commas, tabs or semicolons (detected),
 * with or without a header (detected: a first line without any number). Blank lines are skipped.
 *
 * @param path  the file; the dataset is named after it and fingerprinted by its content
 * @throws {DataError} naming the file and, where there is one, the line (from 1) and the column, when the file cannot
 *   be read, is empty, has under 2 rows, rows of different lengths, or a cell that is not a number a 32-bit float holds
 */
export function csvDataset(path: string): CsvDataset {
  const content = readDataFile(path)
  const { columns, dimension, points } = readTable(content, path)
  const rows = points.length / dimension
  const ranges = columnRanges(points, dimension)
  return {
    name: basename(path),
    dimension,
    points,
    ...(columns && { columns }),
    warnings: [
      ...constantColumns(path, ranges, columns),
      ...rowNumbers(path, points, dimension),
      ...unusualScale(path, ranges),
    ],
    fingerprint: { sha256: createHash('sha256').update(content).digest('hex'), rows, ...ranges },
    sample: (random, out) => {
      for (let at = 0; at < out.length; at += dimension) {
        const from = random.integer(rows) * dimension
        for (let i = 0; i < dimension; i++) out[at + i] = points[from + i]
      }
    },
  }
}

function constantColumns(
  path: string,
  { minimum, maximum }: ReturnType<typeof columnRanges>,
  columns: Table['columns'],
): string[] {
  return minimum.flatMap((low, i) =>
    low === maximum[i]
      ? [`${path}: column ${i + 1}${columns ? ` ("${columns[i]}")` : ''} is constant (${low})`]
      : [],
  )
}

/** Noise has unit scale, and a network learns best where data has too; values are taken as they are. */
function unusualScale(path: string, { minimum, maximum }: ReturnType<typeof columnRanges>): string[] {
  const [low, high] = [Math.min(...minimum), Math.max(...maximum)]
  const largest = Math.max(-low, high)
  const usual = largest <= 30 && high - low >= 0.1
  return usual || low === high
    ? []
    : [`${path}: values lie between ${low} and ${high}; rescale them to about -3 to 3, or training may fail`]
}

/** Spreadsheet and data-frame tools often write the row's number as a first column, which is no coordinate. */
function rowNumbers(path: string, points: Float64Array, dimension: number): string[] {
  const first = points[0]
  if (dimension < 2 || points.length < 5 * dimension || (first !== 0 && first !== 1)) return []
  for (let row = 1; row * dimension < points.length; row++) {
    if (points[row * dimension] !== first + row) return []
  }
  return [`${path}: column 1 counts the rows from ${first}; remove it unless it is a coordinate`]
}
