import { constant, select, type Tensor } from '../autodiff/index.ts'
import type { BoundNetwork } from './bound-network.ts'

/**
 * What published diffusion models put around their network, for data of deviation 1, so that a point `x` is on the path
 * of this package. For data of another deviation the points are standardised by it.
 */

/** Noise levels beside the data's deviation, `0.002/0.5` to `80/0.5`: outside of them no network was trained. */
const LEAST_SIGMA = 0.004
const LARGEST_SIGMA = 160

/** The times of these levels on the linear path: `sigma = s/(1-s)`. */
const EARLIEST = LEAST_SIGMA / (1 + LEAST_SIGMA)
const LATEST = LARGEST_SIGMA / (1 + LARGEST_SIGMA)

const one = (like: Tensor): Tensor => constant(1, [], like.dtype)

/** `ln(sigma)/4`, the time that these networks see. */
function logSigma(s: Tensor): Tensor {
  const within = s.maximum(EARLIEST).minimum(LATEST)
  return within.div(one(s).sub(within)).log().mul(0.25)
}

/** `sqrt(s^2 + (1-s)^2)`: the deviation of `x_s`. */
const deviation = (s: Tensor): Tensor => s.square().add(one(s).sub(s).square()).sqrt()

/**
 * The denoiser `D = c_skip x + c_out N(c_in x, ln(sigma)/4)` of Karras et al. 2022, arXiv:2206.00364, table 1, as a velocity
 * on the linear path: `V = (x - D)/s = ((2s-1) x/r - N(x/r))/r`, which divides by no time.
 */
export const edm =
  (network: BoundNetwork): BoundNetwork =>
  (x, s, t) => {
    const r = deviation(s)
    const scaled = x.div(r)
    const output = network(scaled, logSigma(s), logSigma(t))
    return s.mul(2).sub(1).mul(scaled).sub(output).div(r)
  }

/**
 * The consistency function `f = c_skip x + c_out N(c_in x, ln(sigma)/4)` with `f(x, 0.002) = x` at a deviation of 0.5, of
 * Song et al. 2023, arXiv:2303.01469, appendix C, as the jump to data on the linear path: `F(x, s, 0) = f`.
 */
export const consistency =
  (network: BoundNetwork, least: number): BoundNetwork =>
  (x, s, t) => {
    const r = deviation(s)
    const rest = one(s).sub(s)
    const above = s.sub(rest.mul(LEAST_SIGMA))
    const skip = rest.div(above.square().add(rest.square()))
    const output = network(x.div(r), logSigma(s), logSigma(t))
    const f = skip.mul(x).add(above.div(r).mul(output))
    return x.sub(f).div(s.maximum(least))
  }

/** Below this length of a jump its limit is taken. */
const SHORTEST = 1e-4

/**
 * The step of TrigFlow on the path `cos(pi s/2) x0 + sin(pi s/2) eps`: `F(x, s, t) = cos(d) x - sin(d) N(x, s, t)`,
 * `d = pi (s-t)/2`. At `t = 0` that is its consistency function, for a short step its velocity `pi/2 N`. Lu & Song 2024,
 * arXiv:2410.11081, sec. 3 and eq. 4.
 */
export const trigflow =
  (network: BoundNetwork): BoundNetwork =>
  (x, s, t) => {
    const gap = s.sub(t)
    const half = gap.mul(Math.PI / 4)
    const short = gap.abs().less(SHORTEST)
    const safe = select(short, constant(SHORTEST, [], gap.dtype), gap)
    const ratio = safe
      .mul(Math.PI / 4)
      .sin()
      .mul(2)
      .div(safe)
    return ratio.mul(
      half
        .sin()
        .mul(x)
        .add(half.cos().mul(network(x, s, t))),
    )
  }
