import {
  checkFinite,
  checkFloats,
  checkFunction,
  checkOptions,
  checkSeed,
  refuseArgument,
} from '../data/arguments.ts'
import { type Interpolant, type Points, predictions } from '../model/index.ts'
import { checkWholeGrid } from './grid.ts'
import type { Jump } from './sampler.ts'
import { solvers } from './solvers/table.ts'
import { seededNoise, through } from './through.ts'

export interface RenoiseOptions {
  /** The path that the map was trained on. */
  readonly interpolant: Interpolant
  /** Seed of the noise added on the way; the noise to begin with is the caller's. */
  readonly seed: number
}

/**
 * Samples a map that need only know how to end at data: jumps to `t = 0`, and for each inner time of the grid, in turn,
 * goes back there with fresh noise and jumps again:
 * `x = F(eps, 1, 0)`, then `x = F(alpha(tau) x + sigma(tau) n, tau, 0)`.
 *
 * Song et al. 2023, arXiv:2303.01469, alg. 1. One evaluation for each interval of the grid. The added noise is
 * addressed by the number of the inner time, so a smaller count of points is the beginning of a larger one.
 *
 * @param noise  standard normal points `[n, D]`, row after row
 * @param grid  `1 = t_0 > ... > t_n = 0`; the inner times are those gone back to
 * @throws GridError when the grid does not fall from 1 to 0; ArgumentError when points or seed are something else
 */
export async function renoise<P extends Points>(
  jump: Jump<P>,
  noise: P,
  grid: readonly number[],
  options: RenoiseOptions,
): Promise<P> {
  checkFunction('renoise: jump', jump)
  checkFloats('renoise: points', noise)
  checkFinite('renoise: points', noise)
  checkOptions('renoise: options', options, ['interpolant', 'seed'])
  const { interpolant, seed } = options
  if (typeof interpolant?.alpha !== 'function')
    refuseArgument('renoise: interpolant', 'one of interpolants', interpolant)
  checkSeed('renoise: seed', seed)
  return through<P, Record<string, never>>(({ x, s, t }) => jump(x, s, t!), noise, checkWholeGrid(grid), {
    path: interpolant,
    prediction: predictions.velocity,
    solver: solvers.renoise,
    options: {},
    noise: seededNoise('renoise', seed),
  })
}
