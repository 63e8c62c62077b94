import type { Points } from '../model/index.ts'
import { distinctShare, type SteerResult } from './steer.ts'
import { counted, mapped, type PointReward, type SteerableMap } from './steerable.ts'
import { effectiveCount, meanOf, normalized } from './weights.ts'

/** `N(mean, diag e^(2 logScale))` of the noise, a number for each coordinate. */
export interface AdaptedNoise {
  readonly mean: ArrayLike<number>
  readonly logScale: ArrayLike<number>
}

/** Samples from adapted noise. */
export interface AdaptedResult<P extends Points = Float32Array> extends SteerResult<P> {
  /** An estimate of `E_q[r(F(z,1,0))] - KL(q | N(0,I))`, which is at most `log Z`, and equal where `q` is the noise's own posterior. */
  readonly bound: number
}

/**
 * Samples `F(z,1,0)`, `z ~ q`, in one jump each. `ess` is how many samples of the map's own posterior they are worth by their weights
 * `e^r N(z; 0,I)/q(z)`. Of these there is no estimate of `Z`: its variance has no bound where `q` is narrower than the posterior.
 *
 * @param reward  the logarithm of a likelihood up to a constant
 * @param noise  standard normal points `[n, D]`
 */
export async function adapted<P extends Points>(
  map: SteerableMap<P>,
  reward: PointReward<P>,
  { mean, logScale }: AdaptedNoise,
  noise: P,
): Promise<AdaptedResult<P>> {
  const { dimension } = map
  const count = counted(map, reward)
  const z = mapped(noise, (n, i) => mean[i % dimension] + Math.exp(logScale[i % dimension]) * n)
  const points = await count.map.jump(z, 1, 0)
  const rewards = await count.reward.value(points)
  const logWeights = Float64Array.from(rewards)
  for (let i = 0; i < z.length; i++) {
    logWeights[Math.floor(i / dimension)] += (noise[i] ** 2 - z[i] ** 2) / 2 + logScale[i % dimension]
  }
  let divergence = 0
  for (let d = 0; d < dimension; d++) {
    divergence += (Math.exp(2 * logScale[d]) + mean[d] ** 2 - 1 - 2 * logScale[d]) / 2
  }
  const share = effectiveCount(normalized(logWeights)) / logWeights.length
  const before = await map.jump(noise, 1, 0)
  return {
    points,
    before,
    meanReward: { before: meanOf(await reward.value(before)), after: meanOf(rewards) },
    distinct: distinctShare(points, dimension),
    evaluations: count.evaluations,
    bound: meanOf(rewards) - divergence,
    ess: [share],
    resampled: 0,
    acceptance: null,
    isSample: false,
  }
}
