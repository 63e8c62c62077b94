import { concat, type Tensor } from '../../autodiff/index.ts'
import { axis, type CurvedSpace, curved, type Geometry } from './curved.ts'

/** An angle in `(-pi, pi]`, by half of its tangent; at `pi` itself either end is as near. */
const wrapped = (angle: Tensor): Tensor => {
  const [sin, cos] = [angle.sin(), angle.cos()]
  return sin.div(cos.add(1).maximum(1e-12)).atan().mul(2)
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
