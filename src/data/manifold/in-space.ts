import { z } from 'zod'
import { spaceNamed } from '../../model/spaces/table.ts'
import { DataError } from '../error.ts'
import { show } from '../show.ts'
import type { Head, Sink, Source } from '../source.ts'
import { type RowReading, readingOf, UNITS } from './rows.ts'

/** The names of spaces, in words. */
export const SPACE_NAMES =
  'flat, sphere, torus, rotations, hyperbolic, or a product such as "sphere(3) x flat(1)"'

export const isSpace = (name: string): boolean => name === 'flat' || spaceNamed(name) !== undefined

/** Keys of a format whose rows may be points of a space. */
export const spaceKeys = {
  space: z
    .string()
    .refine(isSpace, { error: `expected ${SPACE_NAMES}` })
    .optional(),
  unit: z.enum(UNITS).optional(),
}

/** What these keys say. */
export type SpaceKeys = z.output<z.ZodObject<typeof spaceKeys>>

/**
 * A source whose rows are read as points of a space: places in degrees as unit vectors, quaternions as matrices and so on.
 *
 * @throws {DataError} when there are angles in no torus
 */
export function inSpace(source: Source, { space, unit }: SpaceKeys): Source {
  const ofUnit = unit === 'disc' ? 'hyperbolic' : 'torus'
  if (unit !== undefined && !space?.includes(ofUnit)) {
    const what = unit === 'disc' ? 'points of the Poincare disc' : 'angles'
    throw new DataError(`${source.file}: unit: ${unit} belongs to ${what}; say space: ${ofUnit}`)
  }
  if (space === undefined || space === 'flat') return source
  return {
    ...source,
    options: { rows: source.options, space, unit },
    read: sink => source.read(pointsInto(sink, source.file, space, unit)),
  }
}

/** Takes rows to a sink as points; a row's vector behind them stays as it is. */
export function pointsInto(
  sink: Sink,
  file: string,
  space: string,
  unit: SpaceKeys['unit'] = 'radians',
): Sink {
  let head: Head
  let reading: RowReading
  let next = 1

  const placeOf = (row: number, column?: number): string => {
    if (column === undefined) return `row ${row}`
    const name = head.columns?.[column]
    return `row ${row}, column ${(head.places?.[column] ?? column) + 1}${name === undefined ? '' : ` (${show(name)})`}`
  }

  return {
    begin(found) {
      if (found.shape)
        throw new DataError(`${file}: space ${space}: expected rows of numbers, found pictures`)
      const { dimension, vector = 0, columns, direct: _, mayBeDecimals: __, ...rest } = found
      head = found
      const count = dimension - vector
      const read = readingOf(space, { count, names: columns?.slice(0, count) }, unit)
      if (typeof read === 'string') throw new DataError(`${file}: ${read}`)
      reading = read
      sink.begin({
        ...rest,
        space,
        dimension: reading.size + vector,
        ...(vector > 0 && { vector }),
        ...(columns && reading.names && { columns: [...reading.names, ...columns.slice(count)] }),
      })
    },
    push(values, labels, number = next) {
      const { dimension, vector = 0 } = head
      const rows = values.length / dimension
      const width = reading.size + vector
      const point = new Float64Array(reading.size)
      const out = new Float32Array(rows * width)
      for (let i = 0; i < rows; i++) {
        const problem = reading.read(values, i * dimension, point, 0)
        if (problem) sink.problem(placeOf(number + i, problem.column), problem.message)
        else out.set(point, i * width)
        const told = values.subarray((i + 1) * dimension - vector, (i + 1) * dimension)
        out.set(told, i * width + reading.size)
      }
      next = number + rows
      sink.push(out, labels, number)
    },
    problem: sink.problem,
  }
}
