import { splitCloud } from './apart.ts'
import type { Cloud } from './cloud.ts'
import { colourOf } from './colours.ts'

/** A cloud whose samples off the data are drawn in the colour of strays. */
export const splitStrays = (cloud: Cloud, marks: Uint8Array | null | undefined): Cloud[] =>
  splitCloud(cloud, marks, colourOf('--stray', 0.95))
