import { z } from 'zod'
import type { Random } from '../random/random.ts'
import type { Dataset } from './dataset.ts'
import { generated } from './generated.ts'
import { glyphPoints, glyphStrokes } from './glyph-strokes.ts'
import { validate } from './validate.ts'

/** How one glyph is drawn: `[angle, shear, sx, sy, dx, dy, half, jitter x0, y0, x1, y1, ...]`, jitter of each control point. */
export type GlyphParameters = readonly number[]

const JITTER = 7
/** Straight pieces of each segment of a curve. */
const PIECES = 4
const SIDE = { default: 16, least: 8, most: 256 }

const LAST = glyphStrokes.length - 1
const glyphsSchema = z.strictObject({
  size: z.int().min(SIDE.least).max(SIDE.most).default(SIDE.default),
  digits: z
    .array(z.int().min(0).max(LAST))
    .min(1)
    .refine(digits => new Set(digits).size === digits.length, 'expected each digit once')
    .optional(),
})
/** Glyphs as a user writes them: the side of a picture in pixels, 16 by default, and which digits are drawn, all by default. */
export type GlyphsConfig = z.input<typeof glyphsSchema>

type Point = readonly [number, number]

/** The Catmull-Rom curve through points, its ends mirrored, as the ends of straight pieces. */
function curve(points: readonly Point[]): Point[] {
  const last = points.length - 1
  const mirrored = ([x, y]: Point, [fromX, fromY]: Point): Point => [2 * x - fromX, 2 * y - fromY]
  const at = (i: number): Point =>
    i < 0 ? mirrored(points[0], points[1]) : i > last ? mirrored(points[last], points[last - 1]) : points[i]
  const path: Point[] = []
  for (let i = 0; i < last; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)]
    for (let piece = 0; piece < PIECES; piece++) {
      const u = piece / PIECES
      const along = (k: 0 | 1): number =>
        (2 * b[k] +
          (c[k] - a[k]) * u +
          (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * u ** 2 +
          (3 * b[k] - a[k] - 3 * c[k] + d[k]) * u ** 3) /
        2
      path.push([along(0), along(1)])
    }
  }
  return [...path, points[last]]
}

/** `R(angle) [[sx, shear sy], [0, sy]] (P - 1/2) + 1/2 + (dx, dy)`. */
function placed([angle, shear, sx, sy, dx, dy]: GlyphParameters): (point: Point) => Point {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return ([x, y]) => {
    const across = sx * (x - 0.5) + shear * sy * (y - 0.5)
    const down = sy * (y - 0.5)
    return [cos * across - sin * down + 0.5 + dx, sin * across + cos * down + 0.5 + dy]
  }
}

/** Lowers the squared distances of pixels that lie within `reach` of a straight piece. */
function approach(
  squares: Float64Array,
  size: number,
  [ax, ay]: Point,
  [bx, by]: Point,
  reach: number,
): void {
  const [lengthX, lengthY] = [bx - ax, by - ay]
  const square = lengthX ** 2 + lengthY ** 2
  const first = (low: number): number => Math.max(0, Math.ceil((low - reach) * size - 0.5))
  const last = (high: number): number => Math.min(size - 1, Math.floor((high + reach) * size - 0.5))
  const [left, right] = [first(Math.min(ax, bx)), last(Math.max(ax, bx))]
  const bottom = last(Math.max(ay, by))
  for (let i = first(Math.min(ay, by)); i <= bottom; i++) {
    const y = (i + 0.5) / size - ay
    for (let j = left; j <= right; j++) {
      const x = (j + 0.5) / size - ax
      const share = square === 0 ? 0 : Math.min(1, Math.max(0, (x * lengthX + y * lengthY) / square))
      const distance = (x - share * lengthX) ** 2 + (y - share * lengthY) ** 2
      if (distance < squares[i * size + j]) squares[i * size + j] = distance
    }
  }
}

/**
 * Draws a glyph: white strokes on black, without any randomness.
 *
 * @param glyph  its class, 0 to 9
 * @param parameters  7 numbers and two for each control point of the class
 * @param size  side of the picture in pixels
 * @returns `[size, size]`, row after row, -1 (black) to 1 (white)
 * @throws {RangeError} on another number of parameters
 */
export function renderGlyph(glyph: number, parameters: GlyphParameters, size: number): Float64Array {
  const strokes = glyphStrokes[glyph]
  const expected = JITTER + 2 * glyphPoints[glyph]
  if (parameters.length !== expected)
    throw new RangeError(`glyph ${glyph}: expected ${expected} parameters, found ${parameters.length}`)
  const place = placed(parameters)
  const half = parameters[6]
  // Beyond it no ink is left.
  const reach = half + 0.5 / size
  const squares = new Float64Array(size * size).fill(Infinity)
  let next = JITTER
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]): Point => [x + parameters[next++], y + parameters[next++]])
    const path = curve(points).map(place)
    for (let k = 1; k < path.length; k++) approach(squares, size, path[k - 1], path[k], reach)
  }
  return squares.map(square => {
    const ink = Math.min(1, Math.max(0, (half - Math.sqrt(square)) * size + 0.5))
    return 2 * ink - 1
  })
}

const between = (random: Random, low: number, high: number): number => low + (high - low) * random.uniform()

/** Parameters by the law of the dataset. */
function drawParameters(random: Random, glyph: number): number[] {
  return [
    0.1 * random.normal(),
    0.15 * random.normal(),
    ...[0, 1].map(() => between(random, 0.78, 1)),
    ...[0, 1].map(() => between(random, -0.07, 0.07)),
    between(random, 0.035, 0.065),
    ...Array.from({ length: 2 * glyphPoints[glyph] }, () => 0.018 * random.normal()),
  ]
}

/**
 * Ten classes of digit-like strokes without end, each turned, sheared, scaled, moved and bent a little by chance. Numbers are 0 to
 * 255, as of any picture.
 *
 * @throws {DataError} on an unknown key, or a size that is no whole number from 8 to 256
 */
export function glyphs(config: GlyphsConfig = {}): Dataset {
  const { size, digits = glyphStrokes.map((_, i) => i) } = validate(glyphsSchema, config, 'glyphs')
  return generated({
    name: 'glyphs',
    parameters: { law: 1, size, ...(config.digits && { digits }) },
    dimension: size * size,
    shape: [size, size, 1],
    range: { minimum: [0], maximum: [255] },
    labels: { names: glyphStrokes.map((_, i) => String(i)) },
    sample: (random, out, classes) => {
      for (let at = 0, row = 0; at < out.length; at += size * size, row++) {
        const glyph = digits[random.integer(digits.length)]
        const picture = renderGlyph(glyph, drawParameters(random, glyph), size)
        for (let i = 0; i < picture.length; i++) out[at + i] = 127.5 * (picture[i] + 1)
        if (classes) classes[row] = glyph
      }
    },
  })
}
