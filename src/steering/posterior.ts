import { innerPlace, interpolants, numbers, type Points } from '../model/index.ts'
import type { Random } from '../random/random.ts'
import {
  mapped,
  type PosteriorSampler,
  type SteerableMap,
  SteeringError,
  type TracedSamples,
  velocityOf,
} from './steerable.ts'

/** In messages. */
const USE = 'a sample of the posterior'

/** `w(z, s | x_tau, tau)`, the velocity of the inner path, exact where the outer velocity is. */
export async function innerVelocity<P extends Points>(
  map: SteerableMap<P>,
  z: P,
  s: number,
  xTau: P,
  tau: number,
): Promise<P> {
  return (await innerSlope(map, z, s, xTau, tau)).velocity
}

/** The same with where it was looked up. */
async function innerSlope<P extends Points>(map: SteerableMap<P>, z: P, s: number, xTau: P, tau: number) {
  const by = innerPlace(numbers, tau, s)
  const x = mapped(z, (value, i) => by.fromCondition * xTau[i] + by.fromInner * value)
  const v = await velocityOf(map, USE)(x, by.time)
  const velocity = mapped(
    z,
    (value, i) => by.byCondition * xTau[i] + by.byInner * value + by.byVelocity * v[i],
  )
  return { velocity, x, by }
}

/**
 * A sampler of `p(x0 | x_tau)` from a velocity alone: Euler's steps along the inner path, from noise of its own to data. It
 * tends to the posterior as the steps grow; the cost of a sample is one evaluation of the network for each, and of its gradient one
 * backwards.
 *
 * @param steps  1 or more; one gives the mean of the posterior, without any spread
 * @throws SteeringError when the map's path is not the linear one, or it has no velocity
 */
export function innerPosterior<P extends Points>(
  map: SteerableMap<P>,
  steps: number,
  random: Random,
): PosteriorSampler<P> {
  if (map.interpolant !== interpolants.linear) {
    throw new SteeringError('posterior samples need a map on the linear path')
  }
  velocityOf(map, USE)
  const { velocityPullback } = map
  const draw = async (x: P, tau: number): Promise<TracedSamples<P>> => {
    let z = mapped(x, () => random.normal())
    if (tau === 0) return { points: x.slice() as P, pullback: async g => g }
    const slopes: Awaited<ReturnType<typeof innerSlope<P>>>[] = []
    const h = -1 / steps
    for (let k = 0; k < steps; k++) {
      const slope = await innerSlope(map, z, 1 - k / steps, x, tau)
      z = mapped(z, (value, i) => value + h * slope.velocity[i])
      slopes.push(slope)
    }
    return {
      points: z,
      async pullback(g) {
        let along = g
        let total = mapped(g, () => 0)
        for (const { x: place, by } of [...slopes].reverse()) {
          const atPlace = await velocityPullback!(
            place,
            by.time,
            mapped(along, value => h * by.byVelocity * value),
          )
          const after = along
          total = mapped(
            total,
            (value, i) => value + h * by.byCondition * after[i] + by.fromCondition * atPlace[i],
          )
          along = mapped(after, (value, i) => (1 + h * by.byInner) * value + by.fromInner * atPlace[i])
        }
        return total
      },
    }
  }
  return Object.assign(
    async (x: P, tau: number) => (await draw(x, tau)).points,
    velocityPullback && { traced: draw },
  )
}

/** Signal over noise, `((1-t)/t)^2`. */
const snr = (t: number): number => ((1 - t) / t) ** 2

/**
 * Where the inner flow may stop for a sample of `x_t` given `x_tau`, which then needs no bridge: `s* = 1/(1 + sqrt(snr(t) -
 * snr(tau)))`, and `x_t` is `(1-t)` times the statistic of `x_tau` and `z_{s*}`.
 *
 * @param t  above 0 and below `tau`
 */
export function earlyStop(
  tau: number,
  t: number,
): { readonly s: number; readonly fromCondition: number; readonly fromInner: number } {
  const s = 1 / (1 + Math.sqrt(snr(t) - snr(tau)))
  const { fromCondition, fromInner } = innerPlace(numbers, tau, s)
  return { s, fromCondition, fromInner }
}
