import { type Interpolant, type Points, pairAt, predictions, processAt } from '../model/index.ts'
import { mapped, type SteerableMap, velocityOf } from './steerable.ts'

/** `a x + b v(x, t)` */
interface OfVelocity {
  readonly a: number
  readonly b: number
}

const ofVelocity = (path: Interpolant, t: number, what: 'x0' | 'score'): OfVelocity => {
  const { x, out } = pairAt(path, predictions.velocity, t)[what]
  return { a: x, b: out }
}

/** `D(x, t) = E[x0 | x_t = x] = a x + b v(x, t)`, on the linear path `x - t v`. @param t  above 0 */
export const denoiserCoefficients = (path: Interpolant, t: number): OfVelocity => ofVelocity(path, t, 'x0')

/** `E[x0 | x_t = x]` of points `[n, D]`, by the velocity. @throws SteeringError when the map has none */
export async function denoised<P extends Points>(map: SteerableMap<P>, x: P, t: number): Promise<P> {
  const { a, b } = denoiserCoefficients(map.interpolant, t)
  const v = await velocityOf(map, 'the denoiser')(x, t)
  return mapped(x, (value, i) => a * value + b * v[i])
}

/**
 * The factor `c` of Doob's transform `v~ = v - c grad V*`: half the squared diffusion of the path, on the linear path
 * `t/(1-t)`; infinite at `t = 1`, where the path holds no data.
 */
export const doobCoefficient = (path: Interpolant, t: number): number =>
  processAt(path, t).diffusionSquared / 2

/** `score(x, t) = a x + b v(x, t)`: on the linear path `-(x + (1-t) v)/t`. @param t  above 0 */
export const scoreCoefficients = (path: Interpolant, t: number): OfVelocity => ofVelocity(path, t, 'score')
