import type { Decided } from '../objective/index.ts'
import type { Config } from './index.ts'

/** Where the points of data live. */
export interface Placed {
  /** Of a point; absent for a row of numbers. */
  readonly shape?: readonly number[]
  readonly space?: string
}

/** What a sampler has to know of where points live: their space, and of text the clock of its times. */
export const placed = (
  { times: { law, argmaxShare } }: Pick<Config, 'times'>,
  { shape, space }: Placed,
): { readonly space?: string; readonly decided?: Decided } => ({
  ...(space !== undefined && { space }),
  ...(law === 'argmax' && shape && { decided: { alphabet: shape[shape.length - 1], share: argmaxShare } }),
})
