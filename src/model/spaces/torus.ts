import type { Tensor } from '../../autodiff/index.ts'
import { type CurvedSpace, curved, type Geometry } from './curved.ts'

/** An angle in `(-pi, pi]`, by half of its tangent; at `pi` itself either end is as near. */
const wrapped = (angle: Tensor): Tensor => {
  const [sin, cos] = [angle.sin(), angle.cos()]
  return sin.div(cos.add(1).maximum(1e-12)).atan().mul(2)
}

const log = (x: Tensor, y: Tensor): Tensor => wrapped(y.sub(x))
const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1, true)

const geometry: Geometry = {
  inner,
  velocity: (_, output) => output,
  tangent: (_, vector) => vector,
  exp: (x, u) => x.add(u),
  log,
  // Points of a map are lifts: wrapped, the map would tear at the seam.
  difference: (x, y) => y.sub(x),
  transverse: (_, _u, v) => v,
  transport: (_, _y, u) => u,
  distance: (x, y) => {
    const apart = log(x, y)
    return inner(apart, apart).sqrt()
  },
  noise: {
    draw(random, points) {
      for (let i = 0; i < points.length; i++) points[i] = Math.PI * (2 * random.uniform() - 1)
    },
    logDensity: (points, dimension) =>
      new Float64Array(points.length / dimension).fill(-dimension * Math.log(2 * Math.PI)),
  },
}

/** Angles, with the uniform law for noise. */
export const torus: CurvedSpace = curved(geometry)
