import { checkFinite, checkFloats, checkSeed, checkWhole } from '../data/arguments.ts'
import type { Points } from '../model/index.ts'
import { random as randomOf } from '../random/random.ts'
import { noiseMoves } from './moves.ts'
import { ancestralError, checkWeights, type ParticlesOptions, type Steered } from './particles.ts'
import { resamplings } from './resampling.ts'
import { picked } from './steerable.ts'
import { effectiveCount, logMeanExp, normalized } from './weights.ts'

export interface NoiseSpaceOptions extends Omit<ParticlesOptions, 'grid' | 'equal' | 'rho'> {
  /** Steps in which the reward is turned up from 0 to 1, 1 or more. */
  readonly temperatures: number
  /** Of a move, or `adapt` for one of which 30 % are accepted; default 0.5. */
  readonly rho?: number | 'adapt'
}

const WANTED = 0.3

/**
 * Tilts the noise in the place of the data: particles under `N(z; 0, I) e^{kappa beta r(F(z, 1, 0))}`, `kappa` from 0 to 1, each
 * temperature followed by Metropolis moves of the noise. Exact for any map, of whose one-jump law it is the tilt; no
 * gradient, no density, one jump a move. After Del Moral, Doucet & Jasra 2006, and arXiv:1202.0709 for the moves.
 *
 * @param end  where noise `[n, D]` leads
 * @param reward  of points `[n, D]`, times `beta`: `[n]`
 */
export async function noiseSpace<P extends Points>(
  end: (z: P) => Promise<P>,
  reward: (x: P) => Promise<Float64Array>,
  noise: P,
  dimension: number,
  options: NoiseSpaceOptions,
): Promise<Steered<P>> {
  const { temperatures, threshold = 0.5, resampling = 'systematic', moves = 1, seed } = options
  checkFloats('noiseSpace: points', noise)
  checkFinite('noiseSpace: points', noise)
  checkSeed('noiseSpace: seed', seed)
  checkWhole('noiseSpace: temperatures', temperatures, 1, 100_000)
  checkWhole('noiseSpace: moves', moves, 0, 1000)
  const random = randomOf(seed, 'steering')
  const n = noise.length / dimension
  let rho = options.rho === 'adapt' ? 0.5 : (options.rho ?? 0.5)

  let z = noise
  let x = await end(noise)
  let rewards = await reward(x)
  let logWeights: Float64Array = new Float64Array(n)
  let ancestors = Int32Array.from({ length: n }, (_, i) => i)
  let [logZ, logZError, resampled, accepted] = [0, 0, 0, 0]
  const ess: number[] = []
  for (let k = 1; k <= temperatures; k++) {
    logWeights = logWeights.map((weight, i) => weight + rewards[i] / temperatures)
    checkWeights(logWeights)
    const weights = normalized(logWeights)
    const share = effectiveCount(weights) / n
    ess.push(share)
    options.progress?.(k)
    const isLast = k === temperatures
    if (isLast) logZError = ancestralError(weights, ancestors, resampled)
    if (isLast || share < threshold) {
      const chosen = resamplings[resampling](weights, () => random.uniform())
      logZ += logMeanExp(logWeights)
      z = picked(z, dimension, chosen)
      x = picked(x, dimension, chosen)
      rewards = Float64Array.from(chosen, i => rewards[i])
      ancestors = Int32Array.from(chosen, i => ancestors[i])
      logWeights = new Float64Array(n)
      if (!isLast) resampled++
    }
    const kappa = k / temperatures
    const state = { z, x, ahead: rewards.map(value => kappa * value) }
    for (let move = 0; move < moves; move++) {
      const tempered = async (y: P) => (await reward(y)).map(value => kappa * value)
      const count = await noiseMoves(state, dimension, end, tempered, rho, random)
      accepted += count
      if (options.rho === 'adapt') rho = Math.min(1, Math.max(0.01, rho * Math.exp(count / n - WANTED)))
    }
    ;({ z, x } = state)
    rewards = state.ahead.map(value => value / kappa)
  }
  const proposed = temperatures * moves * n
  return {
    points: x,
    logWeights,
    logZ,
    logZError,
    ancestors: new Set(ancestors).size / n,
    ess,
    resampled,
    acceptance: proposed > 0 ? accepted / proposed : null,
  }
}
