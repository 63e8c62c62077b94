import { concat, jvp, onesLike, sizeOf, stopGradient, type Tensor, zerosLike } from '../autodiff/index.ts'
import { type FlowMap, flat, timeShape, type VelocityField } from '../model/index.ts'
import { psdMidpoint, psdVelocity } from './compositional.ts'
import { teacherVelocity } from './diagonal.ts'
import { type DivergenceName, divergences } from './divergence.ts'
import { meanflow } from './eulerian.ts'
import type { Draw, ErrorFunction, Loss } from './loss.ts'

/**
 * The divergence head of F2D2 (arXiv:2512.02636), by lifting a formula to the state `(x, l)`, `l` the logarithm of the volume:
 * `F+ = (F, l + (t-s) A)`, `V+ = (V, A)`, `v+ = (v, div v)` is a flow again, of which nothing depends on `l`. So the rules that
 * train `V` train `A` when they are given these. `l` and `A` are in units of the head's scale.
 *
 * Here the head predicts `+div v`, as in the authors' JAX code; the paper's predicts `-div v`. Of what is published two things are
 * not followed: that code leaves the divergence loss of `psd` out, and the PyTorch evaluation asks its map at the data for a step
 * away from the noise, which no training visits.
 */

const reshaped = (x: Tensor, shape: readonly number[]): Tensor =>
  x.shape.join() === shape.join() ? x : x.reshape(shape)

/** `(x, l)`, `[B, n + 1]`. */
const joined = (x: Tensor, last: Tensor): Tensor => {
  const [batch] = x.shape
  return concat([reshaped(x, [batch, sizeOf(x.shape.slice(1))]), reshaped(last, [batch, 1])])
}

/** The last coordinate of `(x, l)`, `[B, 1]`. */
const lastOf = (x: Tensor): Tensor => x.slice(1, x.shape[1] - 1)

/** The head of a student or of `theta-`. */
function headOf({ divergence }: FlowMap) {
  if (!divergence) throw new Error('a lifted formula needs a map with a divergence head')
  return divergence
}

/** A draw of points `(x, l)` for a formula on the linear space. */
function liftedDraw(draw: Draw, divergence: DivergenceName): Draw {
  const { map, target, frozen, teacher, path, s } = draw
  const { scale } = headOf(map)
  const estimate = divergences[divergence]
  const shape = path.at(s).shape.slice(1)
  // The same point gives the same node, so that equal network evaluations can be recognised.
  const pointsOf = new Map<Tensor, Tensor>()
  const lifted = (x: Tensor, last: Tensor): Tensor => {
    const both = joined(x, last)
    pointsOf.set(both, x)
    return both
  }
  const point = (both: Tensor): Tensor => {
    const x = pointsOf.get(both) ?? both.slice(1, 0, sizeOf(shape)).reshape([both.shape[0], ...shape])
    pointsOf.set(both, x)
    return x
  }
  const time = (t: Tensor): Tensor => reshaped(t, timeShape(t.shape[0], shape))
  const column = (t: Tensor): Tensor => reshaped(t, [t.shape[0], 1])

  const divergenceOf = (velocity: VelocityField['velocity'], x: Tensor, s: Tensor): Tensor =>
    stopGradient(estimate({ velocity: (x, s) => velocity(x, s) }, x, s, draw).div(scale))
  const field =
    (of: VelocityField): VelocityField['velocity'] =>
    (both, s) => {
      const at = [point(both), time(s)] as const
      return joined(of.velocity(...at), divergenceOf(of.velocity, ...at))
    }
  const average =
    (of: FlowMap) =>
    (both: Tensor, s: Tensor, t: Tensor): Tensor => {
      const at = [point(both), time(s), time(t)] as const
      return joined(of.velocity(...at), headOf(of)(...at).div(scale))
    }
  const student = (of: FlowMap): FlowMap => ({
    velocity: (both, s, t = s) => average(of)(both, s, t),
    jump(both, s, t) {
      const at = [point(both), time(s), time(t)] as const
      const added = column(at[2].sub(at[1]).mul(headOf(of)(...at).div(scale)))
      return lifted(of.jump(...at), lastOf(both).add(added))
    },
  })
  // Asked for its velocity alone, a target has the divergence of that: the head is what is trained to it.
  const targetOf = (of: FlowMap): FlowMap => {
    const { velocity, jump } = student(of)
    return { jump, velocity: (both, s, t) => (t ? velocity(both, s, t) : field(of)(both, s)) }
  }
  return {
    ...draw,
    map: student(map),
    target: targetOf(target),
    frozen: student(frozen),
    teacher: { velocity: field(teacher) },
    path: {
      ...path,
      at: t => lifted(path.at(time(t)), zerosLike(column(t))),
      velocity: t => joined(path.velocity(time(t)), divergenceOf(map.velocity, path.at(time(t)), time(t))),
    },
    s: column(s),
    // Not every training draws these.
    get t() {
      return column(draw.t)
    },
    get m() {
      return column(draw.m)
    },
    space: flat,
  }
}

/** The mean square of the last coordinate, in units of the head. */
const headError: ErrorFunction = (a, b) => lastOf(a).sub(lastOf(b)).square().sum(1)

/** What a formula makes of the divergence head alone. */
export const headPart =
  (loss: Loss, divergence: DivergenceName): Loss =>
  draw => {
    const lifted = liftedDraw(draw, divergence)
    return loss(Object.assign(lifted, { error: headError, distance: headError }))
  }

/** `a(x_s,s,s) = sg[div v_phi(x_s,s)]/scale` beside `teacherVelocity`   F2D2, arXiv:2512.02636 */
export const f2d2Diagonal =
  (divergence: DivergenceName, weight: number): Loss =>
  draw =>
    teacherVelocity(draw).add(headPart(teacherVelocity, divergence)(draw).mul(weight))

/** `a(x_s,s,t) = sg[w a(x_s,s,m) + (1-w) a(F(x_s,s,m),m,t)]`, `w = (m-s)/(t-s)`   F2D2, arXiv:2512.02636 */
export const f2d2Shortcut = (space: 'midpoint' | 'velocity'): Loss =>
  headPart(space === 'midpoint' ? psdMidpoint : psdVelocity, 'exact')

/** `a = sg[div V(x_s,s,s)/scale + (t-s)(d_s a + J_x a . u)]`, `u = v_cond`   F2D2, arXiv:2512.02636 */
export const f2d2Meanflow = (divergence: DivergenceName): Loss => headPart(meanflow, divergence)

/** `V + (t-s) sg[d_t V] = sg[V(F,t,t)]`: `lsd` with its derivative stopped, as the published code trains the head */
const heldLsd: Loss = ({ map, target, path, s, t, error }) => {
  const x = path.at(s)
  const [V, dV] = jvp(t => map.velocity(x, s, t), [t], [onesLike(t)])
  const gap = t.sub(s)
  const xt = x.add(gap.mul(V))
  return error(V.add(gap.mul(stopGradient(dV))), stopGradient(target.velocity(xt, t)))
}

/** `a + (t-s) sg[d_t a] = sg[div V(F,t,t)]/scale`, `F = F(x_s,s,t)`   F2D2, arXiv:2512.02636 */
export const f2d2Lsd = (divergence: DivergenceName): Loss => headPart(heldLsd, divergence)
