import { select, type Tensor } from '../../autodiff/index.ts'
import { axis, type CurvedSpace, curved, type Geometry, geodesicSpread } from './curved.ts'
import {
  angleOf,
  angleOverSine,
  type Curvature,
  cosine,
  cotangent,
  cotangentSlope,
  sineOver,
} from './smooth.ts'

const K: Curvature = -1

/** `-a_0 b_0 + a_1 b_1 + ...` */
function inner(a: Tensor, b: Tensor): Tensor {
  const product = a.mul(b)
  const first = product.slice(-1, 0, 1)
  return product.sum(-1, true).sub(first.mul(2))
}
const tangent = (x: Tensor, a: Tensor): Tensor => a.add(inner(x, a).mul(x))

/** Points whose `cosh` of the distance is below this are compared by their chord, which loses its digits far out. */
const BY_CHORD = 2

/** `sinh^2` and `cosh^2` of half the distance. */
const halves = (x: Tensor, y: Tensor): [h: Tensor, rest: Tensor] => {
  const apart = x.sub(y)
  const cosh = inner(x, y).neg()
  const h = select(cosh.less(BY_CHORD), inner(apart, apart).div(4), cosh.sub(1).div(2))
  return [h, h.add(1)]
}

const log = (x: Tensor, y: Tensor): Tensor => angleOverSine(...halves(x, y), K).mul(tangent(x, y))
const carried = (x: Tensor, y: Tensor, u: Tensor): Tensor =>
  u.add(inner(y, u).div(inner(x, y).neg().add(1)).mul(x.add(y)))

const geometry: Geometry = {
  features: x => x,
  outputs: coordinates => coordinates,
  inner,
  velocity: tangent,
  tangent,
  exp: (x, u) => {
    const q = inner(u, u)
    return cosine(q, K).mul(x).add(sineOver(q, K).mul(u))
  },
  log,
  transverse: (_, u, v) => {
    const q = inner(u, u)
    return cotangent(q, K)
      .mul(v)
      .add(cotangentSlope(q, K).mul(inner(u, v)).mul(u))
  },
  transport: carried,
  frame: x => Array.from({ length: x.shape[1] - 1 }, (_, k) => carried(axis(x, 0), x, axis(x, k + 1))),
  logNoise: x => {
    const n = x.shape[1] - 1
    const lowest = axis(x, 0)
    const u = log(lowest, x)
    const q = inner(u, u)
    const normal = q.add(n * Math.log(2 * Math.PI)).div(-2)
    return normal.sub(
      sineOver(q, K)
        .log()
        .mul(n - 1),
    )
  },
  spread: (u, s) => geodesicSpread(inner(u, u), s, K, u.shape[1] - 2, Number.POSITIVE_INFINITY),
  distance: (x, y) => angleOf(...halves(x, y), K),
  noise: {
    // `exp_o(u)`, `o = (1, 0, ...)` and `u` standard normal.
    draw(random, points, dimension) {
      for (let i = 0; i < points.length; i += dimension) {
        const point = points.subarray(i, i + dimension)
        for (let k = 1; k < dimension; k++) point[k] = random.normal()
        const r = Math.hypot(...point.subarray(1))
        for (let k = 1; k < dimension; k++) point[k] *= Math.sinh(r) / r
        point[0] = Math.cosh(r)
      }
    },
    logDensity: (points, dimension) =>
      Float64Array.from({ length: points.length / dimension }, (_, i) => {
        const n = dimension - 1
        const radius = Math.asinh(Math.hypot(...points.subarray(i * dimension + 1, (i + 1) * dimension)))
        const stretched = radius === 0 ? 0 : Math.log(Math.sinh(radius) / radius)
        return -(radius ** 2 + n * Math.log(2 * Math.PI)) / 2 - (n - 1) * stretched
      }),
  },
}

/** The upper sheet `<x,x> = -1` of the hyperboloid, with normal vectors at its lowest point for noise. */
export const hyperbolic: CurvedSpace = curved(geometry)
