import type { Config } from '../config/index.ts'
import { flattenArrays } from '../model/index.ts'
import { random } from '../random/random.ts'
import { MAP, type Trained } from './networks.ts'

/** Parameters `[P]` that a network begins with: the student's from another run, or drawn from a stream of its own. */
export function initialParameters(
  { seeds }: Pick<Config, 'seeds'>,
  { name, network }: Trained,
  initial?: Float32Array,
): Float32Array {
  if (name === MAP && initial) return initial.slice()
  const stream = name === MAP ? 'initialization' : `${name} initialization`
  return flattenArrays(network, network.initialize(random(seeds.initialization, stream)))
}
