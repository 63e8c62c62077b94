import { concat, select, type Tensor } from '../../autodiff/index.ts'
import { axis, type CurvedSpace, curved, type Geometry, SHORTEST } from './curved.ts'

/** An angle in `(-pi, pi]`, by half of its tangent; at `pi` itself either end is as near. */
const wrapped = (angle: Tensor): Tensor => {
  const [sin, cos] = [angle.sin(), angle.cos()]
  return sin.div(cos.add(1).maximum(1e-12)).atan().mul(2)
}

/** The angle of a cosine and a sine, which keeps its digits on both sides of `pi`. */
function angleOf(cos: Tensor, sin: Tensor): Tensor {
  const fromAxis = sin.div(cos.abs().add(1)).atan().mul(2)
  const halfTurn = select(sin.less(0), sin.mul(0).sub(Math.PI), sin.mul(0).add(Math.PI))
  return select(cos.less(0), halfTurn.sub(fromAxis), fromAxis)
}

/** The next whole number below; to whole numbers it is cut towards 0. */
const floor = (x: Tensor): Tensor => {
  const cut = x.cast('int64').cast(x.dtype)
  return cut.sub(x.less(cut).cast(x.dtype))
}

const log = (x: Tensor, y: Tensor): Tensor => wrapped(y.sub(x))
const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1, true)

const geometry: Geometry = {
  features: x => concat([x.cos(), x.sin()], -1),
  seen: coordinates => 2 * coordinates,
  outputs: coordinates => coordinates,
  inner,
  velocity: (_, output) => output,
  // A vector of the plane for each angle: all cosines first, as they are seen.
  pointOutputs: coordinates => 2 * coordinates,
  towards: (x, output) => {
    const [a, b] = [output.slice(-1, 0, x.shape[1]), output.slice(-1, x.shape[1], 2 * x.shape[1])]
    const length = a
      .square()
      .add(b.square())
      .maximum(SHORTEST ** 2)
      .sqrt()
    const [cos, sin] = [x.cos(), x.sin()]
    return angleOf(a.mul(cos).add(b.mul(sin)).div(length), b.mul(cos).sub(a.mul(sin)).div(length))
  },
  tangent: (_, vector) => vector,
  exp: (x, u) => x.add(u),
  log,
  // Points of a map are lifts: wrapped, the map would tear at the seam.
  difference: (x, y) => y.sub(x),
  transverse: (_, _u, v) => v,
  transport: (_, _y, u) => u,
  frame: x => Array.from({ length: x.shape[1] }, (_, k) => axis(x, k)),
  logNoise: x =>
    x
      .slice(-1, 0, 1)
      .mul(0)
      .sub(x.shape[1] * Math.log(2 * Math.PI)),
  spread: (u, s) => ({
    logJacobian: s.log().mul(-u.shape[1]),
    isReached: u.abs().max(-1, true).div(s).lessEqual(Math.PI),
  }),
  distance: (x, y) => {
    const apart = log(x, y)
    return inner(apart, apart).sqrt()
  },
  project(points) {
    for (let i = 0; i < points.length; i++) {
      points[i] -= 2 * Math.PI * Math.floor((points[i] + Math.PI) / (2 * Math.PI))
    }
  },
  projected: x => {
    const turns = floor(x.add(Math.PI).div(2 * Math.PI))
    return x.sub(turns.mul(2 * Math.PI))
  },
  noise: {
    is: 'uniform angles from -pi to pi',
    draw(random, points) {
      for (let i = 0; i < points.length; i++) points[i] = Math.PI * (2 * random.uniform() - 1)
    },
    logDensity: (points, dimension) =>
      new Float64Array(points.length / dimension).fill(-dimension * Math.log(2 * Math.PI)),
  },
}

/** Angles, with the uniform law for noise. */
export const torus: CurvedSpace = curved(geometry)
