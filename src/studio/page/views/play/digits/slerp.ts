/**
 * Spherical interpolation of two noises: `(sin((1 - u) w) a + sin(u w) b) / sin(w)`, where `w` is the angle between them. On the way
 * it stays as far from 0 as noise is, which a straight line does not, so that all of the way is noise that a map knows.
 * Shoemake 1985, doi:10.1145/325334.325242.
 *
 * @param a  `[D]`
 * @param b  `[D]`
 * @param share  of the way, 0 to 1
 */
export function slerp(a: Float32Array, b: Float32Array, share: number): Float32Array {
  let [aa, bb, ab] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    aa += a[i] ** 2
    bb += b[i] ** 2
    ab += a[i] * b[i]
  }
  const angle = Math.acos(Math.min(1, Math.max(-1, ab / Math.sqrt(aa * bb))))
  const sine = Math.sin(angle)
  // Two that point the same way have no arc between them.
  const [from, to] =
    sine < 1e-6 ? [1 - share, share] : [Math.sin((1 - share) * angle) / sine, Math.sin(share * angle) / sine]
  return a.map((value, i) => from * value + to * b[i])
}
