import type { Config } from '../../config/index.ts'
import type { Dataset, Values } from '../../data/dataset.ts'
import { mixtureSampler } from '../../data/mixture.ts'
import { type StandardizedDataset, standardizedBy } from '../../data/standardized.ts'
import type { KnownClasses } from '../../serialization/conditions.ts'

/** The classes that a map of a configuration is told; null where it is told none. */
export const classesOfConfig = (
  { condition }: Pick<Config, 'condition'>,
  { labels }: Pick<Dataset, 'labels'>,
): KnownClasses | null =>
  condition.kind === 'class' && labels
    ? { kind: 'class', names: labels.names, none: condition.drop > 0 }
    : null

/** The class that is told where one is asked for: the first, where it is not there and a map must be told one. */
export function toldClass({ names, none }: KnownClasses, asked: number | null): number | null {
  if (asked !== null && asked < names.length) return asked
  return none ? null : 0
}

/** Points drawn at once, of which those of the class are kept. */
const BLOCK = 256
/** Blocks without a point of a class after which it has none. */
const PATIENCE = 1000

/** Fills `out` with points of one class. @throws RangeError when the data has none */
function sampleClass(dataset: Dataset, index: number): Dataset['sample'] {
  const { dimension } = dataset
  return (source, out: Values) => {
    const points = new Float64Array(BLOCK * dimension)
    const classes = new Uint16Array(BLOCK)
    let filled = 0
    for (let empty = 0; filled < out.length; empty++) {
      if (empty === PATIENCE) throw new RangeError(`${dataset.name}: found no points of class ${index}`)
      dataset.sample(source, points, classes)
      for (let k = 0; k < BLOCK && filled < out.length; k++) {
        if (classes[k] !== index) continue
        out.set(points.subarray(k * dimension, (k + 1) * dimension), filled)
        filled += dimension
        empty = 0
      }
    }
  }
}

/**
 * The points of one class of a dataset as a dataset of its own; of a mixture, whose classes are its components, with its
 * closed form.
 */
export function classDataset(dataset: StandardizedDataset, index: number): StandardizedDataset {
  if (dataset.own) return standardizedBy(dataset.standardization, classDataset(dataset.own, index))
  const { mixture, labels: _, split: __, statistics: ___, ...rest } = dataset
  if (!mixture) return { ...rest, sample: sampleClass(dataset, index) }
  const own = { components: [{ ...mixture.components[index], weight: 1 }] }
  return { ...rest, mixture: own, sample: mixtureSampler(own) }
}
