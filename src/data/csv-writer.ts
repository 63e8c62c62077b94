import { generatedNames } from './column-order.ts'

/** The fewest digits that give the same float32 again. */
const shortest = (value: number): string => String(Number(value.toPrecision(9)))

/** A name as a cell: in quotes where it could be taken for something else. */
const quoted = (name: string): string =>
  name === '' || name !== name.trim() || /[",;\t\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name

/**
 * Points `[n, dimension]` as a CSV file.
 *
 * @param columns  names of the coordinates; by default `x0`, `x1`, ...
 */
export function encodeCsv(
  points: Float32Array,
  dimension: number,
  columns: readonly string[] = generatedNames(dimension),
): Uint8Array {
  const header = columns.map(quoted).join(',')
  const rows = Array.from({ length: points.length / dimension }, (_, i) =>
    Array.from(points.subarray(i * dimension, (i + 1) * dimension), shortest).join(','),
  )
  return new TextEncoder().encode(`${[header, ...rows].join('\n')}\n`)
}
