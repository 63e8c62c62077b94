import { flat } from '../model/index.ts'

/**
 * The law of the noise that a path begins with: a deviation times a standard normal point. `deviation` is the path's
 * `sigma(1)`, 1 where nothing is said.
 */
export function baseLogDensity(points: Float64Array, dimension: number, deviation = 1): Float64Array {
  const unit = deviation === 1 ? points : points.map(value => value / deviation)
  const shift = dimension * Math.log(deviation)
  return flat.noise.logDensity(unit, dimension).map(value => value - shift)
}
