import { constant, stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { FlowMap, Policy } from '../../model/index.ts'
import type { Draw, Loss } from '../loss.ts'

/** `x_t` by the policy's own steps from `(x_s, s)`, stopped. */
const rolledOut = (pi: Policy, xs: Tensor, s: Tensor, t: Tensor): Tensor =>
  stopGradient(xs.add(t.sub(s).mul(pi.average(t))))

type Imitated = Pick<Draw, 'teacher' | 's' | 't' | 'error'>

/**
 * `|pi(x,t) - sg[v_phi(x,t)]|^2` where the policy itself leads from `(x_s, s)` to: imitation on the student's own way.
 * Chen et al. 2025 (pi-Flow), arXiv:2510.14974.
 */
export const imitation = (pi: Policy, xs: Tensor, { teacher, s, t, error }: Imitated): Tensor => {
  const x = rolledOut(pi, xs, s, t)
  return error(pi.velocity(x, t), stopGradient(teacher.velocity(x, t)))
}

interface PiflowOptions {
  /** Chance of each component to be left out of a sample, at most one of them at a time. */
  readonly dropout: number
  /** Times of a sample: where the policy leads from `(x_s, s)`, and where one step of the teacher leads from there. */
  readonly draws: number
}

/** Put on the log weight of a component that is left out. */
const OUT = -1e4

/** Log weights `[B, K]`, by one number `u [B, 1, ...]` from 0 to 1: component `k` is out for `k p <= u < (k+1) p`. */
function dropped(u: Tensor, K: number, dropout: number): Tensor | undefined {
  const p = Math.min(dropout, 1 / K)
  if (p === 0 || K === 1) return undefined
  const low = constant(
    Array.from({ length: K }, (_, k) => k * p),
    [1, K],
    u.dtype,
  )
  const at = u.reshape([u.shape[0], 1])
  const isOut = (edge: Tensor) => edge.lessEqual(at).cast(u.dtype)
  return isOut(low)
    .sub(isOut(low.add(p)))
    .mul(OUT)
}

/** `imitation` at one time, or at two: the second where a step of the teacher leads from the first. arXiv:2510.14974 */
export const piflow =
  ({ dropout, draws }: PiflowOptions): Loss =>
  draw => {
    const { map, teacher, path, s, t, m, u, error } = draw
    const xs = path.at(s)
    const { at, components } = policyOf(map)
    const pi = at(xs, s, u && dropped(u, components, dropout))
    if (draws === 1) return imitation(pi, xs, draw)
    const xm = rolledOut(pi, xs, s, m)
    const vm = stopGradient(teacher.velocity(xm, m))
    const xt = xm.add(t.sub(m).mul(vm))
    const vt = stopGradient(teacher.velocity(xt, t))
    return error(pi.velocity(xm, m), vm)
      .add(error(pi.velocity(xt, t), vt))
      .mul(0.5)
  }

/** @throws Error where the map's network gives none; a configuration is checked before */
function policyOf({ policy }: FlowMap): NonNullable<FlowMap['policy']> {
  if (!policy) throw new Error('the map has no policy')
  return policy
}
