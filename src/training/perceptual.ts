import type { Tensor } from '../autodiff/index.ts'
import { type Config, ConfigError } from '../config/index.ts'
import {
  type Draw,
  type ErrorFunction,
  type Features,
  perceptual,
  perceptualError,
  squaredError,
} from '../objective/index.ts'

/** What the log calls the perceptual loss. */
export const PERCEPTUAL = 'perceptual'

/** The perceptual loss of a batch: means over the samples of all terms. */
export interface PerceptualValue {
  /** What is added to the loss of the run. */
  readonly added: Tensor
  /** The same but for its weight, and of the plain squares. */
  readonly loss: Tensor
  readonly residual: Tensor
}

/** Parameterizations whose velocity divides by `max(s, times.minimum)`. */
const CLIPPED: readonly string[] = ['denoised', 'consistency']

/**
 * The perceptual loss on each sample's own call of the map, beside the formulas, which do not know of it. All samples count
 * alike, whatever the weight of the term that they train.
 *
 * @param terms  the draw of each, and its number of samples
 * @returns nothing where the run has none
 * @throws ConfigError when there is no network for features
 */
export function perceptualOf(
  { loss: { perceptual: keys }, network: { parameterization }, times }: Config,
  terms: readonly { readonly draw: Draw; readonly rows: number }[],
  features: Features | undefined,
): PerceptualValue | undefined {
  if (keys === null) return undefined
  if (!features) throw new ConfigError('loss.perceptual: the feature network is missing')
  const least = CLIPPED.includes(parameterization) ? times.minimum : 0
  const all = terms.reduce((sum, { rows }) => sum + rows, 0)
  const meanBy = (error: ErrorFunction): Tensor => {
    const losses = terms.map(({ draw }) => perceptual(features, keys.below, least, error)(draw))
    return losses.map(each => each.sum().div(all)).reduce((a, b) => a.add(b))
  }
  const loss = meanBy(perceptualError)
  return { added: loss.mul(keys.weight), loss, residual: meanBy(squaredError) }
}
