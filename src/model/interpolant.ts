import { constant, jvp, onesLike, type Tensor } from '../autodiff/index.ts'

/**
 * A path from data (`t = 0`) to noise (`t = 1`): `x_t = alpha(t) x0 + sigma(t) eps`. Derivatives in time are taken
 * from these two functions, never written down again.
 */
export interface Interpolant {
  readonly alpha: (t: Tensor) => Tensor
  readonly sigma: (t: Tensor) => Tensor
}

const one = (t: Tensor): Tensor => constant(1, [], t.dtype)

/** `x_t = (1-t) x0 + t eps`. Lipman et al. 2023, arXiv:2210.02747; Liu et al. 2023, arXiv:2209.03003. */
const linear: Interpolant = { alpha: t => one(t).sub(t), sigma: t => t }

/** `x_t = cos(pi t/2) x0 + sin(pi t/2) eps`. Albergo & Vanden-Eijnden 2023, arXiv:2209.15571. */
const trig: Interpolant = {
  alpha: t => t.mul(Math.PI / 2).cos(),
  sigma: t => t.mul(Math.PI / 2).sin(),
}

export const interpolants = { linear, trig } as const
export type InterpolantName = keyof typeof interpolants

/** The conditional path through one batch of data `x0` and noise `eps`, `[B, ...D]`. */
export interface Path {
  /** `x_t` at times `[B, 1, ...]`. */
  at(t: Tensor): Tensor
  /** `d/dt x_t`, the conditional velocity. */
  velocity(t: Tensor): Tensor
}

export function pathOf({ alpha, sigma }: Interpolant, x0: Tensor, eps: Tensor): Path {
  const point = (t: Tensor) => alpha(t).mul(x0).add(sigma(t).mul(eps))
  const made = new Map<Tensor, Tensor>()
  return {
    // The same time gives the same node, so that equal network evaluations can be recognised.
    at: t => {
      const known = made.get(t) ?? point(t)
      made.set(t, known)
      return known
    },
    velocity: t => jvp(point, [t], [onesLike(t)])[1],
  }
}
