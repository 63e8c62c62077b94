import type { RowVector, Statistics, Values } from './dataset.ts'
import type { Sink } from './source.ts'

/** Rows `[n, D + K]` of points `[n, D]` with the vector `[n, K]` of each behind it. */
export function joinVectors(
  points: ArrayLike<number>,
  dimension: number,
  vectors: ArrayLike<number>,
  size: number,
): Float64Array {
  const width = dimension + size
  return Float64Array.from({ length: (points.length / dimension) * width }, (_, k) => {
    const [row, i] = [Math.floor(k / width), k % width]
    return i < dimension ? points[row * dimension + i] : vectors[row * size + i - dimension]
  })
}

/**
 * A sink of points that hands rows with their vectors to another.
 *
 * @param vectors  of all rows in their order, `[n, size]`
 */
export function withVectors(sink: Sink, vectors: Float32Array, size: number): Sink {
  let dimension = 0
  let row = 0
  return {
    begin(head) {
      dimension = head.dimension
      // The rows are not those of a file, nor bytes, any more.
      sink.begin({ ...head, dimension: dimension + size, vector: size, bytes: false, direct: undefined })
    },
    push(values, labels, number) {
      const count = values.length / dimension
      const own = vectors.subarray(row * size, (row += count) * size)
      sink.push(Float32Array.from(joinVectors(values, dimension, own, size)), labels, number)
    },
    problem: sink.problem,
  }
}

/** What is known of the vectors that are the last `size` numbers of rows. */
export function rowVector(
  size: number,
  columns: readonly string[] | undefined,
  { mean, deviation }: Statistics,
  { minimum, maximum }: Pick<RowVector, 'minimum' | 'maximum'>,
): RowVector {
  const last = <T>(values: readonly T[]): readonly T[] => values.slice(-size)
  return {
    size,
    ...(columns && { columns: last(columns) }),
    minimum: last(minimum),
    maximum: last(maximum),
    standardization: { shift: last(mean), scale: last(deviation) },
  }
}

/** Divides a row that was read into its point and its vector. */
export function divideRow(
  row: Float32Array,
  dimension: number,
  out: Values,
  at: number,
  vectors: Values | undefined,
  vectorAt: number,
): void {
  for (let i = 0; i < dimension; i++) out[at + i] = row[i]
  for (let i = dimension; vectors && i < row.length; i++) vectors[vectorAt + i - dimension] = row[i]
}
