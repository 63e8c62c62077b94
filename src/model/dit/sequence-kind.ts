import { z } from 'zod'
import type { NetworkKind, PointSpec } from '../network.ts'
import type { DitConfig, DitKeys } from './keys.ts'
import { dit, ditProblem } from './kind.ts'

function misfit({ patch }: DitConfig, { shape }: PointSpec): string | undefined {
  if (shape.length !== 2) {
    return `network.kind: transformer is for sequences [positions, numbers], found points [${shape.join(', ')}]; use ${shape.length === 3 ? 'dit' : 'mlp'}`
  }
  const [length] = shape
  if (length % patch === 0) return undefined
  const fit = Array.from({ length }, (_, i) => i + 1).filter(count => length % count === 0)
  return `network.patch: expected a divisor of the ${length} positions (${fit.join(', ')}); found ${patch}`
}

/** The blocks of `dit` on the positions of sequences `[L, K]`, such as one-hot text. */
export const transformer: NetworkKind<DitKeys> = {
  ...dit,
  kind: 'transformer',
  keys: { ...dit.keys, position: z.enum(['sincos', 'learned', 'rotary', 'none']) },
  defaults: { ...dit.defaults, patch: 1 },
  batch: 128,
  describe: ({ depth, width, patch, heads, injection }) =>
    `${depth} blocks x ${width} (${heads} heads) on ${patch === 1 ? 'positions' : `patches of ${patch} positions`}, told by ${injection}`,
  problem: config => ditProblem(config, 1),
  misfit,
}
