import type { Dataset } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { drawNoise } from '../sampler/sampler.ts'

/** Most classes on a sheet, and the fewest pictures along its sides. */
const MOST = 10
const FEWEST = 5
/** Real pictures that are looked through for those of each class, for every one on the sheet. */
const LOOKED = 20

/** Pictures of a map that is told classes: a square of rows of classes, whose columns are samples. */
export interface ClassSheet {
  /** Pictures along a side. */
  readonly side: number
  /** The class of each picture, row after row. */
  readonly classes: Float32Array
  /** Names of the classes in the order of the rows. */
  readonly names: readonly string[]
  /** Noise of each picture: along a column it is the same for every class, and it depends on the seed alone. */
  noise(dimension: number, seed: number): Float32Array
  /** Real pictures in the same order; where one is not found, it is 0 all over. */
  real(dataset: Dataset, seed: number): Float32Array
}

/** @param names  of all classes; the first of them are shown where there are many */
export function classSheet(names: readonly string[]): ClassSheet {
  const shown = names.slice(0, MOST)
  const side = Math.max(FEWEST, shown.length)
  const classOf = (row: number): number => Math.floor((row * shown.length) / side)
  const rows = Array.from({ length: side }, (_, row) => row)
  /** Number of a row among those of its class. */
  const again = rows.map(row => row - rows.findIndex(other => classOf(other) === classOf(row)))
  const classes = Float32Array.from({ length: side * side }, (_, i) => classOf(Math.floor(i / side)))
  return {
    side,
    classes,
    names: shown,
    noise(dimension, seed) {
      const drawn = drawNoise((Math.max(...again) + 1) * side, dimension, seed)
      const out = new Float32Array(side * side * dimension)
      again.forEach((number, row) => {
        const line = drawn.subarray(number * side * dimension, (number + 1) * side * dimension)
        out.set(line, row * side * dimension)
      })
      return out
    },
    real(dataset, seed) {
      const { dimension } = dataset
      const count = LOOKED * classes.length
      const [points, found] = [new Float32Array(count * dimension), new Float32Array(count)]
      dataset.sample(random(seed, 'report'), points, found)
      const out = new Float32Array(classes.length * dimension)
      const next = new Map<number, number>()
      classes.forEach((wanted, i) => {
        const at = found.indexOf(wanted, next.get(wanted) ?? 0)
        if (at < 0) return
        next.set(wanted, at + 1)
        out.set(points.subarray(at * dimension, (at + 1) * dimension), i * dimension)
      })
      return out
    },
  }
}
