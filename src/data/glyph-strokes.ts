/** Control points of the strokes of each class, in the unit square: x to the right, y down. */
export type Strokes = readonly (readonly (readonly [number, number])[])[]

/** One line a class: strokes separated by `|`, points by spaces. */
const TABLE = [
  '0.50,0.10 0.24,0.28 0.22,0.68 0.50,0.90 0.78,0.68 0.76,0.28 0.50,0.10',
  '0.34,0.28 0.54,0.10 | 0.54,0.10 0.54,0.90',
  '0.24,0.30 0.36,0.12 0.64,0.12 0.72,0.34 0.50,0.60 0.24,0.88 | 0.24,0.88 0.78,0.88',
  '0.26,0.18 0.50,0.09 0.72,0.24 0.62,0.44 0.44,0.48 | 0.44,0.48 0.68,0.54 0.76,0.74 0.52,0.91 0.24,0.80',
  '0.62,0.90 0.62,0.10 | 0.62,0.10 0.20,0.64 | 0.20,0.64 0.82,0.64',
  '0.74,0.12 0.32,0.12 | 0.32,0.12 0.28,0.48 | 0.28,0.48 0.52,0.40 0.76,0.58 0.68,0.84 0.42,0.91 0.24,0.80',
  '0.68,0.12 0.40,0.26 0.26,0.60 0.36,0.86 0.62,0.88 0.74,0.68 0.58,0.50 0.36,0.56 0.27,0.68',
  '0.22,0.12 0.78,0.12 | 0.78,0.12 0.54,0.46 0.42,0.90',
  '0.50,0.48 0.30,0.36 0.34,0.14 0.50,0.09 0.66,0.14 0.70,0.36 0.50,0.48 0.28,0.64 0.32,0.86 0.50,0.92 0.68,0.86 0.72,0.64 0.50,0.48',
  '0.72,0.36 0.56,0.50 0.34,0.44 0.28,0.24 0.44,0.10 0.64,0.14 0.73,0.34 0.70,0.64 0.58,0.90',
]

/** The strokes of the classes 0 to 9. */
export const glyphStrokes: readonly Strokes[] = TABLE.map(line =>
  line.split('|').map(stroke =>
    stroke
      .trim()
      .split(' ')
      .map(point => {
        const [x, y] = point.split(',').map(Number)
        return [x, y] as const
      }),
  ),
)

/** Control points of each class. */
export const glyphPoints: readonly number[] = glyphStrokes.map(strokes => strokes.flat().length)
