import type { Config } from '../config/index.ts'
import { flattenArrays, type PointSpec } from '../model/index.ts'
import { random } from '../random/random.ts'
import { joinArrays } from '../serialization/arrays.ts'
import { networksOf } from './networks.ts'

/**
 * Parameters `[P]` of all networks that a training begins with: the student from another run or drawn, the others drawn
 * from streams of their own.
 */
export function initialParameters(config: Config, point: PointSpec, initial?: Float32Array): Float32Array {
  const { initialization } = config.seeds
  const parts = networksOf(config, point).map(({ name, network }) => {
    if (name === 'map' && initial) return initial
    const stream = name === 'map' ? 'initialization' : `${name} initialization`
    return flattenArrays(network.initialize(random(initialization, stream)))
  })
  return joinArrays(parts)
}
