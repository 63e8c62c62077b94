import type { PointSpec } from '../../src/model/index.ts'

/** Points in the plane. */
export const plane: PointSpec = { shape: [2] }
