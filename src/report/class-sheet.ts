import type { Dataset } from '../data/dataset.ts'
import { random } from '../random/random.ts'
import { drawNoise } from '../sampler/sampler.ts'

/** Most classes on a sheet, and the fewest pictures along its sides. */
const MOST = 10
const FEWEST = 4
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
  /** Noise of each picture: it is the same for every class, and depends on the seed alone. */
  noise(dimension: number, seed: number): Float32Array
  /** Real pictures in the same order; where one is not found, it is 0 all over. */
  real(dataset: Dataset, seed: number): Float32Array
}

/** How many rows of a sheet each of so many classes has. */
export const rowsEach = (classes: number): number => Math.ceil(FEWEST / classes)

/** @param names  of all classes; the first of them are shown where there are many */
export function classSheet(names: readonly string[]): ClassSheet {
  const shown = names.slice(0, MOST)
  const each = rowsEach(shown.length)
  const side = each * shown.length
  const classOf = (row: number): number => Math.floor(row / each)
  const classes = Float32Array.from({ length: side * side }, (_, i) => classOf(Math.floor(i / side)))
  return {
    side,
    classes,
    names: shown,
    noise(dimension, seed) {
      // All rows of a class at once.
      const drawn = drawNoise(each * side, dimension, seed)
      const out = new Float32Array(side * side * dimension)
      shown.forEach((_, i) => {
        out.set(drawn, i * drawn.length)
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
