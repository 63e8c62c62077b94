import { jvp, onesLike, stopGradient, type Tensor } from '../autodiff/index.ts'
import type { Loss } from './loss.ts'

/**
 * Flow maps of sequences of symbols: `x0 [B, L, K]` is one of `K` symbols at each of `L` positions, `psi = softmax(z)` the mean
 * denoiser, `F(x,s,t) = (t/s) x + (1 - t/s) psi(x,s,t)`. Losses are sums over symbols, means over positions. Roos et al. 2026 (CFM),
 * arXiv:2602.12233; Lee et al. 2026 (FMLM), arXiv:2602.16813; Potaptchik et al. 2026 (DFM), arXiv:2604.09784.
 */

/** A map whose network gives the logits of each symbol. */
export interface CategoricalMap {
  /** `z(x,s,t)`, `[B, L, K]`. */
  logits(x: Tensor, s: Tensor, t: Tensor): Tensor
}

/** What these formulas use of a draw. */
export interface CategoricalDraw extends Pick<Parameters<Loss>[0], 'path' | 's' | 't' | 'm'> {
  readonly map: CategoricalMap
  readonly target: CategoricalMap
}
export type CategoricalLoss = (draw: CategoricalDraw) => Tensor

/** Ours: the smallest argument of a logarithm in a target, which at the solution is positive. */
const FLOOR = 1e-6

/** Where a probability counts as 0; as a float32 it is none. */
const LEAST = 1e-30

/** `[B, L, K]` to `[B]`. */
const overSymbols = (a: Tensor): Tensor => a.sum(-1).mean(-1)

/** `KL(T | softmax z)`; `T log T` is 0 where `T` is. */
function divergence(target: Tensor, z: Tensor): Tensor {
  return overSymbols(target.mul(target.maximum(LEAST).log().sub(z.logSoftmax())))
}

const psiOf = ({ logits }: CategoricalMap, x: Tensor, s: Tensor, t: Tensor): Tensor =>
  logits(x, s, t).softmax()

/** `F(x,s,t) = (t/s) x + (1 - t/s) psi`. */
function jumpBy(psi: Tensor, x: Tensor, s: Tensor, t: Tensor): Tensor {
  const kept = t.div(s)
  return kept.mul(x).add(kept.neg().add(1).mul(psi))
}

/** `c - <psi, c> 1`: what a change of the logits does to the probabilities, which do not see a constant. */
const centred = (c: Tensor, psi: Tensor): Tensor => c.sub(psi.mul(c).sum(-1, true))

/** `-sum_k x0 log psi(x_s,s,s)`   arXiv:2602.12233, arXiv:2602.16813, arXiv:2604.09784 */
export const crossEntropy: CategoricalLoss = ({ map, path, s }) =>
  overSymbols(path.x0.mul(map.logits(path.at(s), s, s).logSoftmax())).neg()

/** How logits are guided by the map itself. */
export interface GuidedLogits {
  readonly scale: Tensor
  readonly untold: CategoricalMap
  /** `kappa`, and the stopped map whose logits have that part; default 0. */
  readonly own?: { readonly part: Tensor; readonly map: CategoricalMap }
}

/**
 * `-sum_k x0 log softmax(z(x_s,s,s,c,w)/w + (1 - 1/w) sg[z(x_s,s,s,0,1)])`, least at `z_w = (1-w) z_0 + w z_c`; with a part `k` of its
 * own of `(z - k sg[z] - (1 - o - k) sg[z_0])/o`, `o = w (1-k)`, least at the same   Ours, after guidance-free training of velocities,
 * arXiv:2501.15420, and the mixture of MeanFlow, arXiv:2505.13447
 */
export const guidedCrossEntropy =
  ({ scale: w, untold, own }: GuidedLogits): CategoricalLoss =>
  ({ map, ...draw }) => {
    const logits: CategoricalMap['logits'] = (x, s, t) => {
      const z0 = stopGradient(untold.logits(x, s, t))
      const z = map.logits(x, s, t)
      if (!own) return z.add(w.sub(1).mul(z0)).div(w)
      const k = own.part
      const omega = k.neg().add(1).mul(w)
      const rest = omega.add(k).neg().add(1).mul(z0)
      return z
        .sub(k.mul(stopGradient(own.map.logits(x, s, t))))
        .sub(rest)
        .div(omega)
    }
    return crossEntropy({ ...draw, map: { logits } })
  }

/** `-sum_k D_w log psi(x_s,s,s)`, `D_w` the guided probabilities of a teacher   Ours, after Meng et al. 2023, arXiv:2210.03142 */
export const taughtCrossEntropy =
  (denoised: (x: Tensor, s: Tensor) => Tensor): CategoricalLoss =>
  ({ map, path, s }) => {
    const x = path.at(s)
    return overSymbols(stopGradient(denoised(x, s)).mul(map.logits(x, s, s).logSoftmax())).neg()
  }

/** `psi(x,s,t) = a psi(x,s,m) + (1-a) psi(F(x,s,m),m,t)`, `a = t (s-m)/(m (s-t))`, by the divergence   arXiv:2604.09784 */
export const psdSimplex: CategoricalLoss = ({ map, target, path, s, t, m }) => {
  const x = path.at(s)
  const first = psiOf(target, x, s, m)
  const second = psiOf(target, jumpBy(first, x, s, m), m, t)
  const a = t.mul(s.sub(m)).div(m.mul(s.sub(t)))
  const mixed = a.mul(first).add(a.neg().add(1).mul(second))
  return divergence(stopGradient(mixed), map.logits(x, s, t))
}

/** `psi(x,s,t) = softmax(z(F,t,t) - log(1 - g c))`, `g = t (s-t)/s`, `c` the centred `d_t z`   arXiv:2604.09784 */
export const lsdSimplex: CategoricalLoss = ({ map, target, path, s, t }) => {
  const x = path.at(s)
  const [z, dz] = jvp(t => map.logits(x, s, t), [t], [onesLike(t)])
  const psi = z.softmax()
  const g = t.mul(s.sub(t)).div(s)
  const left = g.mul(centred(dz, psi)).neg().add(1).maximum(FLOOR)
  const there = target.logits(stopGradient(jumpBy(psi, x, s, t)), t, t)
  return divergence(stopGradient(there.sub(left.log()).softmax()), z)
}

/**
 * `psi(x,s,t) = softmax(z(x,s,s) - log(t + s (s-t) c))`, `c` the centred `d_s z + J_x z . u`, `u = (x - psi(x,s,s))/s`
 * arXiv:2604.09784
 */
export const esdSimplex: CategoricalLoss = ({ map, target, path, s, t }) => {
  const x = path.at(s)
  const here = target.logits(x, s, s)
  const u = stopGradient(x.sub(here.softmax()).div(s))
  const [z, dz] = jvp((x, s) => map.logits(x, s, t), [x, s], [u, onesLike(s)])
  const left = t.add(s.mul(s.sub(t)).mul(centred(dz, z.softmax()))).maximum(FLOOR)
  return divergence(stopGradient(here.sub(left.log()).softmax()), z)
}

/** `t d_t F = sg[F] - sg[psi(F,t,t)]`, which is `t` times the residual of `lsd`   arXiv:2602.12233 */
export const csd: CategoricalLoss = ({ map, target, path, s, t }) => {
  const x = path.at(s)
  const [F, dF] = jvp(t => jumpBy(psiOf(map, x, s, t), x, s, t), [t], [onesLike(t)])
  const still = stopGradient(F)
  const there = psiOf(target, still, t, t)
  return overSymbols(t.mul(dF).sub(still).add(stopGradient(there)).square())
}

export interface EcldOptions {
  readonly ce: number
  readonly energy: number
  /** `g = t (s-t)/s`, or `(s-t)/s` as both code bases have. */
  readonly gap: 'g' | 'code'
}

/** `ce KL(sg[psi(F,t,t)] | psi) + energy b^2 |d_t psi|^2`, an upper bound of `csd`   arXiv:2602.12233 */
export const ecld =
  ({ ce, energy, gap }: EcldOptions): CategoricalLoss =>
  ({ map, target, path, s, t }) => {
    const x = path.at(s)
    const [z, dz] = jvp(t => map.logits(x, s, t), [t], [onesLike(t)])
    const psi = z.softmax()
    const there = psiOf(target, stopGradient(jumpBy(psi, x, s, t)), t, t)
    const b = s
      .sub(t)
      .div(s)
      .mul(gap === 'g' ? t : 1)
    const dpsi = psi.mul(centred(dz, psi))
    return divergence(stopGradient(there), z)
      .mul(ce)
      .add(overSymbols(b.mul(dpsi).square()).mul(energy))
  }
