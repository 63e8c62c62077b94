import { constant, jvp, onesLike, select, type Tensor, zerosLike } from '../../autodiff/index.ts'
import type { Path } from '../path.ts'
import type { Space } from '../space.ts'
import { type Curvature, sineOver } from './smooth.ts'

/** The geometry of a space whose points and vectors have coordinates along the last axis. */
export interface Geometry {
  /** What a network sees of a point, smooth in it and the same for all coordinates of one point. */
  features(x: Tensor): Tensor
  /** Numbers of that, for points of so many coordinates. */
  seen(coordinates: number): number
  /** Numbers of a network's output. */
  outputs(coordinates: number): number
  /** `<a, b>` of vectors, `[B, 1]`. */
  inner(a: Tensor, b: Tensor): Tensor
  /** The velocity, tangent at `x`, that a network's output stands for. */
  velocity(x: Tensor, output: Tensor): Tensor
  /** The same for networks that are trained, where the size of that grows with the place of a point. */
  bounded?(x: Tensor, output: Tensor): Tensor
  /** Numbers of an output that stands for a point, and `log_x(N)` of that point, finite beyond the cut locus too. */
  pointOutputs(coordinates: number): number
  towards(x: Tensor, output: Tensor): Tensor
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
  /** Orthonormal vectors at `x`, as many as the space has dimensions. */
  frame(x: Tensor): Tensor[]
  /** The log density of the noise, `[B, 1]`. */
  logNoise(x: Tensor): Tensor
  /**
   * `log J` of `x -> exp_y(log_y(x)/s)`, `[B, 1]`, by how the volume grows along `u = log_y(x)`; and whether the image lies short of the cut
   * locus, beyond which no noise leads to `x`.
   */
  spread(u: Tensor, s: Tensor): { readonly logJacobian: Tensor; readonly isReached: Tensor }
  readonly noise: Space['noise']
  readonly project?: Space['project']
  readonly projected?: Space['projected']
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
  const {
    features,
    seen,
    outputs,
    inner,
    velocity,
    bounded = velocity,
    pointOutputs,
    towards,
    tangent,
    exp,
    log,
    difference = log,
    transverse,
    noise,
    project,
    projected,
  } = geometry
  return {
    geometry,
    isCurved: true,
    features,
    seen,
    outputs,
    velocity: bounded,
    pointOutputs,
    towards,
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
    ...(project && { project }),
    ...(projected && { projected }),
  }
}

/** The shortest output whose direction is taken whole: of a shorter one there is less, so that no gradient is beyond all bounds. */
export const SHORTEST = 1e-3

/** A vector over its length. */
export const unit = (a: Tensor): Tensor =>
  a.div(
    a
      .square()
      .sum(-1, true)
      .maximum(SHORTEST ** 2)
      .sqrt(),
  )

/** The same numbers for each row of points, of which there may be any number. */
export const forEachRow = (like: Tensor, row: readonly number[]): Tensor =>
  zerosLike(like).add(constant(row, [1, row.length], like.dtype))

/** The unit vector `e_k` for each row of points. */
export const axis = (like: Tensor, k: number): Tensor =>
  forEachRow(
    like,
    like.shape.slice(1).flatMap(D => Array.from({ length: D }, (_, i) => Number(i === k))),
  )

/**
 * The spread where geodesics of `directions + 1` dimensions part as `sin_k theta` does.
 *
 * @param q  the square of the angle; @param reach  the largest angle before the cut locus
 */
export function geodesicSpread(
  q: Tensor,
  s: Tensor,
  k: Curvature,
  directions: number,
  reach: number,
): { logJacobian: Tensor; isReached: Tensor } {
  const far = q.div(s.square())
  const isReached = far.less(Math.min(reach ** 2, 1e30))
  const within = select(isReached, far, far.mul(0))
  const ratio = sineOver(within, k).log().sub(sineOver(q, k).log())
  return { logJacobian: ratio.mul(directions).sub(s.log().mul(directions + 1)), isReached }
}

/** `div v` of a field of vectors at `x`, `[B, 1]`: its derivative along each vector of a frame. */
export function divergenceIn({ frame, inner }: Geometry, field: (x: Tensor) => Tensor, x: Tensor): Tensor {
  return frame(x)
    .map(e => inner(e, jvp(field, [x], [e])[1]))
    .reduce((a, b) => a.add(b))
}
