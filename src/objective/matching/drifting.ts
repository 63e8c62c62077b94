import { concat, constant, select, stopGradient, type Tensor } from '../../autodiff/index.ts'
import type { Draw, Loss } from '../loss.ts'
import { distances, identity, rowsOf, squaredDistances } from './pairs.ts'
import { generated } from './sample.ts'

/** Logarithms of kernels of squared distances in units of the scale, `|a-b|^2/(S^2 D)`. */
const kernels = {
  laplace: (square: Tensor, temperature: number) => square.sqrt().div(-temperature),
  gaussian: (square: Tensor, temperature: number) => square.div(-2 * temperature * temperature),
} as const

export type DriftKernel = keyof typeof kernels
/** Whether data and samples are weighed apart, or by one softmax over both, and over columns as well as rows. */
export type DriftNormalisation = 'separate' | 'joint'

export interface DriftOptions {
  readonly kernel: DriftKernel
  readonly normalisation: DriftNormalisation
  /** Widths of the kernel in units of the scale. */
  readonly temperatures: readonly number[]
  /** Whether the drift of each temperature is divided by its root mean square. */
  readonly normaliseDrift: boolean
  /** What the drift towards data and that away from samples are multiplied by; published 1 and 1. */
  readonly attraction?: number
  readonly repulsion?: number
}

/** Points to move, `x`, points of the data, which attract, and others, which repel, `[N, D]` each. */
export interface Crowd {
  readonly x: Tensor
  readonly data: Tensor
  readonly others: Tensor
  /** 1 where a point does not see a point of the data, or one of the others, `[N, M]`; absent where all see all. */
  readonly hiddenData?: Tensor
  readonly hiddenOthers?: Tensor
}

/** What is added to a distance that does not count, in the place of an infinite one. */
const FAR = 1e6

/** The mean distance of all pairs but those of a point with itself, over `sqrt D`. */
export function scaleOf(x: Tensor, data: Tensor): Tensor {
  const [N, D] = x.shape
  const toData = distances(x, data).sum()
  const others = identity(N, x).neg().add(1)
  const toOthers = distances(x, x).mul(others).sum()
  return toData.add(toOthers).div((N * data.shape[0] + N * (N - 1)) * Math.sqrt(D))
}

/**
 * Where data pulls each point and where the others push it, in units of the scale, for one temperature, `[N, D]`.
 * Deng et al. 2026, arXiv:2602.04770, eq. 8-11 (`separate`) and algorithm 2 (`joint`).
 *
 * @param scale  of distances, `[]`
 */
export function driftAt(
  { x, data, others, hiddenData, hiddenOthers }: Crowd,
  scale: Tensor,
  temperature: number,
  { kernel, normalisation, attraction = 1, repulsion = 1 }: DriftOptions,
): Tensor {
  const unit = scale.square().mul(x.shape[1])
  const logs = (to: Tensor, hidden: Tensor | undefined) => {
    const square = squaredDistances(x, to).div(unit)
    return kernels[kernel](hidden ? square.add(hidden.mul(FAR ** 2)) : square, temperature)
  }
  const [pull, push] = weights[normalisation](logs(data, hiddenData), logs(others, hiddenOthers))
  const toward = (w: Tensor, y: Tensor) => w.matmul(y).sub(x.mul(w.sum(-1, true)))
  const drift = toward(pull, data).mul(attraction).sub(toward(push, others).mul(repulsion)).div(scale)
  // A point that sees no others is not pushed, and then nothing may pull it either.
  return hiddenOthers ? drift.mul(hiddenOthers.neg().add(1).sum(-1, true).minimum(1)) : drift
}

/** Weights of data and of other points for each point, `[N, M]` each, from logarithms of kernels. */
const weights: Readonly<
  Record<DriftNormalisation, (positive: Tensor, negative: Tensor) => [pull: Tensor, push: Tensor]>
> = {
  separate: (positive, negative) => [positive.softmax(), negative.softmax()],
  joint: (positive, negative) => {
    const both = concat([positive, negative], 1)
    const count = positive.shape[1]
    const A = both.softmax().mul(both.transpose().softmax().transpose()).sqrt()
    const [plus, minus] = [A.slice(1, 0, count), A.slice(1, count)]
    return [plus.mul(minus.sum(-1, true)), minus.mul(plus.sum(-1, true))]
  },
}

/** What samples are compared as: features where a run has such, otherwise coordinates. */
function crowdOf(draw: Draw): { x: Tensor; still: Crowd } {
  const { features = rowsOf, path, label, t } = draw
  const x = features(generated({ ...draw, r: t }))
  const still = stopGradient(x)
  const self = identity(x.shape[0], x)
  const crowd = { x: still, data: stopGradient(features(path.x0)), others: still }
  if (!label) return { x, still: { ...crowd, hiddenOthers: self } }
  const stranger = differing(label, x)
  return { x, still: { ...crowd, hiddenData: stranger, hiddenOthers: stranger.maximum(self) } }
}

/** 1 where two labels `[N]` differ, `[N, N]`. */
function differing(label: Tensor, { dtype }: Tensor): Tensor {
  const [N] = label.shape
  const [a, b] = [label.reshape([N, 1]), label.reshape([1, N])].map(x => x.broadcastTo([N, N]))
  return select(a.equal(b), constant(0, [N, N], dtype), constant(1, [N, N], dtype))
}

/** The scale of a crowd, and the drift of each temperature in units of it, `[N, D]`. */
function driftsOf(crowd: Crowd, options: DriftOptions): { scale: Tensor; drifts: Tensor[] } {
  const scale = scaleOf(crowd.x, crowd.data)
  return { scale, drifts: options.temperatures.map(each => driftAt(crowd, scale, each, options)) }
}

const total = (drifts: readonly Tensor[]): Tensor => drifts.reduce((a, b) => a.add(b))

/** Over its root mean square in the batch. */
const normalised = (V: Tensor): Tensor => V.div(V.square().mean().maximum(1e-24).sqrt())

/** The scale of a crowd, and the drift of its points in units of it as they are trained by it, `[N, D]`. */
function driftOf(crowd: Crowd, options: DriftOptions): { scale: Tensor; V: Tensor } {
  const { scale, drifts } = driftsOf(crowd, options)
  return { scale, V: total(options.normaliseDrift ? drifts.map(normalised) : drifts) }
}

/** `mse(x/S - sg[x/S + V(x)])`: regression of each sample to itself, moved along its drift. arXiv:2602.04770, eq. 6. */
export const drifting =
  (options: DriftOptions): Loss =>
  draw => {
    const { x, still } = crowdOf(draw)
    const { scale, V } = driftOf(still, options)
    return x.div(scale).sub(still.x.div(scale).add(V)).square().mean(-1)
  }

/** `|V|^2` of each sample before the drifts of temperatures are normalised, the mean over coordinates. */
export const driftSize =
  (options: DriftOptions): Loss =>
  draw =>
    total(driftsOf(crowdOf(draw).still, options).drifts)
      .square()
      .mean(-1)

/** `S V(x)`: where each sample is moved, `[N, D]`. */
export const driftOfSamples =
  (options: DriftOptions) =>
  (draw: Draw): Tensor => {
    const { scale, V } = driftOf(crowdOf(draw).still, options)
    return V.mul(scale)
  }
