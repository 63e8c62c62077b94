import { select, type Tensor } from '../../autodiff/index.ts'
import { constantCurvature } from './constant-curvature.ts'
import { axis, type CurvedSpace, curved, type Geometry, unit } from './curved.ts'

const inner = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1, true)

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

const shared = constantCurvature(1, { inner, halves, reach: Math.PI })

const geometry: Geometry = {
  ...shared,
  pointOutputs: coordinates => coordinates,
  towards: (x, output) => shared.log(x, unit(output)),
  // Carried from the nearer pole.
  frame: x => {
    const pole = x.slice(-1, 0, 1).less(0)
    const e = select(pole, axis(x, 0).neg(), axis(x, 0))
    return Array.from({ length: x.shape[1] - 1 }, (_, k) => shared.transport(e, x, axis(x, k + 1)))
  },
  logNoise: x => x.slice(-1, 0, 1).mul(0).sub(logArea(x.shape[1])),
  project(points, dimension) {
    for (let i = 0; i < points.length; i += dimension) {
      const point = points.subarray(i, i + dimension)
      const size = Math.hypot(...point)
      for (let k = 0; k < dimension; k++) point[k] /= size
    }
  },
  projected: x => x.div(inner(x, x).sqrt()),
  noise: {
    is: 'uniform points of the unit sphere',
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
