import type { Tensor } from '../autodiff/index.ts'
import type { Random } from '../random/random.ts'
import type { Interpolant } from './interpolants/interpolant.ts'
import { type Path, pathOf } from './path.ts'

/** Size of a residual, one number per sample: `[B, ...D]` twice to `[B]`. */
export type ErrorFunction = (prediction: Tensor, target: Tensor) => Tensor

/**
 * Where points live, and what takes the place of adding and subtracting them there. Points and tangent vectors are
 * `[B, ...D]`, in the coordinates of the space around a curved one; times are `[B, 1, ...]`. A row says in its traits
 * whether its formula holds in a curved space.
 */
export interface Space {
  /** Whether it is curved: points then are neither added nor scaled. */
  readonly isCurved: boolean
  /** What a network sees of a point. */
  features(x: Tensor): Tensor
  /** Numbers of that, for points of so many coordinates. */
  seen(coordinates: number): number
  /** Numbers of a network's output. */
  outputs(coordinates: number): number
  /** The velocity, tangent at `x`, that a network's output stands for. */
  velocity(x: Tensor, output: Tensor): Tensor
  /** Numbers of a network's output that stands for a point. */
  pointOutputs(coordinates: number): number
  /** `log_x(N)` of the point `N` that such an output stands for, along the shortest way. */
  towards(x: Tensor, output: Tensor): Tensor
  /** `exp_x(u)`: where `u` leads from `x`. */
  jump(x: Tensor, u: Tensor): Tensor
  /** `log_x(y)`: what leads from `x` to `y`. */
  difference(x: Tensor, y: Tensor): Tensor
  /** A vector at `x` without what leaves the space: makes a derivative along the space a covariant one. */
  tangent(x: Tensor, vector: Tensor): Tensor
  /** `-grad_v log_x(y)` at `y = exp_x(u)`: how `log_x(y)` shrinks as `x` goes along `v`, and `v` itself where it is flat. */
  transverse(x: Tensor, u: Tensor, v: Tensor): Tensor
  /** `|r|^2` of tangent vectors, summed over coordinates or averaged: `[B]`, or with `keep` `[B, 1, ...]`. */
  squared(r: Tensor, norm: 'sum' | 'mean', keep?: boolean): Tensor
  /** The distance of two points, measured as an error of tangent vectors is. */
  distance(error: ErrorFunction): ErrorFunction
  /** The conditional path between data and noise. */
  path(interpolant: Interpolant, x0: Tensor, eps: Tensor, added?: (t: Tensor) => Tensor): Path
  /** Brings points back to where rounding has moved them from, and to one of several names of the same point. */
  project?(points: Float32Array | Float64Array, dimension: number): void
  /** The same on a graph, for samplers that are one. */
  projected?(x: Tensor): Tensor
  /** The law of the noise at time 1, of points of `dimension` numbers, row after row. */
  readonly noise: {
    /** In words, for files that are read elsewhere. */
    readonly is: string
    draw(random: Random, points: Float32Array, dimension: number): void
    /** In nats, of each point: `[n, D]` to `[n]`. */
    logDensity(points: Float64Array, dimension: number): Float64Array
  }
}

/** Axes of a sample's coordinates. */
export const coordinates = (x: Tensor): number[] => x.shape.flatMap((_, i) => (i === 0 ? [] : [i]))

/** `R^n`: points add, noise is standard normal, and nothing of it costs a node of a graph. */
export const flat: Space = {
  isCurved: false,
  features: x => x,
  seen: coordinates => coordinates,
  outputs: coordinates => coordinates,
  velocity: (_, output) => output,
  pointOutputs: coordinates => coordinates,
  towards: (x, output) => output.sub(x),
  jump: (x, u) => x.add(u),
  difference: (x, y) => y.sub(x),
  tangent: (_, vector) => vector,
  transverse: (_, _u, v) => v,
  squared: (r, norm, keep = false) =>
    norm === 'sum' ? r.square().sum(coordinates(r), keep) : r.square().mean(coordinates(r), keep),
  distance: error => error,
  path: pathOf,
  noise: {
    is: 'standard normal noise',
    draw(random, points) {
      for (let i = 0; i < points.length; i++) points[i] = random.normal()
    },
    logDensity: (points, dimension) =>
      Float64Array.from({ length: points.length / dimension }, (_, i) => {
        let square = 0
        for (let k = 0; k < dimension; k++) square += points[i * dimension + k] ** 2
        return -(square + dimension * Math.log(2 * Math.PI)) / 2
      }),
  },
}
