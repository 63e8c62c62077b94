/** As bytes that are shown, what is outside 0 to 255 cut. */
export const pixelsOf = (points: Float32Array): Uint8Array =>
  new Uint8Array(Uint8ClampedArray.from(points).buffer)

/** The same rows `[n, D]` again and again, `[times * n, D]`. */
export function repeated(rows: Float32Array, times: number): Float32Array {
  const all = new Float32Array(times * rows.length)
  for (let i = 0; i < times; i++) all.set(rows, i * rows.length)
  return all
}
