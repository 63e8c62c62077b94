import type { Random } from '../random/random.ts'

/** Points stored row after row: point `i` is `values[i*dimension ... (i+1)*dimension - 1]`. */
export type Values = Float32Array | Float64Array

/** One component of a Gaussian mixture: a weight, a mean `[D]`, and a covariance by one of three names. */
export interface MixtureComponent {
  readonly weight: number
  readonly mean: readonly number[]
  /** Standard deviation along each column of `axes`, `[D]`. */
  readonly scales: readonly number[]
  /** Orthonormal axes as the columns of a `[D][D]` matrix; the identity when absent. */
  readonly axes?: readonly (readonly number[])[]
}

/** A Gaussian mixture. Weights are positive and sum to 1. */
export interface Mixture {
  readonly components: readonly MixtureComponent[]
}

/** A distribution that can be drawn from. */
export interface Dataset {
  readonly name: string
  readonly dimension: number
  /** Fills `out` (length a multiple of `dimension`) with independent points. */
  sample(random: Random, out: Values): void
  /** Closed form of the distribution, where it is a Gaussian mixture. */
  readonly mixture?: Mixture
  /** What identifies the data: kept in `config.json` and beside every metric. */
  readonly fingerprint: Fingerprint
}

/** Identity of a dataset: a content hash, the row count (`null` when unlimited) and the range of each column. */
export interface Fingerprint {
  readonly sha256: string
  readonly rows: number | null
  readonly minimum: readonly number[]
  readonly maximum: readonly number[]
}
