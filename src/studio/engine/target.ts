import { planeDatasets } from '../../data/built-in.ts'
import type { Dataset, Values } from '../../data/dataset.ts'
import { DataError } from '../../data/error.ts'
import { generated } from '../../data/generated.ts'
import type { PointSpec } from '../../model/index.ts'
import { random } from '../../random/random.ts'
import type { Target } from '../plan.ts'
import { REACH } from '../reach.ts'
import { fromText, unpack } from './bytes.ts'

/** The distribution of a picture: a cell by its darkness, then a point of the cell, uniform. */
function densityDataset(side: number, text: string): Dataset {
  const cells = unpack(text, side * side)
  if (cells.length !== side * side)
    throw new DataError(`drawing: expected ${side * side} cells, found ${cells.length}`)
  const upTo = new Float64Array(cells.length)
  let total = 0
  cells.forEach((value, i) => {
    total += value
    upTo[i] = total
  })
  if (total === 0) throw new DataError('drawing: it is empty')
  const width = (2 * REACH) / side
  return generated({
    name: 'drawing',
    parameters: { side, text },
    dimension: 2,
    sample: (random, out) => {
      for (let at = 0; at < out.length; at += 2) {
        const cell = firstAbove(upTo, random.uniform() * total)
        out[at] = -REACH + width * ((cell % side) + random.uniform())
        out[at + 1] = REACH - width * (Math.floor(cell / side) + random.uniform())
      }
    },
  })
}

/** The first place where a rising list is above a value. */
function firstAbove(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rising[middle] > value) high = middle
    else low = middle + 1
  }
  return low
}

/** Points of 16 bits a coordinate. */
function pointsOf(name: string, text: string): Float32Array {
  const bytes = fromText(text)
  if (bytes.length === 0) throw new DataError(`${name}: it has no points`)
  if (bytes.length % 4 !== 0) throw new DataError(`${name}: its last point is cut short`)
  const count = bytes.length / 4
  const view = new DataView(bytes.buffer)
  return Float32Array.from(
    { length: 2 * count },
    (_, i) => (2 * REACH * view.getUint16(2 * i, true)) / 0xffff - REACH,
  )
}

/** Points drawn with replacement. */
function pointsDataset(name: string, text: string): Dataset {
  const points = pointsOf(name, text)
  const count = points.length / 2
  return generated({
    name,
    parameters: { text },
    dimension: 2,
    sample: (random, out: Values) => {
      for (let at = 0; at < out.length; at += 2) {
        const from = 2 * random.integer(count)
        out[at] = points[from]
        out[at + 1] = points[from + 1]
      }
    },
  })
}

/** The points that the page draws. */
const PLANE: PointSpec = { shape: [2] }

/** Data that only its name is known of. */
function unknownDataset(name: string): Dataset {
  const refuse = (): never => {
    throw new DataError(
      `${name}: the file does not contain its data, so it can be shown, but not measured or trained on`,
    )
  }
  const fingerprint = { sha256: '', rows: null, minimum: [], maximum: [] }
  return { name, ...PLANE, dimension: 2, fingerprint, sample: refuse }
}

/** The points of a drawn or dropped target, or a built-in dataset. @throws DataError when it is unknown or damaged */
export function targetDataset(target: Target): Dataset {
  if (target.kind === 'density') return densityDataset(target.side, target.bytes)
  if (target.kind === 'points') return pointsDataset(target.name, target.bytes)
  if (target.kind === 'unknown') return unknownDataset(target.name)
  if (!Object.hasOwn(planeDatasets, target.name)) throw new DataError(`unknown dataset "${target.name}"`)
  return planeDatasets[target.name].create()
}

/** Rows of a table that stands for a density. */
const TABLE = 50_000

/** A target as rows of two columns: all the points of a file, and as many draws of anything else as say what it is. */
export function tableOf(target: Target): Float32Array {
  if (target.kind === 'points') return pointsOf(target.name, target.bytes)
  const points = new Float32Array(2 * TABLE)
  targetDataset(target).sample(random(0, 'studio table'), points)
  return points
}
