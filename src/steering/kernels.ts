import { coefficientsAt, type Points } from '../model/index.ts'
import type { Random } from '../random/random.ts'
import { scoreCoefficients } from './denoised.ts'
import { mapped, type PosteriorSampler, type SteerableMap, velocityOf } from './steerable.ts'

/** What takes particles `[n, D]` from a time to a lower one: a jump, with noise. */
export type Kernel<P extends Points = Float32Array> = (x: P, s: number, t: number) => Promise<P>

/** `F(x, s, t)`: no noise, so copies stay copies. */
export const jumpKernel =
  <P extends Points>({ jump }: SteerableMap<P>): Kernel<P> =>
  (x, s, t) =>
    jump(x, s, t)

/** `alpha(t) F(x, s, 0) + sigma(t) n`: two times are independent given the data point. */
export const renoiseKernel =
  <P extends Points>({ jump, interpolant }: SteerableMap<P>, random: Random): Kernel<P> =>
  async (x, s, t) => {
    const end = await jump(x, s, 0)
    if (t === 0) return end
    const { alpha, sigma } = coefficientsAt(interpolant, t)
    return mapped(end, value => alpha * value + sigma * random.normal())
  }

/** The numbers of the bridge from `x_s` to `x_t`, given `x_0`. */
export interface Bridge {
  readonly fromData: number
  readonly fromPoint: number
  readonly noise: number
}

/**
 * `x_t = alpha_t y + sqrt(sigma_t^2 - v^2) (x_s - alpha_s y)/sigma_s + v n`, `v = eta sigma_t sqrt(Q)/sigma_s`,
 * `Q = sigma_s^2 - sigma_t^2 (alpha_s/alpha_t)^2`. Every `eta` keeps `p_t`: 1 is Bayes' reverse kernel, 0 that of DDIM.
 *
 * Song, Meng & Ermon 2021, arXiv:2010.02502.
 *
 * @param s  the time of `x_s`, above `t`
 * @param eta  0 to 1
 */
export function bridge(
  { interpolant }: Pick<SteerableMap<Points>, 'interpolant'>,
  s: number,
  t: number,
  eta: number,
): Bridge {
  const [from, to] = [coefficientsAt(interpolant, s), coefficientsAt(interpolant, t)]
  if (t === 0) return { fromData: 1, fromPoint: 0, noise: 0 }
  const Q = from.sigma ** 2 - (to.sigma * (from.alpha / to.alpha)) ** 2
  const variance = (eta * to.sigma) ** 2 * (Q / from.sigma ** 2)
  const fromPoint = Math.sqrt(Math.max(0, to.sigma ** 2 - variance)) / from.sigma
  return { fromData: to.alpha - fromPoint * from.alpha, fromPoint, noise: Math.sqrt(variance) }
}

/** `y ~ p(x0 | x_s)`, then the bridge: its law is the data's own, exactly, where the posterior is. */
export const posteriorKernel =
  <P extends Points>(
    map: SteerableMap<P>,
    posterior: PosteriorSampler<P>,
    random: Random,
    eta = 1,
  ): Kernel<P> =>
  async (x, s, t) => {
    const y = await posterior(x, s)
    const { fromData, fromPoint, noise } = bridge(map, s, t, eta)
    if (noise === 0) return mapped(y, (value, i) => fromData * value + fromPoint * x[i])
    return mapped(y, (value, i) => fromData * value + fromPoint * x[i] + noise * random.normal())
  }

/**
 * A step of `dx = (-v + t score) dt + sqrt(2 t) dW` towards data, whose noise is finite at both ends: `x - h v + h s score +
 * sqrt(2 s h) n`, `h = s - t`, without noise in the last step. It has the law of its own discretisation.
 *
 * Song et al. 2021, arXiv:2011.13456, for the equation; the amount of noise is free.
 */
export const eulerMaruyamaKernel =
  <P extends Points>(map: SteerableMap<P>, random: Random): Kernel<P> =>
  async (x, s, t) => {
    const v = await velocityOf(map, 'the kernel euler-maruyama')(x, s)
    const { a, b } = scoreCoefficients(map.interpolant, s)
    const h = s - t
    const spread = t === 0 ? 0 : Math.sqrt(2 * s * h)
    return mapped(x, (value, i) => {
      const drift = s * (a * value + b * v[i]) - v[i]
      return value + h * drift + (spread && spread * random.normal())
    })
  }
