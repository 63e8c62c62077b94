import { spaceOf } from '../model/index.ts'
import { blocksNamed } from '../model/spaces/table.ts'

/** Noise of a space in NumPy: a function of the number of points and of the numbers of each. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  flat: `def flat(n, d):
    return rng.standard_normal((n, d))`,
  sphere: `def sphere(n, d):
    y = rng.standard_normal((n, d))
    return y / np.linalg.norm(y, axis=1, keepdims=True)`,
  torus: `def torus(n, d):
    return rng.uniform(-np.pi, np.pi, (n, d))`,
  rotations: `def rotations(n, d):
    a, b, c, d = (q := rng.standard_normal((n, 4))).T / np.linalg.norm(q, axis=1)
    return np.stack([
        1 - 2 * (c * c + d * d), 2 * (b * c - a * d), 2 * (b * d + a * c),
        2 * (b * c + a * d), 1 - 2 * (b * b + d * d), 2 * (c * d - a * b),
        2 * (b * d - a * c), 2 * (c * d + a * b), 1 - 2 * (b * b + c * c),
    ], axis=1)`,
  hyperbolic: `def hyperbolic(n, d):
    u = rng.standard_normal((n, d - 1))
    r = np.linalg.norm(u, axis=1, keepdims=True)
    return np.concatenate([np.cosh(r), np.sinh(r) / r * u], axis=1)`,
}

/** Python that draws noise of a curved space, and the expression for `batch` points; nothing where the space is flat. */
export function pythonNoise(
  space: string | undefined,
  dimension: number,
): { readonly functions: string; readonly points: string } | undefined {
  if (space === undefined || !spaceOf({ space }).isCurved) return undefined
  const blocks = blocksNamed(space) ?? [{ name: space, size: dimension }]
  const names = [...new Set(blocks.map(({ name }) => name))]
  const drawn = blocks.map(({ name, size }) => `${name}(batch, ${size})`)
  return {
    functions: names.map(name => FUNCTIONS[name]).join('\n\n'),
    points: drawn.length === 1 ? drawn[0] : `np.concatenate([${drawn.join(', ')}], axis=1)`,
  }
}

/** Which coordinates are angles, as a range of columns each. */
export function angleColumns(
  space: string | undefined,
  dimension: number,
): readonly (readonly [number, number])[] {
  const blocks = blocksNamed(space ?? '') ?? [{ name: space ?? 'flat', size: dimension }]
  let start = 0
  return blocks.flatMap(({ name, size }) => {
    const from = start
    start += size
    return name === 'torus' ? [[from, start] as const] : []
  })
}
