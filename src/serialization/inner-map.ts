import type { Jump, Velocity } from '../sampler/sampler.ts'
import type { DrawnVelocity } from '../sampler/sampling.ts'

/** A map of standardised points, with the derivatives that steering asks for where its formula is known. */
export interface InnerMap {
  readonly jump: Jump
  readonly velocity: Velocity
  /** What the network predicts, where that is not the velocity. */
  readonly output?: Velocity
  /** Logits of the symbols at each position, `[n, L, K]`, of a map whose network gives such. */
  readonly logits?: Jump
  /** Where a vector leads from a point, in a curved space. */
  readonly along?: (x: Float32Array, vector: Float32Array) => Promise<Float32Array>
  /** A velocity that is drawn at `x` from noise, of a map of velocities. */
  readonly drawn?: DrawnVelocity
  /** The gradient by `x` of `g . F(x, s, t)`. */
  readonly jumpPullback?: (x: Float32Array, s: number, t: number, g: Float32Array) => Promise<Float32Array>
  /** The gradient by `x` of `g . v(x, t)`. */
  readonly velocityPullback?: (x: Float32Array, t: number, g: Float32Array) => Promise<Float32Array>
}
