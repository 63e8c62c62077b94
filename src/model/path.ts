import { jvp, onesLike, type Tensor } from '../autodiff/index.ts'
import type { Interpolant } from './interpolants/interpolant.ts'

/** The conditional path through one batch of data `x0` and noise `eps`, `[B, ...D]`. */
export interface Path {
  /** Whose path it is; absent where points are not of one. */
  readonly interpolant?: Interpolant
  readonly x0: Tensor
  readonly eps: Tensor
  /** `x_t` at times `[B, 1, ...]`. */
  at(t: Tensor): Tensor
  /** `d/dt x_t`, the conditional velocity. */
  velocity(t: Tensor): Tensor
  /** The point at time `m` to which the sample goes from `x_s`: `x_m`, but where its velocity is guided. */
  onward(s: Tensor, m: Tensor): Tensor
}

/** What is added to a path on its way, as a function of time. */
type Added = (t: Tensor) => Tensor

/**
 * Noise on the way between two points, `g sqrt(2 t (1-t)) z`, nothing at either end. Its derivative is infinite there, so a training
 * keeps away from them. Albergo, Boffi & Vanden-Eijnden 2023, arXiv:2303.08797.
 */
export const bridgeNoise =
  (g: number, z: Tensor): Added =>
  t =>
    t.mul(t.neg().add(1)).mul(2).sqrt().mul(g).mul(z)

/** @param eps  noise, or points of a source */
export function pathOf(interpolant: Interpolant, x0: Tensor, eps: Tensor, added?: Added): Path {
  const { alpha, sigma } = interpolant
  const point = (t: Tensor) => {
    const x = alpha(t).mul(x0).add(sigma(t).mul(eps))
    return added ? x.add(added(t)) : x
  }
  const made = new Map<Tensor, Tensor>()
  // The same time gives the same node, so that equal network evaluations can be recognised.
  const at = (t: Tensor): Tensor => {
    const known = made.get(t) ?? point(t)
    made.set(t, known)
    return known
  }
  return {
    interpolant,
    x0,
    eps,
    at,
    onward: (_, m) => at(m),
    velocity: t => jvp(point, [t], [onesLike(t)])[1],
  }
}

/**
 * The linear path as a network of denoised points can follow it: `(x_t - x0)/max(t, least)`, which is `eps - x0` from `least`
 * on; in a curved space `-log_{x_t}(x0)/max(t, least)`. Below, the map divides by `least`, and the plain velocity would be another one than its points allow. Lu et al. 2026
 * (pixel MeanFlow), arXiv:2601.22158.
 */
export const clippedPath = (path: Path, least: number): Path => ({
  ...path,
  velocity: t => path.velocity(t).mul(t.div(t.maximum(least))),
})

const absent = (what: string): never => {
  throw new Error(`${what} is asked for where a training has none`)
}

/** A path of which only the noise is known: for formulas that begin at `t = 1` and never see data. */
export const noisePath = (eps: Tensor): Path => ({
  eps,
  get x0(): Tensor {
    return absent('data')
  },
  at: () => absent('a point of the path'),
  onward: () => absent('a point of the path'),
  velocity: () => absent('the velocity of the path'),
})

/** Two points of a solved trajectory, at times `s` and `t`, in the place of a path. */
export function trajectoryPath(s: Tensor, xs: Tensor, t: Tensor, xt: Tensor): Path {
  const points = new Map([
    [s, xs],
    [t, xt],
  ])
  const at = (time: Tensor) => points.get(time) ?? absent('a point between two points of a trajectory')
  return {
    get x0(): Tensor {
      return absent('data')
    },
    get eps(): Tensor {
      return absent('noise')
    },
    at,
    onward: (_, m) => at(m),
    velocity: () => absent('the velocity of the path'),
  }
}
