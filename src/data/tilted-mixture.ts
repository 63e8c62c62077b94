import { mixtureOf, tilted } from '../model/exact-tilt.ts'
import type { Quadratic } from '../model/quadratic.ts'
import type { Mixture } from './dataset.ts'
import { DataError } from './error.ts'

/** The logarithm of a tilt up to a constant; see `Quadratic`. */
export type QuadraticTilt = Omit<Quadratic, 'constant'>

/** Components with less of the weight are left out: no sample would ever be of them. */
const LEAST_WEIGHT = 1e-15

/**
 * The distribution `p(x) e^q(x) / Z` of a Gaussian mixture `p` and a quadratic `q`: a mixture again.
 *
 * @returns its components, and which of the given ones they were
 * @throws {DataError} when the tilt outgrows a component
 */
export function tiltedMixture(
  mixture: Mixture,
  tilt: QuadraticTilt,
): { readonly mixture: Mixture; readonly kept: readonly number[] } {
  const { components } = lawOf(mixture, tilt)
  const kept = components.flatMap(({ weight }, k) => (weight >= LEAST_WEIGHT ? [k] : []))
  const total = kept.reduce((sum, k) => sum + components[k].weight, 0)
  const left = kept.map(k => ({ ...components[k], weight: components[k].weight / total }))
  return { mixture: mixtureOf(left), kept }
}

function lawOf(mixture: Mixture, tilt: QuadraticTilt) {
  try {
    return tilted(mixture, { ...tilt, constant: 0 })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new DataError(
      'data.tilted: the reward grows faster than the tails of the data fall; there is no such distribution',
    )
  }
}
