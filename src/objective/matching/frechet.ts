import { stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { Draw, Loss } from '../loss.ts'
import type { Memory } from '../objective.ts'
import type { Features } from '../perceptual.ts'
import { type Moments, transport } from './frechet-distance.ts'
import {
  averaged,
  classesOf,
  type Estimate,
  means,
  momentsOf,
  packed,
  packedQueue,
  queue,
  queued,
  type Remembered,
  type Told,
  unpacked,
  unpackedQueue,
} from './frechet-memory.ts'
import { rowsOf } from './pairs.ts'
import { featuresElsewhere } from './random-features.ts'
import { generated } from './sample.ts'

/** How the distance is taken, and what of it is the loss. */
interface DistanceOptions {
  /** Added to the distance that the loss is divided by. */
  readonly epsilon: number
  readonly ridge?: number
  readonly iterations?: number
}

export interface FrechetOptions extends DistanceOptions {
  /** Part of what is remembered that a batch leaves. */
  readonly beta: number
}

/** The data's moments of each class, and the part of data that is of it, `[C]`. */
interface Reference {
  readonly moments: Moments
  readonly weight: Tensor
}

/** Features `[B, K]` of a draw's samples. */
const featuresOf = (draw: Draw, features: Features = draw.features ?? rowsOf): Tensor =>
  features(generated({ ...draw, r: draw.t }))

/** `sum_c w_c d_c`, `[]`. */
const overClasses = (of: Tensor, { weight }: Reference): Tensor => of.mul(weight).sum()

/**
 * The loss of a batch's features `[B]`: its value is `sum_c w_c d_c/(d_c + epsilon)`, its gradient that of
 * `share_c |f_i - sg[a_i]|^2/(d_c + epsilon)`, `a_i = f_i - (m - m') - spread (I - T) (f_i - m)`.
 */
function lossOf(
  f: Tensor,
  classes: Tensor,
  estimate: Estimate,
  reference: Reference,
  options: DistanceOptions,
): Tensor {
  const { moments, share, spread } = estimate
  const [C, K] = moments.mean.shape
  const B = f.shape[0]
  const { distance, matrix } = transport(moments, reference.moments, options.ridge, options.iterations)
  const still = stopGradient(f).reshape([1, B, K])
  const centred = still.sub(moments.mean.reshape([C, 1, K]))
  const shift = moments.mean.sub(reference.moments.mean).reshape([C, 1, K])
  const moved = still.sub(shift).sub(centred.sub(centred.matmul(matrix)).mul(spread.reshape([C, 1, 1])))
  const gap = f.reshape([1, B, K]).sub(stopGradient(moved)).square().sum(-1)
  const divided = distance.add(options.epsilon)
  const factor = share.mul(B).mul(reference.weight).div(divided).reshape([C, 1])
  const pulled = gap.mul(classes.transpose()).mul(stopGradient(factor)).sum(0)
  return pulled.sub(stopGradient(pulled)).add(stopGradient(overClasses(distance.div(divided), reference)))
}

/**
 * `d/sg[d + epsilon]`, `d` the Frechet distance between the remembered moments of samples' features and those of the data. Its
 * gradient is that of `(1-beta) |f_i - sg[T(f_i)]|^2`, `T` the optimal affine transport, and so it is written: the
 * loss regresses each sample to its affine image. Yang et al. 2026, arXiv:2604.28190.
 */
export const frechetOf =
  (before: Remembered, reference: Remembered, options: FrechetOptions): Loss =>
  draw => {
    const f = featuresOf(draw)
    const classes = classesOf(f, draw.label, before.weight.shape[0])
    const estimate = averaged(before, { f: stopGradient(f), classes }, options.beta)
    return lossOf(f, classes, estimate, referenceOf(reference), options)
  }

/**
 * The same where moments are those of a queue of the newest samples, `N` of them with the batch: its gradient is
 * `(2/N) [(m - m') + (N/(N-1)) (I - T) (f_i - m)]`. arXiv:2604.28190
 */
export const frechetOfQueue =
  (before: Told, reference: Remembered, options: DistanceOptions): Loss =>
  draw => {
    const f = featuresOf(draw)
    const classes = classesOf(f, draw.label, before.classes.shape[1])
    return lossOf(
      f,
      classes,
      queued(before, { f: stopGradient(f), classes }),
      referenceOf(reference),
      options,
    )
  }

const referenceOf = (data: Remembered): Reference => ({ moments: momentsOf(data), weight: data.weight })

/** In the rounding of float32 a covariance may have no root: part of its mean variance that is added to each. */
const RIDGE = 1e-4

const MOMENTS = 'moments'
/** Beside them: a distance that is trained says little, so that the same samples are watched in features that no run trains by. */
const ELSEWHERE = 'elsewhere'

interface Keys extends Pick<FrechetOptions, 'beta' | 'epsilon'> {
  /** Samples whose moments are compared, the newest ones; `null` where moments are averaged over steps. */
  readonly queue: number | null
}

/** A batch beside what a run remembers. */
interface Known {
  readonly f: Tensor
  readonly classes: Tensor
  readonly reference: Reference
  readonly estimate: Estimate
  /** What is remembered after the batch, in one vector. */
  readonly after: Tensor
}

/** @throws Error where the run has no memory of this name */
function known(
  draw: Draw,
  { queue, beta }: Pick<Keys, 'queue' | 'beta'>,
  name: string = MOMENTS,
  features?: Features,
): Known {
  const memory = draw.memories?.[name]
  if (!memory) throw new Error(`no memory "${name}" in this draw`)
  const f = featuresOf(draw, features)
  const K = f.shape[1]
  const data = unpacked(memory.data, K)
  const C = data.weight.shape[0]
  const classes = classesOf(f, C === 1 ? undefined : draw.label, C)
  const batch = { f: stopGradient(f), classes }
  const reference = referenceOf(data)
  if (queue === null) {
    const { after, ...estimate } = averaged(unpacked(memory.samples, K), batch, beta)
    return { f, classes, reference, estimate, after: packed(after) }
  }
  const { after, ...estimate } = queued(unpackedQueue(memory.samples, K, C), batch)
  return { f, classes, reference, estimate, after: packedQueue(after) }
}

/** What is known elsewhere: moments are averaged over steps there, and classes are not told apart. */
const knownElsewhere = (draw: Draw, beta: number): Known =>
  known(draw, { queue: null, beta }, ELSEWHERE, featuresElsewhere(rowsOf(draw.path.x0).shape[1]))

/** `frechetOf` or `frechetOfQueue` by what the run remembers. arXiv:2604.28190 */
export const frechet =
  (options: Keys): Loss =>
  draw => {
    const { f, classes, estimate, reference } = known(draw, options)
    return lossOf(f, classes, estimate, reference, { ...options, ridge: RIDGE })
  }

const distanceOf = ({ f, estimate, reference }: Known): Tensor => {
  const { distance } = transport(estimate.moments, reference.moments, RIDGE)
  return overClasses(distance, reference).broadcastTo([f.shape[0]])
}

/** The distance that it is made of, of several classes their mean; the same for every sample. */
export const frechetDistance =
  (options: Keys): Loss =>
  draw =>
    distanceOf(known(draw, options))

/** The distance of the same samples in features that no run trains by: it tells a better distance from better samples. */
export const distanceElsewhere =
  ({ beta }: Pick<Keys, 'beta'>): Loss =>
  draw =>
    distanceOf(knownElsewhere(draw, beta))

/** Moments of samples' features: averaged over steps, or those of a queue. */
export const frechetMemory = (
  options: Pick<Keys, 'beta' | 'queue'> & { readonly classes: boolean },
): Memory => ({
  name: MOMENTS,
  samples: options.queue === null ? means : queue(options.queue),
  data: means,
  byClass: options.classes,
  update: draw => known(draw, options).after,
})

/** Moments of samples in features that no run trains by. */
export const memoryElsewhere = ({ beta }: Pick<Keys, 'beta'>): Memory => ({
  name: ELSEWHERE,
  samples: means,
  data: means,
  byClass: false,
  watches: true,
  features: featuresElsewhere,
  update: draw => knownElsewhere(draw, beta).after,
})
