/** One component of a Gaussian mixture: a weight, a mean `[D]`, and a covariance by its principal axes. */
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
