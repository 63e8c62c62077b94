import { stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { Draw, Loss } from '../loss.ts'
import { distances, identity, rowsOf, squaredDistances } from './pairs.ts'

/** Kernels of two points whose squares of distances are divided by `width^2`. */
const kernels = {
  /** `exp(-|a-b|/(width D))`, with distances of at least 1e-8. */
  laplace: (a: Tensor, b: Tensor, width: Tensor) =>
    distances(a, b)
      .div(width.mul(a.shape.at(-1)!))
      .neg()
      .exp(),
  /** `exp(-|a-b|^2/(2 width^2 D))`. */
  gaussian: (a: Tensor, b: Tensor, width: Tensor) =>
    squaredDistances(a, b)
      .div(width.square().mul(2 * a.shape.at(-1)!))
      .neg()
      .exp(),
} as const
export type KernelName = keyof typeof kernels

export interface ImmOptions {
  readonly kernel?: KernelName
  /** Standard deviation of the data's coordinates. */
  readonly sigmaData: number
  /** Power of `1 - s` in the weight of a source time. */
  readonly a: number
  /** Log signal-to-noise ratio at which that weight turns over. */
  readonly b: number
  /** Whether a sample is also compared with its own other sample. */
  readonly diagonal: boolean
}

/** `W(s) = 0.5 sigmoid(b - l) (-l') (1-s)^a/((1-s)^2 + s^2)`, `l = 2 log((1-s)/s)`. arXiv:2503.07565, eq. 13. */
export function immWeight(s: Tensor, { a, b }: Pick<ImmOptions, 'a' | 'b'>): Tensor {
  const rest = s.neg().add(1)
  const logRatio = rest.div(s).log().mul(2)
  // The slope with the power of 1 - s, so that the end has a weight too.
  const slope = rest
    .pow(a - 1)
    .div(s)
    .mul(2)
  const size = rest.square().add(s.square())
  return logRatio.neg().add(b).sigmoid().mul(0.5).mul(slope).div(size)
}

/**
 * `(1/M) sum_j [k(y_i,y_j) + k(z_i,z_j) - 2 k(y_i,z_j)]`, a sample's share of the squared distance between the means of two
 * sets in the kernel's features, `[groups, M]`.
 *
 * @param y  points `[groups, M, D]`; @param z  those they are compared with
 * @param width  of the kernel, `[groups, 1, 1]`
 */
export function kernelDistance(
  y: Tensor,
  z: Tensor,
  width: Tensor,
  { kernel = 'laplace', diagonal }: Pick<ImmOptions, 'kernel' | 'diagonal'>,
): Tensor {
  const M = y.shape[1]
  const k = (a: Tensor, b: Tensor) => kernels[kernel](a, b, width)
  const all = k(y, y).add(k(z, z)).sub(k(y, z).mul(2))
  return (diagonal ? all : all.mul(identity(M, all).neg().add(1))).sum(-1).div(M)
}

/**
 * `W(s)` times the kernel's distance between `y = F(x_s,s,t)` and `sg[F(x_m,m,t)]` in each group of samples with the same times.
 * Zhou et al. 2025, arXiv:2503.07565, eq. 12.
 */
export const imm =
  (options: ImmOptions): Loss =>
  draw => {
    const { map, path, s, t, m } = draw
    const y = inGroups(draw, map.jump(path.at(s), s, t))
    const known = inGroups(draw, stopGradient(map.jump(path.at(m), m, t)))
    const [groups, M] = y.shape
    const first = (x: Tensor) => x.reshape([groups, M]).slice(1, 0, 1)
    const width = first(s.sub(t)).mul(options.sigmaData).reshape([groups, 1, 1])
    const W = immWeight(first(s), options)
    return kernelDistance(y, known, width, options)
      .mul(W)
      .reshape([groups * M])
  }

/** Points `[B, ...D]` as `[groups, M, D]`. */
function inGroups({ group = 1 }: Draw, x: Tensor): Tensor {
  const rows = rowsOf(x)
  const [B, D] = rows.shape
  if (B % group !== 0) throw new RangeError(`${B} samples are no whole number of groups of ${group}`)
  return rows.reshape([B / group, group, D])
}
