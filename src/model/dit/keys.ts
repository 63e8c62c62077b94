import type { CommonKeys, PointSpec } from '../network.ts'
import type { DitOptions } from './options.ts'

/** Keys of `network` for a transformer; see `DitOptions`. */
export interface DitKeys
  extends Omit<DitOptions, 'image' | 'classes' | 'vector' | 'conditioning' | 'hidden' | 'split'> {
  /** Null for four times the width, or 8/3 of it with `swiglu`, which has half as many parameters more. */
  readonly hidden: number | null
  /** Null for two thirds of the blocks. */
  readonly split: number | null
}

export type DitConfig = CommonKeys & DitKeys

export const hiddenOf = ({ hidden, width, activation }: DitConfig): number =>
  hidden ?? Math.round((activation === 'swiglu' ? 8 / 3 : 4) * width)

const splitOf = ({ split, depth }: DitConfig): number => split ?? Math.max(1, Math.round((2 * depth) / 3))

export const optionsOf = (config: DitConfig, { shape, condition }: PointSpec): DitOptions => ({
  ...config,
  image: shape,
  hidden: hiddenOf(config),
  split: splitOf(config),
  ...(condition?.kind === 'class' && { classes: condition.classes }),
  ...(condition?.kind === 'vector' && { vector: condition.size }),
})
