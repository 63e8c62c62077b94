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

/** Rates of the variance-preserving diffusion at its two ends. */
const BETA = [0.1, 20] as const
/** Keeps the root's derivative finite at the data. */
const SMALLEST_VARIANCE = 1e-12

/**
 * `alpha = exp(-t^2 (b1-b0)/4 - t b0/2)`, `sigma^2 = 1 - alpha^2`. Song et al. 2021, arXiv:2011.13456, eq. 33. At `t = 1`
 * a trace of the data is left (`alpha = 0.0066`), and `sigma` rises infinitely fast at `t = 0`.
 */
const vp: Interpolant = {
  alpha: t =>
    t
      .mul(-(BETA[1] - BETA[0]) / 4)
      .sub(BETA[0] / 2)
      .mul(t)
      .exp(),
  sigma: t => one(t).sub(vp.alpha(t).square()).maximum(SMALLEST_VARIANCE).sqrt(),
}

export const interpolants = { linear, trig, vp } as const
export type InterpolantName = keyof typeof interpolants

/** The conditional path through one batch of data `x0` and noise `eps`, `[B, ...D]`. */
export interface Path {
  readonly x0: Tensor
  readonly eps: Tensor
  /** `x_t` at times `[B, 1, ...]`. */
  at(t: Tensor): Tensor
  /** `d/dt x_t`, the conditional velocity. */
  velocity(t: Tensor): Tensor
  /** The point at time `m` to which the sample goes from `x_s`: `x_m`, but where its velocity is guided. */
  onward(s: Tensor, m: Tensor): Tensor
}

export function pathOf({ alpha, sigma }: Interpolant, x0: Tensor, eps: Tensor): Path {
  const point = (t: Tensor) => alpha(t).mul(x0).add(sigma(t).mul(eps))
  const made = new Map<Tensor, Tensor>()
  // The same time gives the same node, so that equal network evaluations can be recognised.
  const at = (t: Tensor): Tensor => {
    const known = made.get(t) ?? point(t)
    made.set(t, known)
    return known
  }
  return {
    x0,
    eps,
    at,
    onward: (_, m) => at(m),
    velocity: t => jvp(point, [t], [onesLike(t)])[1],
  }
}

/**
 * The linear path as a network of denoised points can follow it: `(x_t - x0)/max(t, least)`, which is `eps - x0` from `least`
 * on. Below, the map divides by `least`, and the plain velocity would be another one than its points allow. Lu et al. 2026
 * (pixel MeanFlow), arXiv:2601.22158.
 */
export const clippedPath = (path: Path, least: number): Path => ({
  ...path,
  velocity: t => path.at(t).sub(path.x0).div(t.maximum(least)),
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
