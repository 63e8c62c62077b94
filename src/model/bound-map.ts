import { concat, sizeOf, type Tensor } from '../autodiff/index.ts'
import { type FlowMap, flowMap, type ParameterizationName } from './flow-map.ts'
import { applyMlp, type MlpOptions, type MlpParameters, mlpShapes } from './mlp.ts'

/** What decides how a network becomes a flow map. */
export interface MapConfig {
  readonly network: Omit<MlpOptions, 'dimension'> & { readonly parameterization: ParameterizationName }
  readonly times?: { readonly minimum: number }
}

/** The student's network. */
export const mlpOptions = ({ network }: Pick<MapConfig, 'network'>, dimension: number): MlpOptions => ({
  dimension,
  ...network,
})

export const sizeOfShapes = (shapes: MlpParameters<readonly number[]>): number =>
  shapes.reduce((total, { weight, bias }) => total + sizeOf(weight) + sizeOf(bias), 0)

export const parameterCount = (options: MlpOptions): number => sizeOfShapes(mlpShapes(options))

/** Cuts a flat vector `[P]` into parameters of these shapes, from `start` on. */
export function unflatten(
  flat: Tensor,
  shapes: MlpParameters<readonly number[]>,
  start = 0,
): MlpParameters<Tensor> {
  let at = start
  const take = (shape: readonly number[]): Tensor => flat.slice(0, at, (at += sizeOf(shape))).reshape(shape)
  return shapes.map(({ weight, bias }) => ({ weight: take(weight), bias: take(bias) }))
}

/** The parameters of one network as a flat vector. */
export const flatten = (parameters: MlpParameters<Tensor>): Tensor =>
  concat(parameters.flatMap(({ weight, bias }) => [weight, bias]).map(x => x.reshape([sizeOf(x.shape)])))

export const bindMap = (config: MapConfig, dimension: number, parameters: MlpParameters<Tensor>): FlowMap => {
  const network = applyMlp(mlpOptions(config, dimension), parameters)
  return flowMap(network, config.network.parameterization, config.times?.minimum)
}

/** The flow map of a network whose parameters are the first of a flat vector. */
export const mapOf = (config: MapConfig, dimension: number, flat: Tensor): FlowMap =>
  bindMap(config, dimension, unflatten(flat, mlpShapes(mlpOptions(config, dimension))))
