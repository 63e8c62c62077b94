import type { Mixture } from '../model/mixture.ts'
import type { Random } from '../random/random.ts'

export type { Mixture, MixtureComponent } from '../model/mixture.ts'

/** Points stored row after row: point `i` is `values[i*dimension ... (i+1)*dimension - 1]`. */
export type Values = Float32Array | Float64Array

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
  /** The box of a histogram, `[low, high]` per column, where the literature fixes one. */
  readonly histogramRange?: readonly (readonly [number, number])[]
  /** What a user should know about the data although it can be used, one line each. */
  readonly warnings?: readonly string[]
}

/** Identity of a dataset: a content hash, the row count (`null` when unlimited) and the range of each column. */
export interface Fingerprint {
  readonly sha256: string
  readonly rows: number | null
  readonly minimum: readonly number[]
  readonly maximum: readonly number[]
}
