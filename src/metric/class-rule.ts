import type { Dataset, Mixture, Values } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { largestSymbols } from '../data/text/one-hot.ts'
import { unstandardized } from '../model/index.ts'
import { random } from '../random/random.ts'
import { componentLogDensities } from './density.ts'
import { kdTree } from './kd-tree.ts'
import { nearestRows } from './nearest.ts'
import { countPoints } from './points.ts'
import { MANY_COORDINATES } from './products.ts'
import { mostRows } from './strays.ts'

/** Tells the class of each point `[N, D]`, in the units of the dataset that the rule was made from; -1 for none. */
export type ClassRule = (points: Values) => Int32Array

/**
 * The class that a point belongs to: of a Gaussian mixture whose classes are its components, the most probable one; of
 * text, that of its most likely symbols where the language has it; of other data, that of the nearest of at most 20,000 training rows.
 *
 * @param dataset  with labels; one that is seen through a standardisation takes standardised points
 */
export function classRule(dataset: StandardizedDataset): ClassRule {
  const { own, standardization, language } = dataset
  if (language?.classOf) return textRule(dataset, language.classOf)
  if (own?.mixture && standardization) {
    const rule = componentRule(own.mixture)
    return points => rule(unstandardized(standardization, points))
  }
  return dataset.mixture ? componentRule(dataset.mixture) : rowRule(dataset)
}

function textRule(
  { shape: [length, K] }: Dataset,
  classOf: (symbols: ArrayLike<number>) => number,
): ClassRule {
  return points => {
    const tokens = largestSymbols(points, K)
    return Int32Array.from({ length: tokens.length / length }, (_, i) =>
      classOf(tokens.subarray(i * length, (i + 1) * length)),
    )
  }
}

function componentRule(mixture: Mixture): ClassRule {
  const dimension = mixture.components[0].mean.length
  return points =>
    Int32Array.from({ length: countPoints(points, dimension) }, (_, i) => {
      const logs = componentLogDensities(mixture, points, i)
      const most = Math.max(...logs)
      return Number.isFinite(most) ? logs.indexOf(most) : -1
    })
}

function rowRule(dataset: Dataset): ClassRule {
  const { dimension, labels } = dataset
  const [rows, classes] = someRows(dataset)
  if (dimension >= MANY_COORDINATES) {
    return points => {
      const hasPlace = Array.from({ length: countPoints(points, dimension) }, (_, i) =>
        points.subarray(i * dimension, (i + 1) * dimension).every(Number.isFinite),
      )
      // What is not finite has no nearest row, and none of the others minds it.
      const finite = points.map((value, k) => (hasPlace[Math.floor(k / dimension)] ? value : 0))
      return nearestRows(finite, rows, dimension).map((row, i) => (hasPlace[i] ? classes[row] : -1))
    }
  }
  const trees = labels!.names.map((_, k) => {
    const own = Array.from(classes).flatMap((found, i) => (found === k ? [i] : []))
    const points = new Float32Array(own.length * dimension)
    own.forEach((row, i) => {
      points.set(rows.subarray(row * dimension, (row + 1) * dimension), i * dimension)
    })
    return own.length > 0 ? kdTree(points, dimension) : undefined
  })
  return points =>
    Int32Array.from({ length: countPoints(points, dimension) }, (_, i) => {
      const at = i * dimension
      let [found, least] = [-1, Infinity]
      if (!points.subarray(at, at + dimension).every(Number.isFinite)) return -1
      trees.forEach((tree, k) => {
        const distance = tree ? tree.nearest(points, at, least) : Infinity
        if (distance < least) {
          found = k
          least = distance
        }
      })
      return found
    })
}

/** Training rows, or fresh points of data without end, and the class of each. */
function someRows({ dimension, split, sample }: Dataset): [Float32Array, Uint16Array] {
  const most = mostRows(dimension)
  const count = split ? Math.min(split.training, most) : most
  const [rows, classes] = [new Float32Array(count * dimension), new Uint16Array(count)]
  const source = random(0, 'class rule')
  if (split) split.take('training', source, rows, classes)
  else sample(source, rows, classes)
  return [rows, classes]
}
