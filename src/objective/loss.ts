import { stopGradient, type Tensor } from '../autodiff/index.ts'
import {
  type BoundNetwork,
  coordinates,
  type ErrorFunction,
  type FlowMap,
  flat,
  type Path,
  type Space,
  type VelocityField,
} from '../model/index.ts'

export type { ErrorFunction }

/** What is remembered of samples, and the same of the data. */
export interface Remembering {
  readonly samples: Tensor
  readonly data: Tensor
}

/** What a formula may ask for where samples are guided; most need not know. */
export interface Guided {
  /** The scale `w` that counts at the source time, shaped as times are: 1 for a sample that is shown the null. */
  readonly scale: Tensor
  /** The map told that scale, where it is told scales; `theta-` where an objective has one. */
  readonly map: FlowMap
  /** The velocity without a condition, at scale 1, stopped; logits too of a map that has such. */
  readonly untold: VelocityField & Pick<Partial<FlowMap>, 'logits'>
  /** Where logits are guided: the part that the map's own have in what is compared, 0 where guidance does not act. */
  readonly kept?: Tensor
  /** Where logits of a teacher are guided: `softmax((1-w) z_0 + w z_c)` of it, stopped. */
  readonly denoised?: (x: Tensor, s: Tensor) => Tensor
}

/**
 * What an objective's formula may use. Times are `[B, 1, ...]`, so that they broadcast against points `[B, ...D]`. A
 * part that a run does not have throws when it is asked.
 */
export interface Draw {
  /** The student. */
  readonly map: FlowMap
  /** `theta-`: the student's parameters averaged over training, or its present ones; never differentiated. */
  readonly target: FlowMap
  /** The student's present parameters, stopped: gradients pass to its input only. */
  readonly frozen: FlowMap
  /** `frozen` told nothing, where samples are told something. */
  readonly untold?: FlowMap
  /** A pretrained or exact velocity. */
  readonly teacher: VelocityField
  /** A pretrained or exact flow map. */
  readonly pretrained: FlowMap
  /** A velocity that is trained beside the student on the student's own samples. */
  readonly auxiliary: VelocityField
  /** Other networks that train beside the student, by name: alive in their own turns, standing still in those of others. */
  readonly players?: Readonly<Record<string, BoundNetwork>>
  readonly path: Path
  /** The stochastic map of `p(x0 | x_s)`: how noise becomes a sample of the data given a noisy point and its time. */
  readonly posterior?: (x: Tensor, s: Tensor) => FlowMap
  /** The student told noisy points and their times, where it is told such. */
  readonly told?: (x: Tensor, s: Tensor) => FlowMap
  /** How samples are guided, where they are. */
  readonly guided?: Guided
  /** The logarithm of the size of losses at two times that is learned beside the map, `[B, 1]`; absent where none is. */
  readonly logSize?: (s: Tensor, t: Tensor) => Tensor
  /** Source time, target time and a time between them: `t <= m <= s`. */
  readonly s: Tensor
  readonly t: Tensor
  readonly m: Tensor
  /** Noise and a time that belong to no point of the path, for terms that make noisy points of their own. */
  readonly noise: Tensor
  readonly r: Tensor
  /** The same again, for noisy data beside noisy samples. */
  readonly noise2?: Tensor
  readonly r2?: Tensor
  /** How many samples after one another have the same times and are compared with each other. */
  readonly group?: number
  /** The class of each sample, `[B]`, where samples of one class alone are compared. */
  readonly label?: Tensor
  /** What samples are compared by where that is not their coordinates: `[B, ...D]` to `[B, K]`. */
  readonly features?: (points: Tensor) => Tensor
  /** What players without a gradient remember, by name. */
  readonly memories?: Readonly<Record<string, Remembering>>
  /** A number from 0 to 1, for what happens to some samples alone. */
  readonly u?: Tensor
  /** `U` of what points `[B, D]` stand for, `[B]`, where the law of the data is `e^-U / Z`. */
  readonly energy?: (x: Tensor) => Tensor
  /** The logarithm of each sample's weight, `[B, 1, ...]`, where it has one. */
  readonly logWeight?: Tensor
  /** Where the points live. */
  readonly space: Space
  /** Compares tangent vectors at one point: velocities, or derivatives of jumps. */
  readonly error: ErrorFunction
  /** Compares points, as `error` does vectors. */
  readonly distance: ErrorFunction
}

/**
 * An objective: the loss of each sample, `[B]`. Where gradients stop is part of the formula; weighting, the batch's
 * division and the mean are the trainer's.
 */
export type Loss = (draw: Draw) => Tensor

/** `|r|^2` of each sample, summed or averaged over coordinates. */
export const squaredNorm = flat.squared

/** `<a, b>` of each sample, averaged over coordinates. */
export const meanProduct = (a: Tensor, b: Tensor): Tensor => {
  const product = a.mul(b)
  return product.mean(coordinates(product))
}

/** The mean of `r^2` over coordinates. */
export const meanSquare =
  ({ squared }: Space): ErrorFunction =>
  (a, b) =>
    squared(a.sub(b), 'mean')

export const squaredError = meanSquare(flat)

/** How a formula compares vectors and points, by one error. */
export const comparing = (
  space: Space,
  error: ErrorFunction,
): Pick<Draw, 'space' | 'error' | 'distance'> => ({
  space,
  error,
  distance: space.distance(error),
})

/** `sqrt(|r|^2 + c^2) - c`, `|r|^2` summed over coordinates. Song & Dhariwal 2024, arXiv:2310.14189. */
export const pseudoHuber =
  (c: number, norm: 'sum' | 'mean' = 'sum', { squared } = flat): ErrorFunction =>
  (a, b) =>
    squared(a.sub(b), norm)
      .add(c * c)
      .sqrt()
      .sub(c)

/** `log(1 + |r|^2/c^2)`, `|r|^2` summed over coordinates. */
export const cauchy =
  (c: number, norm: 'sum' | 'mean' = 'sum', { squared } = flat): ErrorFunction =>
  (a, b) =>
    squared(a.sub(b), norm)
      .div(c * c)
      .add(1)
      .log()

/** Multiplies an error by `sg[1 / (|r|^2 + c)^p]`. Geng et al. 2025 (MeanFlow), arXiv:2505.13447, eq. 22. */
export const adaptive =
  (
    error: ErrorFunction,
    p: number,
    c: number,
    norm: 'sum' | 'mean' = 'mean',
    { squared } = flat,
  ): ErrorFunction =>
  (a, b) =>
    error(a, b).mul(stopGradient(squared(a.sub(b), norm).add(c).pow(-p)))
