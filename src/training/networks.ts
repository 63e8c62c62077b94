import { type Config, findObjective } from '../config/index.ts'
import { type Network, networkOf, type PointSpec, sizeOfNetwork, uncertaintyNetwork } from '../model/index.ts'

/** A network that trains, under its name. */
export interface Trained {
  readonly name: string
  readonly network: Network
  readonly size: number
}

/** The student, which alone is saved as the model. */
export const MAP = 'map'
/** The learned weight over times. */
export const WEIGHT = 'uncertainty'

/** The networks of a configuration; the first is the student. */
export function networksOf(config: Config, point: PointSpec): Trained[] {
  const { players = [] } = findObjective(config.objective)
  const all: [string, Network][] = [
    [MAP, networkOf(config.network, point)],
    ...players.map(({ name, network }): [string, Network] => [name, network(config.network, point)]),
  ]
  if (config.loss.learned) all.push([WEIGHT, uncertaintyNetwork])
  return all.map(([name, network]) => ({ name, network, size: sizeOfNetwork(network) }))
}

/** Parameters of all networks of a training. */
export const stateSize = (config: Config, point: PointSpec): number =>
  networksOf(config, point).reduce((total, { size }) => total + size, 0)
