import type { Config } from '../config/index.ts'
import { initializeMlp, mlpOptions } from '../model/index.ts'
import { random } from '../random/random.ts'
import { joinArrays } from '../serialization/arrays.ts'
import { auxiliaryOptions, networksOf } from './networks.ts'

/**
 * Parameters `[P]` of all networks that a training begins with: the student from another run or drawn, an auxiliary
 * velocity drawn, and a learned weight of one everywhere.
 */
export function beginning(config: Config, dimension: number, initial?: Float32Array): Float32Array {
  const { initialization } = config.seeds
  const parts = networksOf(config, dimension).map(({ name, size }) => {
    if (name === 'uncertainty') return new Float32Array(size)
    if (name === 'map' && initial) return initial
    const options = name === 'map' ? mlpOptions(config, dimension) : auxiliaryOptions(config, dimension)
    const stream = name === 'map' ? 'initialization' : 'auxiliary initialization'
    const layers = initializeMlp(options, random(initialization, stream))
    return joinArrays(layers.flatMap(({ weight, bias }) => [weight.data, bias.data]))
  })
  return joinArrays(parts)
}
