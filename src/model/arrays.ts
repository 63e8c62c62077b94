/** Points `[n, D]`, row after row. */
export type Points = Float32Array | Float64Array

/** The arrays one after another, as one of float32, or as an array of the `List` that is named. */
export function joinArrays(parts: readonly Points[]): Float32Array
export function joinArrays<A extends Points>(parts: readonly Points[], List: new (length: number) => A): A
export function joinArrays(
  parts: readonly Points[],
  List: new (length: number) => Points = Float32Array,
): Points {
  const joined = new List(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
