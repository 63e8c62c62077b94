import { stopGradient, type Tensor } from '../autodiff/index.ts'
import type { Draw, Loss } from './loss.ts'

/**
 * A flow map of text in two waves. Its residual `r` is a network without bounds beside an exact or pretrained velocity,
 * `F_r(x,s,t) = x + d v_phi(x,s) + d^2 r(x,s,t)/2`, `d = t-s`; the student, whose network gives logits, learns where that leads.
 * Lee et al. 2026 (FMLM), arXiv:2602.16813
 */

/** `d v_phi(x,s) + d^2 r(x,s,t)/2`, of which the velocity is stopped. */
function step({ teacher, players }: Draw, x: Tensor, s: Tensor, t: Tensor): Tensor {
  const d = t.sub(s)
  const v = stopGradient(teacher.velocity(x, s))
  return d.mul(v).add(
    d
      .square()
      .div(2)
      .mul(players!.residual(x, s, t)),
  )
}

/** `F_r(x,s,t) = sg[F_r(F_r(x,s,m),m,t)]`, which trains `r` alone   arXiv:2602.16813 */
export const waveOfResidual: Loss = draw => {
  const { path, s, t, m, distance } = draw
  const x = path.at(s)
  const xm = x.add(step(draw, x, s, m))
  return distance(x.add(step(draw, x, s, t)), stopGradient(xm.add(step(draw, xm, m, t))))
}

/** `F(x,s,t) = sg[F_r(x,s,t)]`, which trains the student alone   arXiv:2602.16813 */
export const waveOfStudent: Loss = draw => {
  const { map, path, s, t, distance } = draw
  const x = path.at(s)
  return distance(map.jump(x, s, t), stopGradient(x.add(step(draw, x, s, t))))
}
