/** The fewest digits that give the same float32 again. */
const shortest = (value: number): string => String(Number(value.toPrecision(9)))

/** Points `[n, dimension]` as a CSV file with the header `x0,x1,...`. */
export function encodeCsv(points: Float32Array, dimension: number): Uint8Array {
  const header = Array.from({ length: dimension }, (_, i) => `x${i}`).join(',')
  const rows = Array.from({ length: points.length / dimension }, (_, i) =>
    Array.from(points.subarray(i * dimension, (i + 1) * dimension), shortest).join(','),
  )
  return new TextEncoder().encode(`${[header, ...rows].join('\n')}\n`)
}
