import { constant } from '../autodiff/index.ts'
import { type Config, ConfigError } from '../config/index.ts'
import { playersIn } from '../config/round.ts'
import {
  adaptedNetwork,
  adapterProblem,
  type Network,
  type NetworkConfig,
  networkOf,
  type PointSpec,
  sizeOfNetwork,
  uncertaintyNetwork,
  unflattenArray,
} from '../model/index.ts'

/** A network that trains, under its name. */
export interface Trained {
  readonly name: string
  readonly network: Network
  readonly size: number
  /** Its keys, where it is a velocity: its output is read as that of a map with them. */
  readonly velocity?: NetworkConfig
}

/** The student, which alone is saved as the model. */
export const MAP = 'map'
/** The learned weight over times. */
export const WEIGHT = 'uncertainty'

/** The student, or what an adapter trains of it, on a base whose parameters are constants. @throws ConfigError */
function studentNetwork({ network: keys, adapter }: Config, point: PointSpec, base?: Float32Array): Network {
  const network = networkOf(keys, point)
  if (!adapter) return network
  const problem = adapterProblem(network, adapter)
  if (problem) throw new ConfigError(problem)
  const constants =
    base &&
    Object.entries(unflattenArray(base, network)).map(([name, values]) => [
      name,
      constant(values, network.parameters[name].shape),
    ])
  return adaptedNetwork(network, adapter, constants && Object.fromEntries(constants))
}

/**
 * The networks of a configuration; the first is the student.
 *
 * @param base  parameters `[P]` that an adapter changes; absent where there is none, or only sizes are asked for
 * @throws ConfigError when an adapter does not fit the network
 */
export function networksOf(config: Config, point: PointSpec, base?: Float32Array): Trained[] {
  const all: Omit<Trained, 'size'>[] = [
    { name: MAP, network: studentNetwork(config, point, base) },
    ...playersIn(config).map(({ name, network, isUntold, isVelocity, keys }) => ({
      name,
      network: network(config.network, isUntold ? { ...point, condition: undefined } : point),
      ...(isVelocity && { velocity: keys?.(config.network) ?? config.network }),
    })),
  ]
  if (config.loss.learned) all.push({ name: WEIGHT, network: uncertaintyNetwork })
  return all.map(each => ({ ...each, size: sizeOfNetwork(each.network) }))
}

/** Parameters of all networks of a training. */
export const stateSize = (config: Config, point: PointSpec): number =>
  networksOf(config, point).reduce((total, { size }) => total + size, 0)
