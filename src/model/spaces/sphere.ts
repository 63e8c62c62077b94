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

const K: Curvature = 1

const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1, true)
const tangent = (x: Tensor, a: Tensor): Tensor => a.sub(inner(x, a).mul(x))

/** `sin^2` and `cos^2` of half the angle, by chords, which keep their digits where the cosine has none. */
const halves = (x: Tensor, y: Tensor): [h: Tensor, rest: Tensor] => {
  const [apart, together] = [x.sub(y), x.add(y)]
  return [inner(apart, apart).div(4), inner(together, together).div(4)]
}

/** `log |S^n|` of the unit sphere in `n + 1` coordinates: `2 pi^((n+1)/2) / Gamma((n+1)/2)`. */
function logArea(coordinates: number): number {
  // Gamma at half of a whole number.
  let [logGamma, z] = coordinates % 2 === 0 ? [0, 1] : [Math.log(Math.PI) / 2, 0.5]
  for (; z < coordinates / 2; z++) logGamma += Math.log(z)
  return Math.log(2) + (coordinates / 2) * Math.log(Math.PI) - logGamma
}

const carried = (x: Tensor, y: Tensor, u: Tensor): Tensor =>
  u.sub(inner(y, u).div(inner(x, y).add(1)).mul(x.add(y)))

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
  log: (x, y) => angleOverSine(...halves(x, y), K).mul(tangent(x, y)),
  // Along the geodesic as it is, across it by theta cot theta.
  transverse: (_, u, v) => {
    const q = inner(u, u)
    return cotangent(q, K)
      .mul(v)
      .add(cotangentSlope(q, K).mul(inner(u, v)).mul(u))
  },
  transport: carried,
  // Carried from the nearer pole.
  frame: x => {
    const pole = x.slice(-1, 0, 1).less(0)
    const e = select(pole, axis(x, 0).neg(), axis(x, 0))
    return Array.from({ length: x.shape[1] - 1 }, (_, k) => carried(e, x, axis(x, k + 1)))
  },
  logNoise: x => x.slice(-1, 0, 1).mul(0).sub(logArea(x.shape[1])),
  spread: (u, s) => geodesicSpread(inner(u, u), s, K, u.shape[1] - 2, Math.PI),
  distance: (x, y) => angleOf(...halves(x, y), K),
  noise: {
    draw(random, points, dimension) {
      for (let i = 0; i < points.length; i += dimension) {
        const point = points.subarray(i, i + dimension)
        for (let k = 0; k < dimension; k++) point[k] = random.normal()
        const size = Math.hypot(...point)
        for (let k = 0; k < dimension; k++) point[k] /= size
      }
    },
    logDensity: (points, dimension) => new Float64Array(points.length / dimension).fill(-logArea(dimension)),
  },
}

/** Unit vectors of `R^(n+1)`, with the uniform law for noise. */
export const sphere: CurvedSpace = curved(geometry)
