import { constant, type DType, type Tensor } from '../../autodiff/index.ts'
import { type DitOptions, gridOf } from './options.ts'

/** Longest period of a position, over `2 pi`. */
const LONGEST = 10_000

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Where each patch is along each side: row and column in a picture. The last side is walked first. */
const placesOf = (options: Pick<DitOptions, 'shape' | 'patch'>): readonly (readonly number[])[] =>
  gridOf(options).reduce<number[][]>(
    (places, count) => places.flatMap(place => range(count).map(at => [...place, at])),
    [[]],
  )

/**
 * What is added to the patches, `[patches, W]`: `enc(n) = [sin(n f), cos(n f)]`, `f_k = 10000^(-k/(W/2))`, of the place `n` in a
 * sequence; `[enc(column), enc(row)]` with half as many frequencies in a picture, as in DiT, which puts the column first.
 */
export function sincosTable(options: Pick<DitOptions, 'shape' | 'patch' | 'width'>): readonly number[] {
  const count = options.width / 2 / (options.shape.length - 1)
  const scales = range(count).map(k => LONGEST ** (-k / count))
  const encoded = (n: number) => [...scales.map(f => Math.sin(n * f)), ...scales.map(f => Math.cos(n * f))]
  return placesOf(options).flatMap(place => [...place].reverse().flatMap(encoded))
}

/**
 * By how much each neighbouring pair of a head is turned, `[tokens, d/2]`.
 *
 * `rotary`: by `n 10000^(-2i/d)`, `n` the place in the whole sequence. Su et al. 2021, arXiv:2104.09864. `rotary2d`: the
 * first half of the pairs by the row, the second by the column, `10000^(-2i/(d/2))`; tokens before the patches are not
 * turned.
 */
export function rotaryAngles(options: DitOptions, before: number): readonly (readonly number[])[] {
  const pairs = options.width / options.heads / 2
  const places = placesOf(options)
  if (options.position === 'rotary') {
    const scales = range(pairs).map(i => LONGEST ** (-i / pairs))
    return range(before + places.length).map(n => scales.map(f => n * f))
  }
  const half = pairs / 2
  const scales = range(half).map(i => LONGEST ** (-i / half))
  return [
    ...range(before).map(() => new Array<number>(pairs).fill(0)),
    ...places.map(place => place.flatMap(n => scales.map(f => n * f))),
  ]
}

/** Turns neighbouring pairs of the last axis: `x [..., tokens, d]`, angles `[tokens, d/2]`. */
export function turned(x: Tensor, angles: readonly (readonly number[])[]): Tensor {
  const [tokens, d] = x.shape.slice(-2)
  const table = (of: (angle: number) => number) =>
    constant(
      angles.flatMap(row => row.flatMap(angle => [of(angle), of(angle)])),
      [tokens, d],
      x.dtype,
    )
  return x.mul(table(Math.cos)).add(x.matmul(quarterTurn(d, x.dtype)).mul(table(Math.sin)))
}

/** `(a, b)` becomes `(-b, a)`, as a product from the right: one node in the place of slices and a concatenation. */
function quarterTurn(d: number, dtype: DType): Tensor {
  const matrix = new Float64Array(d * d)
  for (let i = 0; i < d; i += 2) {
    matrix[(i + 1) * d + i] = -1
    matrix[i * d + i + 1] = 1
  }
  return constant(matrix, [d, d], dtype)
}
