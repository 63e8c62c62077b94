import { concat, sizeOf, type Tensor } from '../autodiff/index.ts'
import type { Config } from '../config/config.ts'
import { findObjective } from '../config/config.ts'
import {
  applyMlp,
  type FlowMap,
  flowMap,
  type MlpOptions,
  type MlpParameters,
  mlpShapes,
  uncertaintyShapes,
} from '../model/index.ts'
import { traitsOf } from '../objective/index.ts'

/** The student's network. */
export const mlpOptions = ({ network }: Pick<Config, 'network'>, dimension: number): MlpOptions => ({
  dimension,
  ...network,
})

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

const sizeOfShapes = (shapes: MlpParameters<readonly number[]>): number =>
  shapes.reduce((total, { weight, bias }) => total + sizeOf(weight) + sizeOf(bias), 0)

export const parameterCount = (options: MlpOptions): number => sizeOfShapes(mlpShapes(options))

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
export function unflatten(flat: Tensor, networks: readonly Network[]): NetworkTrees<Tensor> {
  let start = 0
  const take = (shape: readonly number[]): Tensor =>
    flat.slice(0, start, (start += sizeOf(shape))).reshape(shape)
  return Object.fromEntries(
    networks.map(({ name, shapes }) => [
      name,
      shapes.map(({ weight, bias }) => ({ weight: take(weight), bias: take(bias) })),
    ]),
  )
}

/** The parameters of one network as a flat vector. */
export const flatten = (parameters: MlpParameters<Tensor>): Tensor =>
  concat(parameters.flatMap(({ weight, bias }) => [weight, bias]).map(x => x.reshape([sizeOf(x.shape)])))

/** What decides how a network becomes a flow map. */
type MapConfig = { readonly network: Config['network']; readonly times?: Pick<Config['times'], 'minimum'> }

export const bindMap = (config: MapConfig, dimension: number, parameters: MlpParameters<Tensor>): FlowMap => {
  const network = applyMlp(mlpOptions(config, dimension), parameters)
  return flowMap(network, config.network.parameterization, config.times?.minimum)
}

/** The flow map of a network whose parameters are the first of a flat vector. */
export const mapOf = (config: MapConfig, dimension: number, flat: Tensor): FlowMap => {
  const shapes = mlpShapes(mlpOptions(config, dimension))
  return bindMap(
    config,
    dimension,
    unflatten(flat, [{ name: 'map', shapes, size: sizeOfShapes(shapes) }]).map!,
  )
}
