import type { Points } from '../model/index.ts'
import type { Random } from '../random/random.ts'
import { mapped } from './steerable.ts'

/** Particles by their noise, where that leads, and the logarithm of the density that they are tilted by. */
export interface Moving<P extends Points> {
  z: P
  x: P
  ahead: Float64Array
}

/** `sqrt(1 - rho^2) z + rho n`, which keeps the standard normal law. */
export const proposal = <P extends Points>(z: P, rho: number, normal: (i: number) => number): P =>
  mapped(z, (value, i) => Math.sqrt(1 - rho ** 2) * value + rho * normal(i))

/**
 * One move of every particle under `N(z; 0, I) e^{g(F(z))}`: the proposal is accepted with probability `min(1, e^{g' - g})`,
 * which keeps that law exactly for any map, step or look-ahead, without a density or a gradient. Preconditioned
 * Crank-Nicolson: Cotter et al. 2013, arXiv:1202.0709.
 *
 * @param state  changed in place
 * @param rho  0 to 1
 * @returns how many were accepted
 */
export async function noiseMoves<P extends Points>(
  state: Moving<P>,
  dimension: number,
  through: (z: P) => Promise<P>,
  lookAhead: (x: P) => Promise<Float64Array>,
  rho: number,
  random: Random,
): Promise<number> {
  const z = proposal(state.z, rho, () => random.normal())
  const x = await through(z)
  const ahead = await lookAhead(x)
  const moved = { z: state.z.slice() as P, x: state.x.slice() as P, ahead: state.ahead.slice() }
  let accepted = 0
  for (let i = 0; i < ahead.length; i++) {
    if (!(Math.log(random.uniform()) < ahead[i] - moved.ahead[i])) continue
    const [from, to] = [i * dimension, (i + 1) * dimension]
    moved.z.set(z.subarray(from, to), from)
    moved.x.set(x.subarray(from, to), from)
    moved.ahead[i] = ahead[i]
    accepted++
  }
  Object.assign(state, moved)
  return accepted
}
