import { constant, select, type Tensor } from '../autodiff/index.ts'
import type { BoundNetwork } from './bound-network.ts'
import { type Coefficients, coefficientsOf, timeOfRatio, wronskian } from './coefficients.ts'
import type { Interpolant } from './interpolants/interpolant.ts'
import { linear } from './interpolants/linear.ts'
import type { PolicyKeys } from './policy.ts'
import type { Space } from './space.ts'

/**
 * What published diffusion models put around their network, for data of deviation 1, so that a point `x` is on the path
 * of this package. For data of another deviation the points are standardised by it.
 */

/** What a parameterization knows beside the network. */
export interface Around {
  /** The smallest time that it divides by. */
  readonly least: number
  readonly path: Interpolant
  readonly space: Space
  /** Of `policy`. */
  readonly policy?: PolicyKeys
}

/** Noise levels beside the data's deviation, `0.002/0.5` to `80/0.5`: outside of them no network was trained. */
const LEAST_SIGMA = 0.004
const LARGEST_SIGMA = 160

const one = (like: Tensor): Tensor => constant(1, [], like.dtype)

/** `ln(sigma/alpha)/4`, the time that these networks see. */
function logRatio(path: Interpolant, s: Tensor): Tensor {
  const [earliest, latest] = [LEAST_SIGMA, LARGEST_SIGMA].map(r => timeOfRatio(path, r))
  const within = s.maximum(earliest).minimum(latest)
  return path.sigma(within).div(path.alpha(within)).log().mul(0.25)
}

/** `sqrt(alpha^2 + sigma^2)`: the deviation of `x_s`. */
const deviation = ({ alpha, sigma }: Pick<Coefficients<Tensor>, 'alpha' | 'sigma'>): Tensor =>
  alpha.square().add(sigma.square()).sqrt()

/** The network inside: `N(x/sqrt(alpha^2 + sigma^2), ln(sigma/alpha)/4)`. */
export const edmNetwork =
  (network: BoundNetwork, path: Interpolant): BoundNetwork =>
  (x, s, t) => {
    const r = deviation({ alpha: path.alpha(s), sigma: path.sigma(s) })
    return network(x.div(r), logRatio(path, s), logRatio(path, t))
  }

/**
 * The denoiser `D = c_skip x + c_out N(c_in x, ln(sigma)/4)` of Karras et al. 2022, arXiv:2206.00364, table 1, as a velocity
 * on a path: `V = ((alpha alpha' + sigma sigma') x/r - W N)/r`, `r^2 = alpha^2 + sigma^2`, which divides by neither `alpha` nor
 * `sigma`; on the linear path `(x - D)/s`.
 */
export const edm =
  (network: BoundNetwork, { path }: Pick<Around, 'path'>): BoundNetwork =>
  (x, s, t) => {
    const at = coefficientsOf(path, s)
    const r = deviation(at)
    const output = edmNetwork(network, path)(x, s, t)
    const slope = at.alpha.mul(at.alphaRate).add(at.sigma.mul(at.sigmaRate))
    return slope.mul(x.div(r)).sub(wronskian(at).mul(output)).div(r)
  }

/**
 * The consistency function `f = c_skip x + c_out N(c_in x, ln(sigma)/4)` with `f(x, 0.002) = x` at a deviation of 0.5, of
 * Song et al. 2023, arXiv:2303.01469, appendix C, as the jump to data on the linear path: `F(x, s, 0) = f`.
 */
export const consistency =
  (network: BoundNetwork, { least }: Around): BoundNetwork =>
  (x, s, t) => {
    const r = deviation({ alpha: one(s).sub(s), sigma: s })
    const rest = one(s).sub(s)
    const above = s.sub(rest.mul(LEAST_SIGMA))
    const skip = rest.div(above.square().add(rest.square()))
    const output = network(x.div(r), logRatio(linear, s), logRatio(linear, t))
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
