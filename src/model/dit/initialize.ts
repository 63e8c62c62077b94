import { sizeOf } from '../../autodiff/index.ts'
import type { Random } from '../../random/random.ts'
import type { Named } from '../network.ts'
import type { DitOptions, Initialization } from './options.ts'
import { type DitParameter, ditParameters, type Role } from './parameters.ts'
import { sincosTable } from './position.ts'

/** Deviation of embedders and tables. */
const SMALL = 0.02
/** Of `scaled`: the variance of a weight is this over its inputs. */
const SCALED = 0.32
/** Of the power iteration: it ends where the value grows by less than this part, and at the latest after so many rounds. */
const SETTLED = 1e-6
const ROUNDS = 500

const normals = (source: Random, size: number, deviation: number): Float32Array =>
  Float32Array.from({ length: size }, () => deviation * source.normal())

const lengthOf = (values: Float64Array): number => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))

/** The largest singular value of `[rows, columns]`, from below. */
export function largestSingularValue(
  matrix: Float32Array,
  [rows, columns]: readonly number[],
  source: Random,
): number {
  let direction = Float64Array.from({ length: columns }, () => source.normal())
  let value = 0
  for (let round = 0; round < ROUNDS; round++) {
    const length = lengthOf(direction)
    const image = new Float64Array(rows)
    const back = new Float64Array(columns)
    for (let i = 0; i < rows; i++) {
      const row = matrix.subarray(i * columns, (i + 1) * columns)
      for (let j = 0; j < columns; j++) image[i] += (row[j] * direction[j]) / length
      for (let j = 0; j < columns; j++) back[j] += row[j] * image[i]
    }
    const next = lengthOf(image)
    if (next <= value * (1 + SETTLED)) return Math.max(next, value)
    value = next
    direction = back
  }
  return value
}

/** Weights `[in, out]` of a linear layer: how they begin, by the name of the law. */
const laws: {
  readonly [name in Initialization]: (source: Random, shape: readonly number[]) => Float32Array
} = {
  /** Uniform, of variance `2/(in + out)`. Glorot & Bengio 2010. */
  xavier(source, shape) {
    const bound = Math.sqrt(6 / (shape[0] + shape[1]))
    return Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * source.uniform() - 1))
  },
  /** Normal, with a largest singular value of 1. */
  spectral(source, shape) {
    const drawn = normals(source, sizeOf(shape), Math.sqrt(2 / (shape[0] + shape[1])))
    const largest = largestSingularValue(drawn, shape, source)
    return drawn.map(value => value / largest)
  },
  /** Normal, of variance `0.32/in`. */
  scaled: (source, shape) => normals(source, sizeOf(shape), Math.sqrt(SCALED / shape[0])),
}

/** What embedders begin with: small numbers where the other layers are uniform, otherwise the law of these. */
const embedderLaw = (law: Initialization) =>
  law === 'xavier'
    ? (source: Random, shape: readonly number[]) => normals(source, sizeOf(shape), SMALL)
    : laws[law]

/**
 * Parameters to begin with. Modulations, gates and the last layer are zero (adaLN-zero), so the output is, and so is every
 * gradient but that of the last layer.
 */
export function initializeDit(options: DitOptions, source: Random): Named<Float32Array> {
  const { width, initialization } = options
  const draw: { readonly [role in Role]: (shape: readonly number[]) => Float32Array } = {
    weight: shape => laws[initialization](source, shape),
    embedder: shape => embedderLaw(initialization)(source, shape),
    table: shape => normals(source, sizeOf(shape), SMALL),
    tokens: shape => normals(source, sizeOf(shape), width ** -0.5),
    sines: () => Float32Array.from(sincosTable(options)),
    one: shape => new Float32Array(sizeOf(shape)).fill(1),
    zero: shape => new Float32Array(sizeOf(shape)),
  }
  return Object.fromEntries(
    Object.entries(ditParameters(options)).map(([name, { role, shape }]: [string, DitParameter]) => [
      name,
      draw[role](shape),
    ]),
  )
}
