/** Points `[n, D]`, row after row. */
export type Points = Float32Array | Float64Array

/** The arrays one after another, as one. */
export function joinArrays(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
