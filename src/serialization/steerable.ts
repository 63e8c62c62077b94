import { interpolants, unstandardized } from '../model/index.ts'
import { whyNoTrajectories, whyNoVelocity } from '../objective/index.ts'
import type { Random } from '../random/random.ts'
import { type PosteriorSampler, type SteerableMap, SteeringError } from '../steering/steerable.ts'
import type { LoadedMap } from './loaded-map.ts'

/**
 * A loaded map as steering asks of it: of the points that its network sees, which are standardised where the data was. A file
 * of jumps has neither velocity nor derivatives.
 */
export function steerable(map: LoadedMap): SteerableMap {
  const { inner, dimension, interpolant, model, objective, isGrounded } = map
  const noTrajectories = whyNoTrajectories(objective)
  const noVelocity = whyNoVelocity(objective, isGrounded)
  const { jump, velocity, jumpPullback, velocityPullback } = inner
  return {
    dimension,
    interpolant: interpolants[interpolant],
    jump,
    ...(model && !noVelocity && { velocity }),
    ...(noTrajectories && { noTrajectories }),
    ...(noVelocity && { noVelocity }),
    ...(jumpPullback && { jumpPullback }),
    ...(velocityPullback && !noVelocity && { velocityPullback }),
  }
}

/**
 * Samples of `p(x0 | x_tau)` by a stochastic map: one that was trained with `condition state`, so that one jump is one sample.
 *
 * @param map  whose points these are, as its network sees them
 * @throws SteeringError when the other is no stochastic map of the same points
 */
export function statePosterior(
  stochastic: LoadedMap,
  { dimension, standardization: by, model }: Pick<LoadedMap, 'dimension' | 'standardization' | 'model'>,
  random: Random,
): PosteriorSampler {
  if (stochastic.condition?.kind !== 'state') {
    throw new SteeringError('posterior samples need a run trained with --condition state')
  }
  const known = (of: Pick<LoadedMap, 'model'>) => of.model?.data.fingerprint.sha256 || undefined
  const [own, other] = [known({ model }), known(stochastic)]
  if (
    stochastic.dimension !== dimension ||
    JSON.stringify(stochastic.standardization) !== JSON.stringify(by) ||
    (own && other && own !== other)
  ) {
    throw new SteeringError('posterior samples need a run on the same data as the steered map')
  }
  return async (x, tau) => {
    const place = by ? unstandardized(by, x, tau) : x
    const n = x.length / dimension
    const state = new Float32Array(n * (dimension + 1))
    for (let i = 0; i < n; i++) {
      state.set(place.subarray(i * dimension, (i + 1) * dimension), i * (dimension + 1))
      state[i * (dimension + 1) + dimension] = tau
    }
    const noise = Float32Array.from(x, () => random.normal())
    return stochastic.given({ state }).inner.jump(noise, 1, 0)
  }
}
