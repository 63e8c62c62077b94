import { pictureShape } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { strayRule } from '../metric/strays.ts'
import type { Points } from '../model/index.ts'
import { standardized } from '../model/index.ts'

/**
 * Which points are off the data, `[n]`, as the metric `strays` tells; nothing of pictures, which are drawn whole.
 *
 * @param seen  the dataset as it is measured
 * @param points  `[n, dimension]`, in the data's own units
 */
export function strayMarks(seen: StandardizedDataset, points: Points): Uint8Array | undefined {
  if (pictureShape(seen)) return undefined
  const { standardization: by } = seen
  return strayRule(seen)(by ? standardized(by, points) : points)
}
