import { concat, stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { Draw, Loss } from '../loss.ts'
import type { Memory } from '../objective.ts'
import { identity, rowsOf } from './pairs.ts'
import { generated } from './sample.ts'

/** The mean `[K]` of features and their covariance `[K, K]`. */
export interface Moments {
  readonly mean: Tensor
  readonly covariance: Tensor
}

/** `x y^T` of vectors `[K]`. */
const outer = (x: Tensor, y: Tensor): Tensor => x.reshape([x.shape[0], 1]).mul(y.reshape([1, y.shape[0]]))

const trace = (a: Tensor): Tensor => a.mul(identity(a.shape[0], a)).sum()

/** Products that reach 1e-14 in float64 at a condition of 1e5. */
const ITERATIONS = 20

/**
 * The square root of a positive matrix `[K, K]`, and its inverse, by the coupled iteration of Newton and Schulz, which takes
 * products only.
 */
export function squareRoots(a: Tensor, iterations = ITERATIONS): { root: Tensor; inverse: Tensor } {
  const I = identity(a.shape[0], a)
  const size = a.square().sum().sqrt()
  let [Y, Z] = [a.div(size), I]
  for (let i = 0; i < iterations; i++) {
    const T = I.mul(3).sub(Z.matmul(Y)).mul(0.5)
    ;[Y, Z] = [Y.matmul(T), T.matmul(Z)]
  }
  return { root: Y.mul(size.sqrt()), inverse: Z.div(size.sqrt()) }
}

/** The Frechet distance of two laws by their moments, and the affine map `f -> mean' + T (f - mean)` from one to the other. */
export interface Transport {
  /** `|m-m'|^2 + tr(C + C' - 2 (C^1/2 C' C^1/2)^1/2)`, `[]`. */
  readonly distance: Tensor
  /** `C^-1/2 (C^1/2 C' C^1/2)^1/2 C^-1/2`, `[K, K]`, symmetric. */
  readonly matrix: Tensor
}

/** @param ridge  times `tr(C)/K` is added to the diagonal of both covariances where roots are taken */
export function transport(of: Moments, to: Moments, ridge = 0, iterations = ITERATIONS): Transport {
  const K = of.mean.shape[0]
  const I = identity(K, of.mean)
  const raised = (C: Tensor) => (ridge === 0 ? C : C.add(I.mul(trace(of.covariance).mul(ridge / K))))
  const [C, D] = [of, to].map(({ covariance }) => raised(covariance))
  const { root, inverse } = squareRoots(C, iterations)
  const product = root.matmul(D).matmul(root)
  // Exact products are symmetric; rounding that is not would grow in the next iteration.
  const { root: middle } = squareRoots(product.add(product.transpose()).mul(0.5), iterations)
  const gap = of.mean.sub(to.mean)
  const distance = gap.square().sum().add(trace(C)).add(trace(D)).sub(trace(middle).mul(2))
  return { distance, matrix: inverse.matmul(middle).matmul(inverse) }
}

/** What is remembered of features: their mean `[K]` and the mean `[K, K]` of their products. */
export interface Remembered {
  readonly mean: Tensor
  readonly second: Tensor
}

/** `beta` times what was remembered and the rest of the batch's features `[B, K]`. */
export function remembered(before: Remembered, f: Tensor, beta: number): Remembered {
  const kept = (old: Tensor, now: Tensor) => old.mul(beta).add(now.mul(1 - beta))
  return {
    mean: kept(before.mean, f.mean(0)),
    second: kept(before.second, f.matmul(f, { transposeA: true }).div(f.shape[0])),
  }
}

/** The moments that a memory stands for. */
export const momentsOf = ({ mean, second }: Remembered): Moments => ({
  mean,
  covariance: second.sub(outer(mean, mean)),
})

/** Reads a memory `[K + K^2]`: the mean, then the second moments row after row. */
function unpacked(memory: Tensor, K: number): Remembered {
  return { mean: memory.slice(0, 0, K), second: memory.slice(0, K, K + K * K).reshape([K, K]) }
}

const packed = ({ mean, second }: Remembered): Tensor =>
  concat([mean, second.reshape([mean.shape[0] ** 2])], 0)

export interface FrechetOptions {
  /** Part of what is remembered that a batch leaves. */
  readonly beta: number
  /** Added to the distance that the loss is divided by. */
  readonly epsilon: number
  readonly ridge?: number
  readonly iterations?: number
}

/** Features `[B, K]` of a draw's samples. */
const featuresOf = (draw: Draw): Tensor => (draw.features ?? rowsOf)(generated({ ...draw, r: draw.t }))

/** The memory after a batch, and how far what it remembers is from the reference. */
function compared(f: Tensor, before: Remembered, reference: Moments, options: FrechetOptions) {
  const after = remembered(before, stopGradient(f), options.beta)
  const moments = momentsOf(after)
  return { after, moments, ...transport(moments, reference, options.ridge, options.iterations) }
}

/** The loss of a batch's features, `[B]`. */
function lossOf(f: Tensor, before: Remembered, reference: Moments, options: FrechetOptions): Tensor {
  const { moments, distance, matrix } = compared(f, before, reference, options)
  const image = stopGradient(f).sub(moments.mean).matmul(matrix).add(reference.mean)
  const gap = f
    .sub(image)
    .square()
    .sum(-1)
    .mul(1 - options.beta)
  return gap.sub(stopGradient(gap)).add(distance).div(distance.add(options.epsilon))
}

/**
 * `d/sg[d + epsilon]`, `d` the Frechet distance between the remembered moments of samples' features and those of the data. Its
 * gradient is that of `(1-beta) |f_i - sg[T(f_i)]|^2`, `T` the optimal affine transport, and so it is written: the
 * loss regresses each sample to its affine image. Yang et al. 2026, arXiv:2604.28190.
 */
export const frechetOf =
  (before: Remembered, reference: Moments, options: FrechetOptions): Loss =>
  draw =>
    lossOf(featuresOf(draw), before, reference, options)

/** In the rounding of float32 a covariance may have no root: part of its mean variance that is added to each. */
const RIDGE = 1e-4

const MOMENTS = 'moments'

/** The memory and the reference of a run. @throws Error where it has none */
function knownIn({ memories }: Draw, K: number): { before: Remembered; reference: Moments } {
  const known = memories?.[MOMENTS]
  if (!known) throw new Error(`no memory "${MOMENTS}" in this draw`)
  return { before: unpacked(known.samples, K), reference: momentsOf(unpacked(known.data, K)) }
}

type Keys = Pick<FrechetOptions, 'beta' | 'epsilon'>

/** `frechetOf` by what the run remembers. arXiv:2604.28190 */
export const frechet =
  (options: Keys): Loss =>
  draw => {
    const f = featuresOf(draw)
    const { before, reference } = knownIn(draw, f.shape[1])
    return lossOf(f, before, reference, { ...options, ridge: RIDGE })
  }

/** The distance that it is made of, the same for every sample. */
export const frechetDistance =
  (options: Keys): Loss =>
  draw => {
    const f = featuresOf(draw)
    const { before, reference } = knownIn(draw, f.shape[1])
    const { distance } = compared(f, before, reference, { ...options, ridge: RIDGE })
    return distance.broadcastTo([f.shape[0]])
  }

/** Moments of samples' features, averaged over steps. */
export const frechetMemory = ({ beta }: Pick<FrechetOptions, 'beta'>): Memory => ({
  name: MOMENTS,
  size: K => K + K * K,
  keep: f => packed({ mean: f.mean(0), second: f.matmul(f, { transposeA: true }).div(f.shape[0]) }),
  update: draw => {
    const f = stopGradient(featuresOf(draw))
    return packed(remembered(knownIn(draw, f.shape[1]).before, f, beta))
  },
})
