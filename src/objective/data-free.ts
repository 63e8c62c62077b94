import { type Operand, onesLike, stopGradient, type Tensor } from '../autodiff/index.ts'
import { type Loss, meanProduct } from './loss.ts'

/** `(f(t+h) - f(t-h)) / 2h`; times stay in [0, 1], and the difference is divided by the distance actually used. */
function difference(f: (t: Tensor) => Tensor, t: Tensor, h: Operand): Tensor {
  const [after, before] = [t.add(h).minimum(1), t.sub(h).maximum(0)]
  return f(after).sub(f(before)).div(after.sub(before))
}

/** `V(eps,1,t) + (t-1) D_t V(eps,1,t) = sg[v_phi(F(eps,1,t),t)]`   Tee et al. 2024 (PID), arXiv:2411.08378 */
export const pid =
  (h: Operand): Loss =>
  ({ map, teacher, path: { eps }, t, error }) => {
    const s = onesLike(t)
    const V = map.velocity(eps, s, t)
    const dV = difference(t => map.velocity(eps, s, t), t, h)
    const gap = t.sub(s)
    const xt = eps.add(gap.mul(V))
    return error(V.add(gap.mul(dV)), stopGradient(teacher.velocity(xt, t)))
  }

/** Where `boot` no longer divides by `1 - t`. */
const LATEST = 0.99

/**
 * `V(eps,1,t-d) = sg[V - d (V - v_phi(F,t))/(1-t)]`, `V` and `F` at `t`, divided by `d`: one Euler step in `t` of the rule of
 * `pid`, `d` no longer than `t`. Gu et al. 2023 (BOOT), arXiv:2306.05544
 */
export const boot =
  (delta: number): Loss =>
  ({ map, teacher, path: { eps }, t: drawn, error }) => {
    const s = onesLike(drawn)
    const t = drawn.minimum(LATEST)
    const before = t.sub(delta).maximum(0)
    const V = stopGradient(map.velocity(eps, s, t))
    const xt = eps.add(t.sub(s).mul(V))
    const d = t.sub(before)
    const step = d.mul(V.sub(stopGradient(teacher.velocity(xt, t)))).div(s.sub(t))
    return error(map.velocity(eps, s, before), V.sub(step)).div(delta * delta)
  }

/**
 * The loss of `boot` times `(1-t)^2`, which is the residual of `pid` by a difference: a velocity that is off counts alike at all times.
 * As it stands the loss is that of a slope in time, which near the noise is a hundred times as much for the same velocity, and grows
 * at first in a healthy training. arXiv:2306.05544
 */
export const bootResidual =
  (delta: number): Loss =>
  draw =>
    boot(delta)(draw).mul(draw.t.minimum(LATEST).neg().add(1).square().reshape([draw.t.shape[0]]))

/** `V(eps,1,1) = v_phi(eps,1)`: the noise is where all trajectories begin   arXiv:2306.05544 */
export const bootBoundary: Loss = ({ map, teacher, path: { eps }, t, error }) => {
  const s = onesLike(t)
  return error(map.velocity(eps, s, s), stopGradient(teacher.velocity(eps, s)))
}

/** `V(eps,1,t) = sg[v_phi(F(eps,1,t),t) - (t-1) D_t V(eps,1,t)]`   Tong et al. 2025 (FreeFlow), arXiv:2511.19428 */
export const freeflowPrediction =
  (h: Operand): Loss =>
  ({ map, teacher, path: { eps }, t, error }) => {
    const s = onesLike(t)
    const V = map.velocity(eps, s, t)
    const dV = difference(t => map.velocity(eps, s, t), t, h)
    const gap = t.sub(s)
    const xt = eps.add(gap.mul(V))
    return error(V, stopGradient(teacher.velocity(xt, t).sub(gap.mul(dV))))
  }

/** The student's sample `x = F(eps,1,0)` and its noisy copy `z = sg[(1-r) x + r n]`. */
function noisySample({ map, path: { eps }, r, noise }: Parameters<Loss>[0]): { x: Tensor; z: Tensor } {
  const one = onesLike(r)
  const x = map.jump(eps, one, one.sub(1))
  return { x, z: stopGradient(x.add(r.mul(noise.sub(x)))) }
}

/** `x . sg[v_phi(z,r) - v_aux(z,r)]`: its gradient is the direction of the KL divergence   arXiv:2511.19428 */
export const freeflowCorrection: Loss = draw => {
  const { teacher, auxiliary, r } = draw
  const { x, z } = noisySample(draw)
  return meanProduct(x, stopGradient(teacher.velocity(z, r).sub(auxiliary.velocity(z, r))))
}

/** `v_aux(z,r) = n - sg[x]`: flow matching on the student's own samples   arXiv:2511.19428 */
export const freeflowAuxiliary: Loss = draw => {
  const { auxiliary, noise, r, error } = draw
  const { x, z } = noisySample(draw)
  return error(auxiliary.velocity(z, r), stopGradient(noise.sub(x)))
}
