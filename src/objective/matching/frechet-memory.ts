import { concat, constant, select, type Tensor } from '../../autodiff/index.ts'
import type { Compared, KeptOf } from '../objective.ts'
import { type Moments, outer } from './frechet-distance.ts'

/** Points by their features `[N, K]`, and of which class each is, `[N, C]`: 1 in its column, 0 in others. */
export interface Told {
  readonly f: Tensor
  readonly classes: Tensor
}

/** Least number of samples that is divided by: of a class that a memory has none of. */
const LEAST = 1e-8

/** Which class each sample is of, by labels `[N]`; all of one where there are none. */
export function classesOf(f: Tensor, label: Tensor | undefined, count: number): Tensor {
  const shape = [f.shape[0], count]
  if (!label) return constant(1, shape, f.dtype)
  const column = label.reshape([shape[0], 1]).broadcastTo(shape)
  const classes = Float64Array.from({ length: count }, (_, c) => c)
  const names = constant(classes, [1, count], label.dtype).broadcastTo(shape)
  return select(column.equal(names), constant(1, shape, f.dtype), constant(0, shape, f.dtype))
}

/** A number of each class as a factor of its vectors or matrices. */
const factor = (w: Tensor, rank: 2 | 3): Tensor =>
  w.reshape([w.shape[0], ...new Array<number>(rank - 1).fill(1)])

/** `sum_i h_ic f_i` and `sum_i h_ic f_i f_i^T`, `[C, K]` and `[C, K, K]`. */
function sumsOf({ f, classes }: Told): { first: Tensor; second: Tensor } {
  const [N, K] = f.shape
  const C = classes.shape[1]
  const points = f.reshape([1, N, K]).broadcastTo([C, N, K])
  const weighted = points.mul(classes.transpose().reshape([C, N, 1]))
  return {
    first: classes.matmul(f, { transposeA: true }),
    second: weighted.matmul(points, { transposeA: true }),
  }
}

/** What is remembered of features: the part of samples that is of each class `[C]`, and the means of their features and of products, classes apart: `h f` `[C, K]`, `h f f^T` `[C, K, K]`. */
export interface Remembered {
  readonly weight: Tensor
  readonly first: Tensor
  readonly second: Tensor
}

/** The same of points of one class: a mean `[K]` and the mean of products `[K, K]`. */
export const oneClass = (mean: Tensor, second: Tensor): Remembered => {
  const [K] = mean.shape
  return {
    weight: constant(1, [1], mean.dtype),
    first: mean.reshape([1, K]),
    second: second.reshape([1, K, K]),
  }
}

/** Of one class by its mean and covariance. */
export const withCovariance = (mean: Tensor, covariance: Tensor): Remembered =>
  oneClass(mean, covariance.add(outer(mean, mean)))

/** What is remembered of one set of points. */
export function rememberedOf(told: Told): Remembered {
  const [N] = told.f.shape
  const { first, second } = sumsOf(told)
  return { weight: told.classes.mean(0), first: first.div(N), second: second.div(N) }
}

/** `beta` times what was remembered and the rest of a batch. */
export function remembered(before: Remembered, batch: Told, beta: number): Remembered {
  const now = rememberedOf(batch)
  const kept = (old: Tensor, now: Tensor) => old.mul(beta).add(now.mul(1 - beta))
  return {
    weight: kept(before.weight, now.weight),
    first: kept(before.first, now.first),
    second: kept(before.second, now.second),
  }
}

/** The moments of each class that a memory stands for. */
export function momentsOf({ weight, first, second }: Remembered): Moments {
  const w = weight.maximum(LEAST)
  const mean = first.div(factor(w, 2))
  return { mean, covariance: second.div(factor(w, 3)).sub(outer(mean, mean)) }
}

/** The moments of each class of the samples of a queue, with one sample less where a covariance is divided. */
function momentsOfQueue(queue: Told): Moments & { readonly count: Tensor } {
  const count = queue.classes.sum(0)
  const n = count.maximum(1)
  const { first, second } = sumsOf(queue)
  const mean = first.div(factor(n, 2))
  const spread = second.sub(outer(mean, mean).mul(factor(n, 3)))
  return { count, mean, covariance: spread.div(factor(n.sub(1).maximum(1), 3)) }
}

/** What a memory says after a batch. */
export interface Estimate {
  /** Of each class. */
  readonly moments: Moments
  /** What a sample of the batch counts in the mean of its class, `[C]`. */
  readonly share: Tensor
  /** What it counts more in the covariance, `[C]`. */
  readonly spread: Tensor
}

/** Moments that are averaged over steps. */
export function averaged(before: Remembered, batch: Told, beta: number): Estimate & { after: Remembered } {
  const after = remembered(before, batch, beta)
  const rows = batch.f.shape[0]
  const share = after.weight
    .maximum(LEAST)
    .pow(-1)
    .mul((1 - beta) / rows)
  return { after, moments: momentsOf(after), share, spread: share.mul(0).add(1) }
}

/** Moments of the newest samples, a batch among them. */
export function queued(before: Told, batch: Told): Estimate & { after: Told } {
  const after = pushed(before, batch)
  const { count, ...moments } = momentsOfQueue(after)
  const n = count.maximum(1)
  return { after, moments, share: n.pow(-1), spread: n.div(n.sub(1).maximum(1)) }
}

/** A batch in front, and as many samples fewer at the end. */
function pushed(before: Told, batch: Told): Told {
  const [N, B] = [before.f.shape[0], batch.f.shape[0]]
  const push = (old: Tensor, now: Tensor) => (N === B ? now : concat([now, old.slice(0, 0, N - B)], 0))
  return { f: push(before.f, batch.f), classes: push(before.classes, batch.classes) }
}

/** Means in one vector: first moments, second ones, and where there are several classes the part of each. */
export const packed = ({ weight, first, second }: Remembered): Tensor => {
  const [C, K] = first.shape
  const moments = [first.reshape([C * K]), second.reshape([C * K * K])]
  return concat(C === 1 ? moments : [...moments, weight], 0)
}

export function unpacked(memory: Tensor, K: number): Remembered {
  const one = K + K * K
  const C = memory.shape[0] === one ? 1 : memory.shape[0] / (one + 1)
  const [first, second] = [C * K, C * one]
  return {
    first: memory.slice(0, 0, first).reshape([C, K]),
    second: memory.slice(0, first, second).reshape([C, K, K]),
    weight: C === 1 ? constant(1, [1], memory.dtype) : memory.slice(0, second),
  }
}

/** A queue in one vector: features sample by sample, and where there are several classes those alike. */
export const packedQueue = ({ f, classes }: Told): Tensor => {
  const [N, K] = f.shape
  const C = classes.shape[1]
  return (C === 1 ? f : concat([f, classes], 1)).reshape([N * (C === 1 ? K : K + C)])
}

export function unpackedQueue(memory: Tensor, K: number, C: number): Told {
  const width = C === 1 ? K : K + C
  const all = memory.reshape([memory.shape[0] / width, width])
  if (C === 1) return { f: all, classes: constant(1, [all.shape[0], 1], all.dtype) }
  return { f: all.slice(1, 0, K), classes: all.slice(1, K) }
}

const toldOf = (f: Tensor, { classes }: Compared, label?: Tensor): Told => ({
  f,
  classes: classesOf(f, classes === 1 ? undefined : label, classes),
})

/** Means over all points. */
export const means: KeptOf = {
  size: ({ features: K, classes: C }) => (C === 1 ? K + K * K : C * (K + K * K + 1)),
  keep: (f, of, label) => packed(rememberedOf(toldOf(f, of, label))),
  joins: 'mean',
}

/** The newest points. */
export const queue = (length: number): KeptOf => ({
  size: ({ features: K, classes: C }) => length * (C === 1 ? K : K + C),
  keep: (f, of, label) => packedQueue(toldOf(f, of, label)),
  joins: 'one-by-one',
})
