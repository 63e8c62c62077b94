import { generatedNames } from './column-order.ts'

/** The fewest digits that give the same float32 again. */
const shortest = (value: number): string => String(Number(value.toPrecision(9)))

/** A name as a cell: in quotes where it could be taken for something else. */
const quoted = (name: string): string =>
  name === '' || name !== name.trim() || /[",;\t\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name

/** Rows whose text is made at once. */
const BLOCK = 4096

/** A column of words behind the coordinates. */
export interface WordColumn {
  readonly name: string
  of(row: number): string
}

/**
 * Points `[n, dimension]` as a CSV file, some rows at a time: a text of many millions would be longer than a string can be.
 *
 * @param columns  names of the coordinates; by default `x0`, `x1`, ...
 * @param words  last columns
 */
export function* csvPieces(
  points: Float32Array,
  dimension: number,
  columns: readonly string[] = generatedNames(dimension),
  words: readonly WordColumn[] = [],
): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  yield encoder.encode(`${[...columns, ...words.map(({ name }) => name)].map(quoted).join(',')}\n`)
  const rowsPerPiece = Math.max(1, Math.floor((8 * BLOCK) / dimension))
  for (let from = 0; from < points.length; from += rowsPerPiece * dimension) {
    const block = points.subarray(from, from + rowsPerPiece * dimension)
    let text = ''
    for (let at = 0; at < block.length; at += dimension) {
      const last = words.map(({ of }) => `,${quoted(of((from + at) / dimension))}`).join('')
      text += `${Array.from(block.subarray(at, at + dimension), shortest).join(',')}${last}\n`
    }
    yield encoder.encode(text)
  }
}

/** Points `[n, dimension]` as the bytes of a CSV file; for many, see `csvPieces`. */
export function encodeCsv(points: Float32Array, dimension: number, columns?: readonly string[]): Uint8Array {
  const pieces = [...csvPieces(points, dimension, columns)]
  const bytes = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
