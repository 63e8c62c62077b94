import { blocksNamed, holdsPoints } from '../../model/spaces/table.ts'
import { show } from '../show.ts'
import { wrapAngle } from './torus.ts'

/** What is wrong with a row: at one of its numbers, from 0, or as a whole. */
export interface RowProblem {
  readonly column?: number
  readonly message: string
}

/** How the numbers of a row stand for a point of a space. */
export interface RowReading {
  /** Numbers of a point. */
  readonly size: number
  /** Names of these, where columns have names. */
  readonly names?: readonly string[]
  /** Writes the point of the row at `row[from]` to `out[at]`. */
  read(row: ArrayLike<number>, from: number, out: Float64Array, at: number): RowProblem | undefined
}

/** What is known of the numbers of a row. */
export interface Columns {
  readonly count: number
  readonly names?: readonly string[]
}

/** What numbers of a row mean: angles of a torus, and places of hyperbolic space in the Poincare disc. */
export const UNITS = ['radians', 'degrees', 'disc'] as const
export type Unit = (typeof UNITS)[number]

/** How far a length may be from what it must be: numbers are often written with few digits. */
const ROUNDED = 1e-3
/** Single precision knows no distances beyond. */
const FARTHEST = 6

const DEGREE = Math.PI / 180
const LATITUDE = /^lat(itude)?$/i
const LONGITUDE = /^(longitude|lon|lng|long)$/i

const few = (value: number): number => Number(value.toPrecision(6))

/** Latitude and longitude in degrees to `(cos lat cos lon, cos lat sin lon, sin lat)`. */
function places(latitude: number, longitude: number): RowReading {
  const wrong = (column: number, name: string, range: string, value: number): RowProblem => ({
    column,
    message: `expected a ${name} in degrees from ${range}, found ${few(value)}`,
  })
  return {
    size: 3,
    names: ['x', 'y', 'z'],
    read(row, from, out, at) {
      const [lat, lon] = [row[from + latitude], row[from + longitude]]
      if (Math.abs(lat) > 90) return wrong(latitude, 'latitude', '-90 to 90', lat)
      if (lon < -180 || lon > 360) return wrong(longitude, 'longitude', '-180 to 360', lon)
      const radius = Math.cos(lat * DEGREE)
      out[at] = radius * Math.cos(lon * DEGREE)
      out[at + 1] = radius * Math.sin(lon * DEGREE)
      out[at + 2] = Math.sin(lat * DEGREE)
      return undefined
    },
  }
}

const lengthOf = (row: ArrayLike<number>, from: number, size: number): number => {
  let square = 0
  for (let k = 0; k < size; k++) square += row[from + k] ** 2
  return Math.sqrt(square)
}

const unitVectors = ({ count, names }: Columns): RowReading => ({
  size: count,
  names,
  read(row, from, out, at) {
    const length = lengthOf(row, from, count)
    if (!(Math.abs(length - 1) <= ROUNDED)) {
      const hint =
        count <= 3 ? '; of latitude and longitude, name the columns so: columns: [latitude, longitude]' : ''
      return { message: `expected a vector of length 1, found one of ${few(length)}${hint}` }
    }
    for (let k = 0; k < count; k++) out[at + k] = row[from + k] / length
    return undefined
  },
})

function sphere(columns: Columns): RowReading {
  const { names = [] } = columns
  const placesOf = (pattern: RegExp) => names.flatMap((name, i) => (pattern.test(name) ? [i] : []))
  const [latitudes, longitudes] = [placesOf(LATITUDE), placesOf(LONGITUDE)]
  const arePlaces = latitudes.length === 1 && longitudes.length === 1
  return arePlaces && columns.count === 2 ? places(latitudes[0], longitudes[0]) : unitVectors(columns)
}

/** Angles within a turn of 0, to `[-pi, pi)`. */
function torus({ count, names }: Columns, unit: Unit): RowReading {
  const [scale, most] = unit === 'degrees' ? [DEGREE, 360] : [1, 2 * Math.PI]
  const range = unit === 'degrees' ? '-360 to 360' : '-2 pi to 2 pi'
  const hint = unit === 'radians' ? '; of degrees, say unit: degrees' : ''
  return {
    size: count,
    names,
    read(row, from, out, at) {
      for (let k = 0; k < count; k++) {
        const angle = row[from + k]
        if (Math.abs(angle) > most + ROUNDED)
          return {
            column: k,
            message: `expected an angle in ${unit} from ${range}, found ${few(angle)}${hint}`,
          }
        out[at + k] = wrapAngle(angle * scale)
      }
      return undefined
    },
  }
}

/** Row `i` of a matrix less its part along another row, and of length 1. */
function orthonormalise(m: Float64Array, at: number, i: number, from?: number): void {
  if (from !== undefined) {
    let along = 0
    for (let k = 0; k < 3; k++) along += m[at + 3 * i + k] * m[at + 3 * from + k]
    for (let k = 0; k < 3; k++) m[at + 3 * i + k] -= along * m[at + 3 * from + k]
  }
  const length = lengthOf(m, at + 3 * i, 3)
  for (let k = 0; k < 3; k++) m[at + 3 * i + k] /= length
}

function matrices({ count, names }: Columns): RowReading {
  return {
    size: count,
    names,
    read(row, from, out, at) {
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j <= i; j++) {
          let product = 0
          for (let k = 0; k < 3; k++) product += row[from + 3 * i + k] * row[from + 3 * j + k]
          if (!(Math.abs(product - Number(i === j)) <= ROUNDED)) {
            const found = i === j ? `row ${i + 1} times itself is` : `row ${i + 1} times row ${j + 1} is`
            return {
              message: `expected a rotation, row after row: ${found} ${few(product)}, not ${Number(i === j)}`,
            }
          }
        }
      }
      for (let k = 0; k < 9; k++) out[at + k] = row[from + k]
      orthonormalise(out, at, 0)
      orthonormalise(out, at, 1, 0)
      const [a, b, c, d, e, f] = out.subarray(at, at + 6)
      const third = [b * f - c * e, c * d - a * f, a * e - b * d]
      const handed = third.reduce((sum, value, k) => sum + value * row[from + 6 + k], 0)
      if (handed < 0) return { message: 'expected a rotation, found one that mirrors: its determinant is -1' }
      out.set(third, at + 6)
      return undefined
    },
  }
}

/** Where `w, x, y, z` stand, by their names such as `qw`; in this order where they have none. */
function quaternionOrder(names: readonly string[] = []): readonly number[] {
  const found = ['w', 'x', 'y', 'z'].map(letter =>
    names.findIndex(name => name.toLowerCase().replace(/^(q|quat)_?/, '') === letter),
  )
  return found.includes(-1) ? [0, 1, 2, 3] : found
}

const MATRIX = ['r11', 'r12', 'r13', 'r21', 'r22', 'r23', 'r31', 'r32', 'r33']

function quaternions({ names }: Columns): RowReading {
  const order = quaternionOrder(names)
  return {
    size: 9,
    names: MATRIX,
    read(row, from, out, at) {
      const length = lengthOf(row, from, 4)
      if (!(Math.abs(length - 1) <= ROUNDED))
        return { message: `expected a quaternion of length 1, found one of ${few(length)}` }
      const [w, x, y, z] = order.map(i => row[from + i] / length)
      out.set(
        [
          ...[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
          ...[2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
          ...[2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ],
        at,
      )
      return undefined
    },
  }
}

const FAR = `within the distance ${FARTHEST} of the lowest point (1, 0, ...)`

function hyperboloid({ count, names }: Columns): RowReading {
  return {
    size: count,
    names,
    read(row, from, out, at) {
      const height = row[from]
      const chord = lengthOf(row, from + 1, count - 1)
      // Both sides of x_0^2 = 1 + |x|^2, against their size.
      const missed = Math.abs(height ** 2 - chord ** 2 - 1) / Math.max(1, height ** 2)
      if (!(height > 0 && missed <= ROUNDED)) {
        return {
          message: `expected a point of the hyperboloid, x0^2 - |x|^2 = 1 with x0 > 0, found x0 = ${few(height)} and x0^2 - |x|^2 = ${few(height ** 2 - chord ** 2)}`,
        }
      }
      const radius = Math.asinh(chord)
      if (radius > FARTHEST)
        return {
          message: `expected a point ${FAR}, where 32-bit floats tell points apart, found one at ${few(radius)}`,
        }
      out[at] = Math.hypot(1, chord)
      for (let k = 1; k < count; k++) out[at + k] = row[from + k]
      return undefined
    },
  }
}

/** Points `u`, `|u| < 1`, of the Poincare disc to `((1 + |u|^2), 2 u)/(1 - |u|^2)`. */
const disc = ({ count }: Columns): RowReading => ({
  size: count + 1,
  names: Array.from({ length: count + 1 }, (_, k) => `x${k}`),
  read(row, from, out, at) {
    const length = lengthOf(row, from, count)
    const radius = 2 * Math.atanh(Math.min(1, length))
    if (!(length < 1 && radius <= FARTHEST)) {
      const found = length < 1 ? `one of ${few(length)}, at ${few(radius)}` : few(length)
      return {
        message: `expected a point of the Poincare disc, of length below 1 and ${FAR}, found ${found}`,
      }
    }
    const rest = 1 - length ** 2
    out[at] = (1 + length ** 2) / rest
    for (let k = 0; k < count; k++) out[at + k + 1] = (2 * row[from + k]) / rest
    return undefined
  },
})

/** Blocks side by side, each as it is. */
function product(name: string, { names }: Columns, unit: Unit): RowReading {
  let size = 0
  const blocks = blocksNamed(name)!.map(block => {
    const from = size
    size += block.size
    const columns = { count: block.size, names: names?.slice(from, size) }
    return { from, reading: block.name === 'flat' ? undefined : readings[block.name](columns, unit), block }
  })
  return {
    size,
    names,
    read(row, start, out, at) {
      for (const { from, reading, block } of blocks) {
        if (!reading) {
          for (let k = 0; k < block.size; k++) out[at + from + k] = row[start + from + k]
          continue
        }
        const problem = reading.read(row, start + from, out, at + from)
        if (!problem) continue
        const { column, message } = problem
        return {
          ...(column !== undefined && { column: from + column }),
          message: `${block.name}: ${message}`,
        }
      }
      return undefined
    },
  }
}

const readings: Readonly<Record<string, (columns: Columns, unit: Unit) => RowReading>> = {
  sphere,
  torus,
  rotations: columns => (columns.count === 4 ? quaternions(columns) : matrices(columns)),
  hyperbolic: hyperboloid,
}

/** How many numbers of a row a space reads, in words. */
const EXPECTED: Readonly<Record<string, string>> = {
  sphere: 'the columns latitude and longitude, or a unit vector of 2 numbers or more',
  torus: 'an angle or more',
  rotations: 'the 9 entries of a matrix, or the 4 of a quaternion',
  hyperbolic: '2 numbers or more: x0, x1, ...',
}

/** How rows of these columns are read as points of a space, or what is wrong with them. */
export function readingOf(space: string, columns: Columns, unit: Unit): RowReading | string {
  if (unit === 'disc') {
    if (space !== 'hyperbolic') return `unit: disc belongs to space hyperbolic, found ${space}`
    return columns.count > 0 ? disc(columns) : 'unit: disc needs a column or more'
  }
  const { count, names } = columns
  const isQuaternion = space === 'rotations' && count === 4
  if (!isQuaternion && !holdsPoints(space, count)) {
    const expected =
      EXPECTED[space] ?? `its ${blocksNamed(space)!.reduce((sum, { size }) => sum + size, 0)} numbers`
    const found = `${count}${names ? ` (${show(names.slice(0, 6).join(', '))})` : ''}`
    return `space ${space}: expected ${expected} in each row, found ${found}`
  }
  if (Object.hasOwn(readings, space)) return readings[space](columns, unit)
  return product(space, columns, unit)
}
