import { pictureShape } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { strayRule } from '../metric/strays.ts'
import type { Points } from '../model/index.ts'
import { standardized } from '../model/index.ts'

/**
 * Which points are off the data, `[n]`, as the metric `strays` tells; nothing of pictures, which are drawn whole, of text, and in curved
 * spaces, where the rule would measure distances by coordinates.
 *
 * @param seen  the dataset as it is measured
 * @param points  `[n, dimension]`, as the network sees them
 */
export function strayMarksOf(seen: StandardizedDataset, points: Points): Uint8Array | undefined {
  if (pictureShape(seen) || (seen.space ?? 'flat') !== 'flat') return undefined
  return strayRule(seen)(points)
}

/** The same of points in the data's own units. */
export function strayMarks(seen: StandardizedDataset, points: Points): Uint8Array | undefined {
  const { standardization: by } = seen
  return strayMarksOf(seen, by ? standardized(by, points) : points)
}
