import type { Config } from '../config/index.ts'
import { flattenArrays } from '../model/index.ts'
import { random } from '../random/random.ts'
import { MAP, type Trained } from './networks.ts'

/** Parameters `[P]` of networks that begin with those of other runs, by their names. */
export type Starts = Readonly<Record<string, Float32Array>>

/** Parameters `[P]` that a network begins with: of another run, or drawn from a stream of its own. */
export function initialParameters(
  { seeds }: Pick<Config, 'seeds'>,
  { name, network }: Trained,
  starts: Starts = {},
): Float32Array {
  if (starts[name]) return starts[name].slice()
  const stream = name === MAP ? 'initialization' : `${name} initialization`
  return flattenArrays(network, network.initialize(random(seeds.initialization, stream)))
}
