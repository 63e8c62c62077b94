import type { Tensor } from '../../autodiff/index.ts'
import { type Geometry, geodesicSpread } from './curved.ts'
import {
  angleOf,
  angleOverSine,
  type Curvature,
  cosine,
  cotangent,
  cotangentSlope,
  sineOver,
} from './smooth.ts'

/** What differs between spaces of constant curvature: the product of vectors around them, and half angles that keep their digits. */
interface Surroundings {
  inner(a: Tensor, b: Tensor): Tensor
  /** `sin_k^2` and `cos_k^2` of half the angle between two points. */
  halves(x: Tensor, y: Tensor): [h: Tensor, rest: Tensor]
  /** The largest angle before the cut locus. */
  readonly reach: number
}

type Shared = Omit<Geometry, 'frame' | 'logNoise' | 'noise' | 'pointOutputs' | 'towards'>

/** The points `<x,x> = k` around an origin, in one coordinate more than their dimensions: all of them by the one curvature `k`. */
export function constantCurvature(k: Curvature, { inner, halves, reach }: Surroundings): Shared {
  const tangent = (x: Tensor, a: Tensor): Tensor => a.sub(inner(x, a).mul(k).mul(x))
  return {
    features: x => x,
    seen: coordinates => coordinates,
    outputs: coordinates => coordinates,
    inner,
    velocity: tangent,
    tangent,
    exp: (x, u) => {
      const q = inner(u, u)
      return cosine(q, k).mul(x).add(sineOver(q, k).mul(u))
    },
    log: (x, y) => angleOverSine(...halves(x, y), k).mul(tangent(x, y)),
    // Along the geodesic as it is, across it by theta cot_k theta.
    transverse: (_, u, v) => {
      const q = inner(u, u)
      return cotangent(q, k)
        .mul(v)
        .add(cotangentSlope(q, k).mul(inner(u, v)).mul(u))
    },
    transport: (x, y, u) => {
      const along = inner(y, u).mul(k).div(inner(x, y).mul(k).add(1))
      return u.sub(along.mul(x.add(y)))
    },
    spread: (u, s) => geodesicSpread(inner(u, u), s, k, u.shape[1] - 2, reach),
    distance: (x, y) => angleOf(...halves(x, y), k),
  }
}
