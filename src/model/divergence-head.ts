import { z } from 'zod'
import { sizeOf } from '../autodiff/index.ts'
import type { PointSpec } from './network.ts'

/** The key of `network` for a divergence head, in every kind that can have one. */
export interface DivergenceHeadKey {
  /** The scale of the head's output, in 1 per time; 0 for no head, `auto` for twice the coordinates of a point. */
  readonly divergenceHead: number | 'auto'
}

export const divergenceHeadSchema = z.union([z.literal('auto'), z.number().min(0)])

/**
 * The scale of a head: divergences are of the size of `n` over the smallest deviation of the data. Published: 10 for `n = 2`,
 * 20,000 for 3072, 10,000 for 12,288 (F2D2, arXiv:2512.02636).
 */
export const divergenceScale = (
  { divergenceHead }: DivergenceHeadKey,
  { shape }: Pick<PointSpec, 'shape'>,
): number => (divergenceHead === 'auto' ? 2 * sizeOf(shape) : divergenceHead)

/** The same of any network: 0 where its kind knows no heads. */
export const scaleOfHead = ({
  config,
  point,
}: {
  readonly config: object
  readonly point: Pick<PointSpec, 'shape'>
}): number => divergenceScale({ divergenceHead: 0, ...config } as DivergenceHeadKey, point)

/** The arrays of a head and what they are called. */
export const DIVERGENCE = 'divergence'
