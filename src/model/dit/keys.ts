import { type DivergenceHeadKey, divergenceScale } from '../divergence-head.ts'
import { scalesInput } from '../input-scale.ts'
import type { CommonKeys, PointSpec } from '../network.ts'
import { policyKeys } from '../policy.ts'
import type { DitOptions } from './options.ts'

/** Keys of `network` for a transformer; see `DitOptions`. */
export interface DitKeys
  extends DivergenceHeadKey,
    Omit<
      DitOptions,
      | 'shape'
      | 'scalesInput'
      | 'policy'
      | 'classes'
      | 'vector'
      | 'conditioning'
      | 'hidden'
      | 'split'
      | 'divergenceScale'
    > {
  /** Null for four times the width, or 8/3 of it with `swiglu`, which has half as many parameters more. */
  readonly hidden: number | null
  /** Null for two thirds of the blocks. */
  readonly split: number | null
}

export type DitConfig = CommonKeys & DitKeys

export const hiddenOf = ({
  hidden,
  width,
  activation,
}: Pick<DitConfig, 'hidden' | 'width' | 'activation'>): number =>
  hidden ?? Math.round((activation === 'swiglu' ? 8 / 3 : 4) * width)

const splitOf = ({ split, depth }: Pick<DitConfig, 'split' | 'depth'>): number =>
  split ?? Math.max(1, Math.round((2 * depth) / 3))

export const optionsOf = ({ divergenceHead, ...config }: DitConfig, point: PointSpec): DitOptions => ({
  ...config,
  divergenceScale: divergenceScale({ divergenceHead }, point),
  policy: policyKeys(config, point),
  shape: point.shape,
  scalesInput: scalesInput(point),
  hidden: hiddenOf(config),
  split: splitOf(config),
  ...(point.condition?.kind === 'class' && { classes: point.condition.classes }),
  ...(point.condition?.kind === 'vector' && { vector: point.condition.size }),
})
