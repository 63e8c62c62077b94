import { concat, constant, select, type Tensor } from '../../autodiff/index.ts'
import { axis, type CurvedSpace, curved, type Geometry, geodesicSpread, unit } from './curved.ts'
import { angleOverSine, cotangent, cotangentSlope, sineOver } from './smooth.ts'

const matrix = (x: Tensor): Tensor => x.reshape([x.shape[0], 3, 3])
const row = (m: Tensor): Tensor => m.reshape([m.shape[0], 9])
const at = (m: Tensor, i: number, j: number): Tensor => m.slice(-1, 3 * i + j, 3 * i + j + 1)

/** `A^T B` of matrices `[B, 9]`. */
const turnedBack = (a: Tensor, b: Tensor): Tensor => row(matrix(a).matmul(matrix(b), { transposeA: true }))
const product = (a: Tensor, b: Tensor): Tensor => row(matrix(a).matmul(matrix(b)))

/** The matrix `[B, 9]` of the cross product with `w [B, 3]`. */
function hat(w: Tensor): Tensor {
  const [a, b, c] = [0, 1, 2].map(i => w.slice(-1, i, i + 1))
  const none = a.mul(0)
  return concat([none, c.neg(), b, c, none, a.neg(), b.neg(), a, none], -1)
}

/** The vector `[B, 3]` of the antisymmetric part of a matrix `[B, 9]`. */
const vee = (m: Tensor): Tensor =>
  concat(
    [at(m, 2, 1).sub(at(m, 1, 2)), at(m, 0, 2).sub(at(m, 2, 0)), at(m, 1, 0).sub(at(m, 0, 1))].map(x =>
      x.div(2),
    ),
    -1,
  )

const dot = (a: Tensor, b: Tensor): Tensor => a.mul(b).sum(-1, true)
/** `a x b` */
function cross(a: Tensor, b: Tensor): Tensor {
  const [a1, a2, a3] = [0, 1, 2].map(i => a.slice(-1, i, i + 1))
  const [b1, b2, b3] = [0, 1, 2].map(i => b.slice(-1, i, i + 1))
  return concat([a2.mul(b3).sub(a3.mul(b2)), a3.mul(b1).sub(a1.mul(b3)), a1.mul(b2).sub(a2.mul(b1))], -1)
}

const identity = (like: Tensor): Tensor => constant([1, 0, 0, 0, 1, 0, 0, 0, 1], [1, 9], like.dtype)

/** The rotation `[B, 9]` by the vector `w [B, 3]`: `I + (sin/w) hat + ((1-cos)/w^2) hat^2`. */
function rotation(w: Tensor): Tensor {
  const q = dot(w, w)
  const h = hat(w)
  const half = sineOver(q.div(4), 1)
  return identity(w)
    .add(sineOver(q, 1).mul(h))
    .add(half.square().div(2).mul(product(h, h)))
}

/** A tangent vector `R hat(w)` by its `w` in the body's frame, and back. */
const inBody = (R: Tensor, V: Tensor): Tensor => vee(turnedBack(R, V))
const fromBody = (R: Tensor, w: Tensor): Tensor => product(R, hat(w))

/** The vector `[B, 3]` of the rotation from `R` to `Q`. */
function between(R: Tensor, Q: Tensor): Tensor {
  const T = turnedBack(R, Q)
  const trace = at(T, 0, 0)
    .add(at(T, 1, 1))
    .add(at(T, 2, 2))
  // |vee T| = sin and cos = (trace - 1)/2, so sin^2 and cos^2 of half the angle; beyond a quarter turn the latter by the sine, as the trace
  // has lost its digits near half a turn.
  const a = vee(T)
  const h = trace.neg().add(3).div(4)
  const far = dot(a, a).div(h.maximum(0.5).mul(4))
  const rest = select(trace.less(1), far, trace.add(1).div(4))
  return angleOverSine(h, rest, 1).mul(a)
}

const geometry: Geometry = {
  features: R => R,
  seen: coordinates => coordinates,
  outputs: () => 3,
  // |R hat(w)|^2 = |w|^2, half of the sum over entries.
  inner: (a, b) => dot(a, b).div(2),
  velocity: (R, w) => fromBody(R, w),
  // Two columns, the second without what it has of the first. Zhou et al. 2019, arXiv:1812.07035.
  pointOutputs: () => 6,
  towards: (R, output) => {
    const [a, rest] = [unit(output.slice(-1, 0, 3)), output.slice(-1, 3, 6)]
    const b = unit(rest.sub(dot(a, rest).mul(a)))
    const columns = matrix(concat([a, b, cross(a, b)], -1))
    return fromBody(R, between(R, row(columns.transpose([0, 2, 1]))))
  },
  tangent: (R, A) => fromBody(R, inBody(R, A)),
  exp: (R, V) => product(R, rotation(inBody(R, V))),
  log: (R, Q) => fromBody(R, between(R, Q)),
  // Curvature 1/4: along the geodesic as it is, across it by (theta/2) cot(theta/2).
  transverse: (R, U, V) => {
    const [u, v] = [inBody(R, U), inBody(R, V)]
    const q = dot(u, u).div(4)
    const w = cotangent(q, 1)
      .mul(v)
      .add(cotangentSlope(q, 1).div(4).mul(dot(u, v)).mul(u))
    return fromBody(R, w)
  },
  transport: (R, Q, U) => {
    const back = rotation(between(R, Q).div(-2))
    const w = matrix(back).matmul(inBody(R, U).reshape([R.shape[0], 3, 1]))
    return fromBody(Q, w.reshape([R.shape[0], 3]))
  },
  frame: R => [0, 1, 2].map(k => fromBody(R, axis(R.slice(-1, 0, 3), k))),
  logNoise: R =>
    R.slice(-1, 0, 1)
      .mul(0)
      .sub(Math.log(8 * Math.PI ** 2)),
  // Geodesics part as on a sphere of radius 2: `(2 sin(theta/2))^2`.
  spread: (U, s) => geodesicSpread(dot(U, U).div(8), s, 1, 2, Math.PI / 2),
  distance: (R, Q) => {
    const w = between(R, Q)
    return dot(w, w).sqrt()
  },
  noise: {
    is: "rotation matrices by Haar's law, row after row",
    // Of a uniform unit quaternion.
    draw(random, points) {
      for (let i = 0; i < points.length; i += 9) {
        const q = [0, 1, 2, 3].map(() => random.normal())
        const size = Math.hypot(...q)
        const [a, b, c, d] = q.map(x => x / size)
        points.set(
          [
            ...[1 - 2 * (c * c + d * d), 2 * (b * c - a * d), 2 * (b * d + a * c)],
            ...[2 * (b * c + a * d), 1 - 2 * (b * b + d * d), 2 * (c * d - a * b)],
            ...[2 * (b * d - a * c), 2 * (c * d + a * b), 1 - 2 * (b * b + c * c)],
          ],
          i,
        )
      }
    },
    logDensity: points => new Float64Array(points.length / 9).fill(-Math.log(8 * Math.PI ** 2)),
  },
}

/** Rotation matrices, row after row, with Haar's law for noise. */
export const rotations: CurvedSpace = curved(geometry)
