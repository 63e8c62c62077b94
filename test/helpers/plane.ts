import type { Config } from '../../src/config/index.ts'
import type { PointSpec } from '../../src/model/index.ts'

/** Points in the plane. */
export const plane: PointSpec = { shape: [2] }

/** The same of two classes or of noisy points, where a run is told them. */
export function planeFor({ condition: { kind } }: Config): PointSpec {
  if (kind === 'none') return plane
  return { ...plane, condition: kind === 'state' ? { kind, size: 2 } : { kind: 'class', classes: 2 } }
}
