import { rotationBy } from '../../data/manifold/rotations.ts'
import type { Points } from '../../model/index.ts'
import { blocksNamed } from '../../model/spaces/table.ts'
import { axisAngle } from './ball.ts'
import { wrapped } from './chart.ts'

/** The point that lies a part of the shortest way from `a` to `b`; both are the numbers of one point. */
type Between = (a: readonly number[], b: readonly number[], part: number) => number[]

/** `(sin((1-p) d) a + sin(p d) b) / sin d`, by sines or hyperbolic ones. */
const along = (
  a: readonly number[],
  b: readonly number[],
  part: number,
  distance: number,
  sine: (x: number) => number,
): number[] => {
  const whole = sine(distance)
  if (!(Math.abs(whole) > 1e-9)) return [...(part < 0.5 ? a : b)]
  const [p, q] = [sine((1 - part) * distance) / whole, sine(part * distance) / whole]
  return a.map((x, k) => p * x + q * b[k])
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, k) => sum + x * b[k], 0)

/** `A B`, or `A^T B`, of matrices row after row. */
const product = (A: readonly number[], B: readonly number[], isTurned = false): number[] =>
  Array.from({ length: 9 }, (_, at) => {
    const [i, j] = [Math.floor(at / 3), at % 3]
    return [0, 1, 2].reduce((sum, k) => sum + A[isTurned ? 3 * k + i : 3 * i + k] * B[3 * k + j], 0)
  })

const ways: Readonly<Record<string, Between>> = {
  sphere: (a, b, part) =>
    along(
      a,
      b,
      part,
      2 * Math.atan2(Math.hypot(...a.map((x, k) => x - b[k])), Math.hypot(...a.map((x, k) => x + b[k]))),
      Math.sin,
    ),
  hyperbolic: (a, b, part) =>
    along(a, b, part, Math.acosh(Math.max(1, 2 * a[0] * b[0] - dot(a, b))), Math.sinh),
  torus: (a, b, part) => a.map((x, k) => x + part * wrapped(b[k] - x)),
  rotations: (a, b, part) => product(a, rotationBy(axisAngle(product(a, b, true)).map(w => part * w))),
  flat: (a, b, part) => a.map((x, k) => x + part * (b[k] - x)),
}

/** Points `[n, D]` a part of the shortest way from one of each to the other, in a curved space or a product. */
export function partWay(space: string, a: Points, b: Points, dimension: number, part: number): Points {
  const blocks = Object.hasOwn(ways, space) ? [{ name: space, size: dimension }] : blocksNamed(space)!
  const found = new Float64Array(a.length)
  for (let row = 0, at = 0; row < a.length; row += dimension) {
    for (const { name, size } of blocks) {
      const of = (points: Points): number[] => Array.from({ length: size }, (_, k) => points[at + k])
      found.set(ways[name](of(a), of(b), part), at)
      at += size
    }
  }
  return found
}
