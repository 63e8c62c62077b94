import type { Config } from '../../src/config/index.ts'
import type { PointSpec } from '../../src/model/index.ts'

/** Points in the plane. */
export const plane: PointSpec = { shape: [2] }

/** Two positions of three symbols. */
const symbols: PointSpec = { shape: [2, 3], space: 'simplex' }

/** The same of two classes or of noisy points, where a run is told them; symbols, where it reads their logits. */
export function planeFor({ condition: { kind }, network }: Config): PointSpec {
  if (network.parameterization === 'simplex') return symbols
  if (kind === 'none') return plane
  return { ...plane, condition: kind === 'state' ? { kind, size: 2 } : { kind: 'class', classes: 2 } }
}
