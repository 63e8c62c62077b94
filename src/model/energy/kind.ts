import type { z } from 'zod'
import type { Tensor } from '../../autodiff/index.ts'
import type { Random } from '../../random/random.ts'

/** A number of a point whose mean is looked at. */
export interface Observable {
  of(points: ArrayLike<number>, from: number): number
  /** Its mean, where it is known. */
  readonly known?: number
}

/** A law `e^{-U(x)} / Z` on points of `dimension` numbers, in the data's own units. */
export interface Energy {
  readonly name: string
  readonly dimension: number
  /** `U` of points `[B, D]`, `[B]`. */
  readonly energy: (x: Tensor) => Tensor
  /** `log Z`, where it is known. */
  readonly logNormalizer?: number
  /** Fills `out` with independent points of the law, where some can be had. */
  readonly sample?: (random: Random, out: Float32Array | Float64Array) => void
  readonly observables?: Readonly<Record<string, Observable>>
}

/** A kind of energy: how one of its configuration is made. */
export interface EnergyKind<O> {
  readonly description: string
  readonly schema: z.ZodType<O>
  open(options: O): Energy
}

/** Completes a kind, and keeps its option type while it is written down. */
export const energyKind = <O>(kind: EnergyKind<O>): EnergyKind<unknown> => kind as EnergyKind<unknown>
