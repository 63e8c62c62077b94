/** Sequences of symbols of one length, one after another. */
export interface TokenRows {
  readonly tokens: Uint16Array
  readonly length: number
}

/** @throws {RangeError} when there are none, or the last is not whole */
export function countRows({ tokens, length }: TokenRows): number {
  const count = tokens.length / length
  if (Number.isInteger(count) && count > 0) return count
  throw new RangeError(`expected sequences of ${length} symbols, found ${tokens.length} symbols`)
}

export function* eachRow({ tokens, length }: TokenRows): Generator<Uint16Array> {
  for (let at = 0; at < tokens.length; at += length) yield tokens.subarray(at, at + length)
}

/** A number for each row, `[N]`. */
export function ofRows(rows: TokenRows, value: (row: Uint16Array) => number): Float64Array {
  const found = new Float64Array(countRows(rows))
  let i = 0
  for (const row of eachRow(rows)) found[i++] = value(row)
  return found
}

/** Equal of equal sequences alone. */
export function keyOf(row: ArrayLike<number>): string {
  let key = ''
  for (let l = 0; l < row.length; l++) key += String.fromCharCode(row[l])
  return key
}

/** How often each sequence is there, by its key. */
export function countKeys(rows: TokenRows): Map<string, number> {
  const counts = new Map<string, number>()
  for (const row of eachRow(rows)) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1)
  return counts
}
