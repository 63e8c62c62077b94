import { select, stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { Draw, Loss } from '../loss.ts'
import { moved, noisy } from './sample.ts'

/**
 * The map as it is sampled in several steps: `x_k = F(z_k, s_k, 0)`, `z_(k+1) = (1-s_(k+1)) x_k + s_(k+1) n`, from `z_0 = eps` at
 * `s_0 = 1`. Each sample trains at one `s_k`, where the steps before it are those of the map itself and stopped: backward
 * simulation, Yin et al. 2024 (DMD2), arXiv:2405.14867, sec. 4.5. A loss then asks for `F(eps,1,0)` and gets `F(z_k, s_k, 0)`.
 * The fake score is told `s_k`, which the paper's is not: else the samples of all steps together would have the law of the data, and
 * those of one of them another.
 *
 * @param times  `s_1 > s_2 > ...`, in (0, 1)
 */
export const simulated =
  (times: readonly number[], loss: Loss): Loss =>
  draw => {
    const { map, path, s, noise2 } = draw
    // Which of the times: by where the drawn one lies in [0, 1].
    const chosen = s.mul(times.length + 1)
    let z = path.eps
    let at = s.mul(0).add(1)
    let start = z
    let from = at
    times.forEach((next, k) => {
      const x = map.jump(z, at, at.mul(0))
      at = s.mul(0).add(next)
      // Another sample's noise: drawn apart from its own.
      z = stopGradient(noisy(x, at, moved(noise2!, k)))
      const isHere = chosen.less(k + 1).equal(0)
      start = select(isHere, z, start)
      from = select(isHere, at, from)
    })
    const begun: Draw['map'] = { ...map, jump: (_, _s, t) => map.jump(start, from, t) }
    const { fake } = draw.players ?? {}
    const players = { ...draw.players, ...(fake && { fake: (x: Tensor, r: Tensor) => fake(x, r, from) }) }
    return loss({ ...draw, map: begun, players })
  }
