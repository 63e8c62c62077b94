import { createHash } from 'node:crypto'
import { checkWhole, MOST_NUMBERS, refuseArgument } from './arguments.ts'
import type { Dataset } from './dataset.ts'
import { DataError } from './error.ts'
import { type Gathering, gather } from './gather.ts'
import { isSpace, pointsInto, SPACE_NAMES } from './manifold/in-space.ts'
import { type OpenOptions, openOptions } from './open.ts'
import { pushNumbers } from './readers/cells.ts'
import { show } from './show.ts'
import { joinVectors } from './vectors.ts'

/** What points from code are. */
export interface PointsOptions extends OpenOptions {
  /** Numbers in a point. */
  readonly dimension: number
  /** Of the dataset, and in messages; `points` by default. */
  readonly name?: string
  /** Size of the picture that a point holds, `[height, width, channels]`; numbers are then 0 to 255. */
  readonly image?: readonly [number, number, number]
  /** The space that points live in, such as `sphere`; flat by default. A point is then read as a row of a file is. */
  readonly space?: string
}

type Numbers = Float32Array | Float64Array | Uint8Array | Int32Array | readonly number[]

/** A point, or several one after another, with their class and their vector where there are such. */
export type Item =
  | Numbers
  | { readonly values: Numbers; readonly label?: string | number; readonly condition?: Numbers }

type Checked = Required<OpenOptions> & PointsOptions & { readonly name: string }

/**
 * @param where  the function that they are options of
 * @param others  keys of its own
 * @throws {DataError} when pictures have another size than points, or that many rows cannot be held out
 * @throws {ArgumentError} when an option is something else
 */
function pointsOptions(where: string, options: PointsOptions, others: readonly string[] = []): Checked {
  const opened = openOptions(where, options, ['dimension', 'name?', 'image?', 'space?', ...others])
  const { dimension, name = 'points', image, space } = options
  checkWhole(`${where}: dimension`, dimension, 1, MOST_NUMBERS)
  if (typeof name !== 'string' || name === '') refuseArgument(`${where}: name`, 'a name', name)
  const isSize = Array.isArray(image) && image.length === 3 && image.every(n => Number.isInteger(n) && n > 0)
  if (image !== undefined && !isSize) refuseArgument(`${where}: image`, '[height, width, channels]', image)
  if (space !== undefined && !(typeof space === 'string' && isSpace(space)))
    refuseArgument(`${where}: space`, SPACE_NAMES, space)
  if (image && image[0] * image[1] * image[2] !== dimension) {
    throw new DataError(`${name}: pictures of ${image.join('x')} have not ${dimension} numbers`)
  }
  return { ...opened, dimension, name, image, space }
}

/** Takes points from code to a dataset. */
function receiver(
  { dimension, name, image, space = 'flat', holdOut, memory, cache, rules }: Checked,
  labelled: boolean,
  size = 0,
) {
  const gathering: Gathering = gather({ file: name, name, holdOut, rules }, { memory, folder: cache })
  const sink = space === 'flat' ? gathering : pointsInto(gathering, name, space)
  const hash = createHash('sha256')
  let rows = 0
  sink.begin({
    dimension: dimension + size,
    ...(size > 0 && { vector: size }),
    shape: image,
    labelled,
  })
  return {
    push(values: Numbers, labels?: readonly string[], vectors: Numbers = []): void {
      if (!isList(values)) {
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
      if (size > 0) hash.update(new Uint8Array(Float32Array.from(vectors).buffer))
      if (image) checkPixels(floats, name)
      const whole = size > 0 ? joinVectors(values, dimension, vectors, size) : values
      pushNumbers(sink, whole, dimension + size, rows + 1, labels)
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
 * @param options.conditions  the vector of each point, `[n, K]`, one after another
 * @throws {DataError} on a number that is not finite, naming its row, or a length that does not fit
 * @throws {ArgumentError} when the values are no list, or an option is something else
 */
export function pointsDataset(
  values: Numbers,
  options: PointsOptions & { readonly labels?: readonly (string | number)[]; readonly conditions?: Numbers },
): Dataset {
  const checked = pointsOptions('pointsDataset', options, ['labels?', 'conditions?'])
  const { labels, conditions } = options
  const { dimension, name } = checked
  if (!isList(values)) refuseArgument('pointsDataset: values', 'a list of numbers', values)
  if (labels !== undefined && !Array.isArray(labels))
    refuseArgument('pointsDataset: labels', 'a list of names or numbers', labels)
  if (conditions !== undefined && !isList(conditions))
    refuseArgument('pointsDataset: conditions', 'a list of numbers', conditions)
  const size = conditions ? (conditions.length * dimension) / values.length : 0
  if (conditions && !(size > 0 && Number.isInteger(size))) {
    throw new DataError(
      `${name}: expected conditions of as many numbers for each of ${values.length / dimension} points, found ${conditions.length} numbers`,
    )
  }
  const points = receiver(checked, labels !== undefined, size)
  if (labels && labels.length * dimension !== values.length) {
    throw new DataError(
      `${name}: expected a label for each of ${values.length / dimension} points, found ${labels.length} labels`,
    )
  }
  const rows = Math.max(1, Math.floor(PIECE / dimension))
  try {
    for (let row = 0; row * dimension < values.length; row += rows) {
      const piece = values.slice(row * dimension, (row + rows) * dimension)
      const own = conditions?.slice(row * size, (row + rows) * size)
      points.push(piece, labels?.slice(row, row + rows).map(String), own)
    }
    return points.finish()
  } catch (error) {
    points.abandon()
    throw error
  }
}

const isList = (value: unknown): value is Numbers =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

/** Arrays have a method of this name. */
const isRecord = (item: Item): item is Exclude<Item, Numbers> =>
  typeof item === 'object' &&
  item !== null &&
  !Array.isArray(item) &&
  !ArrayBuffer.isView(item) &&
  'values' in item

const isIterable = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)

/**
 * A dataset of points that come one after another. They are all read once; more than `memory` bytes of them are kept in a
 * file that lives as long as the process.
 *
 * @param items  points, each with a label and a condition or none with one; an item may hold several points of one class and vector
 * @throws {DataError} on an item that does not fit, naming its row
 * @throws {ArgumentError} when the items cannot be gone through, or an option is something else
 */
export async function collectDataset(
  items: AsyncIterable<Item> | Iterable<Item>,
  options: PointsOptions,
): Promise<Dataset> {
  const checked = pointsOptions('collectDataset', options)
  const { dimension, name } = checked
  if (!isIterable(items)) refuseArgument('collectDataset: items', 'points that come one after another', items)
  let points: ReturnType<typeof receiver> | undefined
  let labelled = false
  let size = 0
  try {
    for await (const item of items) {
      const { values, label, condition = [] } = isRecord(item) ? item : { values: item }
      const own = label !== undefined
      if (!points) points = receiver(checked, (labelled = own), (size = condition.length))
      else if (own !== labelled) throw new DataError(`${name}: expected a label for each point or for none`)
      if (condition.length !== size) {
        throw new DataError(
          `${name}: expected a condition of ${size} numbers for each point, as for the first, found ${condition.length}`,
        )
      }
      const count = Math.max(1, Math.floor((values?.length ?? 0) / dimension))
      const forEach = <T>(one: T): T[] => new Array<T>(count).fill(one)
      points.push(values, own ? forEach(String(label)) : undefined, forEach([...condition]).flat())
    }
    if (!points) throw new DataError(`${name}: expected at least 2 rows of numbers, found 0`)
    return points.finish()
  } catch (error) {
    points?.abandon()
    throw error
  }
}
