import type { Config } from '../../src/config/index.ts'
import type { PointSpec } from '../../src/model/index.ts'

/** Points in the plane. */
export const plane: PointSpec = { shape: [2] }

/** The same of two classes, where a run is told them. */
export const planeFor = ({ condition: { kind } }: Config): PointSpec =>
  kind === 'none' ? plane : { ...plane, condition: { kind: 'class', classes: 2 } }
