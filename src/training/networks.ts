import type { Tensor } from '../autodiff/index.ts'
import { type Config, findObjective } from '../config/index.ts'
import {
  type MlpOptions,
  type MlpParameters,
  mlpOptions,
  mlpShapes,
  sizeOfShapes,
  uncertaintyShapes,
  unflatten,
} from '../model/index.ts'
import { traitsOf } from '../objective/index.ts'

/** What trains together in one step. The first is the student, which alone is saved as the model. */
export type NetworkName = 'map' | 'auxiliary' | 'uncertainty'

/** Parameters of one network, all as a list of layers. */
export interface Network {
  readonly name: NetworkName
  readonly shapes: MlpParameters<readonly number[]>
  readonly size: number
}

/** The auxiliary velocity has the student's size and one time. */
export const auxiliaryOptions = (config: Pick<Config, 'network'>, dimension: number): MlpOptions => ({
  ...mlpOptions(config, dimension),
  conditioning: 's',
})

/** The networks of a configuration, in the order of their parameters in the flat vectors. */
export function networksOf(config: Config, dimension: number): Network[] {
  const shapes: [NetworkName, MlpParameters<readonly number[]>][] = [
    ['map', mlpShapes(mlpOptions(config, dimension))],
  ]
  const { networks = [] } = traitsOf(findObjective(config.objective), config.options)
  for (const name of networks) shapes.push([name, mlpShapes(auxiliaryOptions(config, dimension))])
  if (config.loss.learned) shapes.push(['uncertainty', [uncertaintyShapes]])
  return shapes.map(([name, list]) => ({ name, shapes: list, size: sizeOfShapes(list) }))
}

/** Length of the flat vectors of a training. */
export const stateSize = (config: Config, dimension: number): number =>
  networksOf(config, dimension).reduce((total, { size }) => total + size, 0)

export type NetworkTrees<T> = Readonly<Partial<Record<NetworkName, MlpParameters<T>>>>

/** Cuts a flat vector `[P]` into the parameters of each network. */
export function treesOf(flat: Tensor, networks: readonly Network[]): NetworkTrees<Tensor> {
  let start = 0
  return Object.fromEntries(
    networks.map(({ name, shapes, size }) => {
      const parameters = unflatten(flat, shapes, start)
      start += size
      return [name, parameters]
    }),
  )
}
