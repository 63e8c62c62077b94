import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Dataset } from './dataset.ts'
import { DataError } from './error.ts'
import { type Gathering, gather } from './gather.ts'
import { type OpenOptions, openOptions } from './open.ts'
import { pushNumbers } from './readers/cells.ts'
import { show, validate } from './validate.ts'

/** What points from code are. */
export interface PointsOptions extends OpenOptions {
  /** Numbers in a point. */
  readonly dimension: number
  /** Of the dataset, and in messages; `points` by default. */
  readonly name?: string
  /** Size of the picture that a point holds, `[height, width, channels]`; numbers are then 0 to 255. */
  readonly image?: readonly [number, number, number]
}

type Numbers = Float32Array | Float64Array | Uint8Array | Int32Array | readonly number[]

/** A point, or several one after another; with the class of each where there are classes. */
export type Item = Numbers | { readonly values: Numbers; readonly label?: string | number }

const optionsSchema = z.object({
  dimension: z.int().positive(),
  name: z.string().min(1).default('points'),
  image: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]).optional(),
})

/** Takes points from code to a dataset. */
function receiver(options: PointsOptions, labelled: boolean) {
  const { dimension, name, image } = validate(optionsSchema, options, 'points')
  if (image && image[0] * image[1] * image[2] !== dimension) {
    throw new DataError(`${name}: pictures of ${image.join('x')} have not ${dimension} numbers`)
  }
  const { holdOut, memory, cache, rules } = openOptions(options)
  const gathering: Gathering = gather({ file: name, name, holdOut, rules }, { memory, folder: cache })
  const hash = createHash('sha256')
  let rows = 0
  gathering.begin({ dimension, shape: image, labelled })
  return {
    push(values: Numbers, labels?: readonly string[]): void {
      if (typeof values?.length !== 'number') {
        throw new DataError(`${name}: row ${rows + 1}: expected ${dimension} numbers, found ${show(values)}`)
      }
      if (values.length % dimension !== 0 || values.length === 0) {
        throw new DataError(
          `${name}: row ${rows + 1}: expected ${dimension} numbers for each point, found ${values.length} in all`,
        )
      }
      const floats = Float32Array.from(values)
      hash.update(new Uint8Array(floats.buffer))
      for (const label of labels ?? []) hash.update(`${label}\n`)
      if (image) checkPixels(floats, name)
      pushNumbers(gathering, values, dimension, rows + 1, labels)
      rows += values.length / dimension
    },
    finish: (): Dataset => gathering.finish(hash.digest('hex')),
    abandon: gathering.abandon,
  }
}

function checkPixels(values: Float32Array, name: string): void {
  const wrong = values.find(value => value < 0 || value > 255)
  if (wrong === undefined) return
  throw new DataError(`${name}: expected numbers of pictures from 0 to 255, found ${wrong}`)
}

/** Points of a typed array are handed on some at a time. */
const PIECE = 1 << 16

/**
 * A dataset of points from code. The numbers are copied, as 32-bit floats.
 *
 * @param values  `[n, dimension]`, one point after another, n at least 2
 * @param options.labels  the class of each point
 * @throws {DataError} on a number that is not finite, naming its row, or a length that does not fit
 */
export function pointsDataset(
  values: Numbers,
  options: PointsOptions & { readonly labels?: readonly (string | number)[] },
): Dataset {
  const { labels, dimension, name = 'points' } = options
  const points = receiver(options, labels !== undefined)
  if (labels && labels.length * dimension !== values.length) {
    throw new DataError(
      `${name}: expected a label for each of ${values.length / dimension} points, found ${labels.length} labels`,
    )
  }
  const rows = Math.max(1, Math.floor(PIECE / dimension))
  try {
    for (let row = 0; row * dimension < values.length; row += rows) {
      const piece = values.slice(row * dimension, (row + rows) * dimension)
      points.push(piece, labels?.slice(row, row + rows).map(String))
    }
    return points.finish()
  } catch (error) {
    points.abandon()
    throw error
  }
}

/** Arrays have a method of this name. */
const isRecord = (item: Item): item is Exclude<Item, Numbers> =>
  typeof item === 'object' &&
  item !== null &&
  !Array.isArray(item) &&
  !ArrayBuffer.isView(item) &&
  'values' in item

/**
 * A dataset of points that come one after another. They are all read once; more than `memory` bytes of them are kept in a
 * file that lives as long as the process.
 *
 * @param items  points, each with a label or none with one; an item may hold several points of one class
 * @throws {DataError} on an item that does not fit, naming its row
 */
export async function collectDataset(
  items: AsyncIterable<Item> | Iterable<Item>,
  options: PointsOptions,
): Promise<Dataset> {
  const { dimension, name = 'points' } = options
  let points: ReturnType<typeof receiver> | undefined
  let labelled = false
  try {
    for await (const item of items) {
      const { values, label } = isRecord(item) ? item : { values: item, label: undefined }
      const own = label !== undefined
      if (!points) points = receiver(options, (labelled = own))
      else if (own !== labelled) throw new DataError(`${name}: expected a label for each point or for none`)
      if (own) {
        const count = Math.max(1, Math.floor(values.length / dimension))
        points.push(values, new Array<string>(count).fill(String(label)))
      } else points.push(values)
    }
    if (!points) throw new DataError(`${name}: expected at least 2 rows of numbers, found 0`)
    return points.finish()
  } catch (error) {
    points?.abandon()
    throw error
  }
}
