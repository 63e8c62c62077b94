import type { Tensor } from '../autodiff/index.ts'
import { type Config, findObjective } from '../config/index.ts'
import {
  type Named,
  type Network,
  networkOf,
  type PointSpec,
  sizeOfNetwork,
  uncertaintyNetwork,
  unflatten,
} from '../model/index.ts'
import { traitsOf } from '../objective/index.ts'

/** What trains together in one step. The first is the student, which alone is saved as the model. */
export type NetworkName = 'map' | 'auxiliary' | 'uncertainty'

/** A network that trains, under its name. */
export interface Trained {
  readonly name: NetworkName
  readonly network: Network
  readonly size: number
}

/** The networks of a configuration, in the order of their parameters in the flat vectors. */
export function networksOf(config: Config, point: PointSpec): Trained[] {
  const { networks = [] } = traitsOf(findObjective(config.objective), config.options)
  // The auxiliary velocity has the student's size and one time.
  const velocity = () => networkOf({ ...config.network, conditioning: 's' }, point)
  const all: [NetworkName, Network][] = [
    ['map', networkOf(config.network, point)],
    ...networks.map((name): [NetworkName, Network] => [name, velocity()]),
  ]
  if (config.loss.learned) all.push(['uncertainty', uncertaintyNetwork])
  return all.map(([name, network]) => ({ name, network, size: sizeOfNetwork(network) }))
}

/** Length of the flat vectors of a training. */
export const stateSize = (config: Config, point: PointSpec): number =>
  networksOf(config, point).reduce((total, { size }) => total + size, 0)

export type NetworkTrees<T> = Readonly<Partial<Record<NetworkName, Named<T>>>>

/** Cuts a flat vector `[P]` into the parameters of each network. */
export function treesOf(flat: Tensor, networks: readonly Trained[]): NetworkTrees<Tensor> {
  let start = 0
  return Object.fromEntries(
    networks.map(({ name, network, size }) => {
      const parameters = unflatten(flat, network, start)
      start += size
      return [name, parameters]
    }),
  )
}
