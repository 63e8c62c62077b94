import { jvp, onesLike, type Tensor } from '../../autodiff/index.ts'
import type { Path } from '../path.ts'
import type { Space } from '../space.ts'

/** The geometry of a space whose points and vectors have coordinates along the last axis. */
export interface Geometry {
  /** `<a, b>` of vectors, `[B, 1]`. */
  inner(a: Tensor, b: Tensor): Tensor
  /** The velocity, tangent at `x`, that a network's output stands for. */
  velocity(x: Tensor, output: Tensor): Tensor
  tangent(x: Tensor, vector: Tensor): Tensor
  exp(x: Tensor, u: Tensor): Tensor
  /** `log_x(y)` along the shortest way. */
  log(x: Tensor, y: Tensor): Tensor
  /** The same between points of a map, which no way is shortest for: lifts where there are such. */
  difference?(x: Tensor, y: Tensor): Tensor
  /** `-grad_v log_x(y)` at `y = exp_x(u)`. */
  transverse(x: Tensor, u: Tensor, v: Tensor): Tensor
  /** A vector at `x` carried to `y` along the shortest way. */
  transport(x: Tensor, y: Tensor, u: Tensor): Tensor
  /** `d(x, y)`, `[B, 1]`. */
  distance(x: Tensor, y: Tensor): Tensor
  readonly noise: Space['noise']
}

/** A space with its geometry: what golden values and exact solutions ask for beside what formulas do. */
export interface CurvedSpace extends Space {
  readonly geometry: Geometry
}

/**
 * A space by its geometry. Its path is the geodesic `x_s = exp_{x0}(s log_{x0}(eps))`, whose velocity is `-log_{x_s}(x0)/s`. Chen & Lipman
 * 2024, arXiv:2302.03660.
 */
export function curved(geometry: Geometry): CurvedSpace {
  const { inner, velocity, tangent, exp, log, difference = log, transverse, noise } = geometry
  return {
    geometry,
    velocity,
    jump: exp,
    difference,
    tangent,
    transverse,
    // The metric's sum: numbers of the space around have no mean of a meaning.
    squared: (r, _, keep = false) => (keep ? inner(r, r) : inner(r, r).reshape([r.shape[0]])),
    distance: error => (a, b) => {
      const apart = difference(b, a)
      return error(apart, apart.mul(0))
    },
    path(_, x0, eps): Path {
      const leads = log(x0, eps)
      const at = (s: Tensor) => exp(x0, s.mul(leads))
      return { x0, eps, at, velocity: s => jvp(at, [s], [onesLike(s)])[1], onward: (_, m) => at(m) }
    },
    noise,
  }
}
