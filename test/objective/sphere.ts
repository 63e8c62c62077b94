import { jvp, onesLike, type Tensor } from '../../src/autodiff/index.ts'
import { flat, type Path, type Space } from '../../src/model/index.ts'

/** The unit sphere, in the coordinates of the space around it: a space that the tests alone know. */

const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1, true)
const length = (u: Tensor): Tensor => inner(u, u).add(1e-30).sqrt()

/** `arccos c`, by Newton's method from the chord; of equal points a tiny angle. */
function angle(cosine: Tensor): Tensor {
  const c = cosine.minimum(1 - 1e-14)
  let theta = c.neg().add(1).mul(2).sqrt()
  for (let i = 0; i < 8; i++) theta = theta.add(theta.cos().sub(c).div(theta.sin()))
  return theta
}

const project = (x: Tensor, a: Tensor): Tensor => a.sub(inner(x, a).mul(x))

function exp(x: Tensor, u: Tensor): Tensor {
  const theta = length(u)
  return theta.cos().mul(x).add(theta.sin().div(theta).mul(u))
}

function log(x: Tensor, y: Tensor): Tensor {
  const c = inner(x, y)
  const theta = angle(c)
  return theta.div(theta.sin()).mul(y.sub(c.mul(x)))
}

export const sphere: Space = {
  velocity: project,
  jump: exp,
  difference: log,
  tangent: project,
  // Along the geodesic as it is, across it by theta cot(theta).
  transverse(_, u, v) {
    const theta = length(u)
    const parallel = inner(u, v).div(inner(u, u).add(1e-30)).mul(u)
    return parallel.add(theta.mul(theta.cos()).div(theta.sin()).mul(v.sub(parallel)))
  },
  squared: flat.squared,
  distance: error => (a, b) => {
    const apart = log(b, a)
    return error(apart, apart.mul(0))
  },
  // `exp_{x0}(t log_{x0}(eps))`
  path(_, x0, eps): Path {
    const at = (t: Tensor) => exp(x0, t.mul(log(x0, eps)))
    return { x0, eps, at, velocity: t => jvp(at, [t], [onesLike(t)])[1], onward: (_, m) => at(m) }
  },
  noise: {
    draw(random, points, dimension) {
      flat.noise.draw(random, points, dimension)
      for (let i = 0; i < points.length; i += dimension) {
        const size = Math.hypot(...points.subarray(i, i + dimension))
        for (let k = 0; k < dimension; k++) points[i + k] /= size
      }
    },
    logDensity: (points, dimension) =>
      new Float64Array(points.length / dimension).fill(-Math.log(4 * Math.PI)),
  },
}
