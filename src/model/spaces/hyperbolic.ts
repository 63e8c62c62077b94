import { concat, select, type Tensor } from '../../autodiff/index.ts'
import { constantCurvature } from './constant-curvature.ts'
import { axis, type CurvedSpace, curved, type Geometry } from './curved.ts'
import { sineOver } from './smooth.ts'

/** `-a_0 b_0 + a_1 b_1 + ...` */
function inner(a: Tensor, b: Tensor): Tensor {
  const product = a.mul(b)
  const first = product.slice(-1, 0, 1)
  return product.sum(-1, true).sub(first.mul(2))
}

/** Points whose `cosh` of the distance is below this are compared by their chord, which loses its digits far out. */
const BY_CHORD = 2

/** `sinh^2` and `cosh^2` of half the distance. */
const halves = (x: Tensor, y: Tensor): [h: Tensor, rest: Tensor] => {
  const apart = x.sub(y)
  const cosh = inner(x, y).neg()
  const h = select(cosh.less(BY_CHORD), inner(apart, apart).div(4), cosh.sub(1).div(2))
  return [h, h.add(1)]
}

const shared = constantCurvature(-1, { inner, halves, reach: Number.POSITIVE_INFINITY })

const geometry: Geometry = {
  ...shared,
  // Carried from the lowest point, which keeps its size: what is projected grows with the place of `x`, and a jump of it leaves every number.
  bounded(x, output) {
    const lowest = axis(x, 0)
    return shared.transport(lowest, x, shared.tangent(lowest, output))
  },
  // The point to which a vector at the lowest one leads.
  pointOutputs: coordinates => coordinates - 1,
  towards: (x, output) => {
    const vector = concat([output.slice(-1, 0, 1).mul(0), output], -1)
    return shared.log(x, shared.exp(axis(x, 0), vector))
  },
  frame: x =>
    Array.from({ length: x.shape[1] - 1 }, (_, k) => shared.transport(axis(x, 0), x, axis(x, k + 1))),
  logNoise: x => {
    const n = x.shape[1] - 1
    const lowest = axis(x, 0)
    const u = shared.log(lowest, x)
    const q = inner(u, u)
    const normal = q.add(n * Math.log(2 * Math.PI)).div(-2)
    return normal.sub(
      sineOver(q, -1)
        .log()
        .mul(n - 1),
    )
  },
  // The first coordinate follows from the others.
  project(points, dimension) {
    for (let i = 0; i < points.length; i += dimension) {
      points[i] = Math.hypot(1, ...points.subarray(i + 1, i + dimension))
    }
  },
  projected: x => {
    const rest = x.slice(-1, 1, x.shape[1])
    return concat([rest.square().sum(-1, true).add(1).sqrt(), rest], -1)
  },
  noise: {
    is: 'exp_o(u) at the lowest point o = (1, 0, ..., 0) of the hyperboloid, u = (0, standard normal numbers)',
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
