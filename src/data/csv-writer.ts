/** The fewest digits that give the same float32 again. */
const shortest = (value: number): string => String(Number(value.toPrecision(9)))

/** Rows whose text is made at once. */
const BLOCK = 4096

/**
 * Points `[n, dimension]` as a CSV file with the header `x0,x1,...`, some rows at a time: a text of many millions would be
 * longer than a string can be.
 */
export function* csvPieces(points: Float32Array, dimension: number): Generator<Uint8Array> {
  const encoder = new TextEncoder()
  yield encoder.encode(`${Array.from({ length: dimension }, (_, i) => `x${i}`).join(',')}\n`)
  const rowsPerPiece = Math.max(1, Math.floor((8 * BLOCK) / dimension))
  for (let from = 0; from < points.length; from += rowsPerPiece * dimension) {
    const block = points.subarray(from, from + rowsPerPiece * dimension)
    let text = ''
    for (let row = 0; row < block.length; row += dimension) {
      text += `${Array.from(block.subarray(row, row + dimension), shortest).join(',')}\n`
    }
    yield encoder.encode(text)
  }
}

/** Points `[n, dimension]` as the bytes of a CSV file; for many, see `csvPieces`. */
export function encodeCsv(points: Float32Array, dimension: number): Uint8Array {
  const pieces = [...csvPieces(points, dimension)]
  const bytes = new Uint8Array(pieces.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
