import { jvp, onesLike, stopGradient, type Tensor } from '../autodiff/index.ts'
import type { FlowMap } from '../model/index.ts'
import { squaredNorm } from './loss.ts'

/** The distribution `N(mean, diag e^(2 logScale))` of a noise, `[B, D]` each. */
export interface NoiseLaw {
  readonly mean: Tensor
  readonly logScale: Tensor
}

/** Of an adapter's output `[B, 2 D]`: means, then logarithms of scales, which are held to [-6, 3]. */
export function noiseLaw(output: Tensor): NoiseLaw {
  const width = output.shape[1] / 2
  return {
    mean: output.slice(1, 0, width),
    logScale: output
      .slice(1, width, 2 * width)
      .maximum(-6)
      .minimum(3),
  }
}

/** `mu + e^l n` */
const adaptedNoise = ({ mean, logScale }: NoiseLaw, n: Tensor): Tensor => mean.add(logScale.exp().mul(n))

/** `KL(q | N(0,I)) = sum_d (e^(2l) + mu^2 - 1 - 2l)/2` of each sample. */
const noiseDivergence = ({ mean, logScale }: NoiseLaw): Tensor =>
  logScale.mul(2).exp().add(mean.square()).sub(1).sub(logScale.mul(2)).mul(0.5).sum([1])

/** What a noise adapter's loss is made of; points and noises are rows `[B, D]`. */
export interface Observed {
  readonly map: FlowMap
  readonly law: NoiseLaw
  /** What is seen of points, `[B, D]` to `[B, m]`. */
  readonly operator: (x: Tensor) => Tensor
  readonly y: Tensor
  readonly sd: number
  /** Standard normal. */
  readonly noise: Tensor
}

/**
 * `|y - A(F(z,1,0))|^2/(2 sd^2) + KL(q(.|y) | N(0,I))`, `z ~ q`, of each sample: minus the evidence bound of `y` up to a
 * constant   Variational flow maps, arXiv:2603.07276
 */
export function evidenceBound({ map, law, operator, y, sd, noise }: Observed): Tensor {
  const z = adaptedNoise(law, noise)
  const one = onesLike(z.slice(1, 0, 1))
  const seen = operator(map.jump(z, one, one.sub(1)))
  return squaredNorm(y.sub(seen), 'sum')
    .mul(1 / (2 * sd * sd))
    .add(noiseDivergence(law))
}

/** What the flow's part takes beside. */
export interface Flowing {
  readonly x0: Tensor
  /** Noise of samples that do not keep the adapter's. */
  readonly fresh: Tensor
  /** 1 for samples that take the adapter's noise, 0 for fresh noise, `[B, 1]`. */
  readonly keep: Tensor
  readonly s: Tensor
  readonly t: Tensor
  /** Scale of its residual. */
  readonly tau: number
}

/**
 * `|V(x_s,s,t) - sg[u + (t-s)(d_s V + J_x V . u)]|^2/(2 tau^2)`, `x_s = (1-s) x0 + s w`, `u = w - x0`, of each sample: the flow
 * bends to the adapter's noise `w`, to which gradients pass through the inputs of `V`   arXiv:2603.07276
 */
export function adaptedFlow({ map, law, noise }: Observed, flowing: Flowing): Tensor {
  const { x0, fresh, keep, s, t, tau } = flowing
  const w = keep.mul(adaptedNoise(law, noise)).add(keep.neg().add(1).mul(fresh))
  const u = w.sub(x0)
  const x = x0.add(s.mul(u))
  const [V, dV] = jvp((x, s) => map.velocity(x, s, t), [x, s], [u, onesLike(s)])
  const known = stopGradient(u.add(t.sub(s).mul(dV)))
  return squaredNorm(V.sub(known), 'sum').mul(1 / (2 * tau * tau))
}
