import type { Tensor } from '../autodiff/index.ts'
import type { Condition } from './condition.ts'
import { type FlowMap, flowMap } from './flow-map.ts'
import { type InterpolantName, interpolants } from './interpolants/table.ts'
import {
  type Named,
  type Network,
  type NetworkConfig,
  type PointSpec,
  sizeOfNetwork,
  unflatten,
} from './network.ts'
import { networkOf } from './networks.ts'
import { policyKeys } from './policy.ts'
import { spaceOf } from './space-of.ts'

/** What decides how a network becomes a flow map. */
export interface MapConfig {
  readonly network: NetworkConfig
  readonly times?: { readonly minimum: number }
  /** Default `linear`. */
  readonly interpolant?: InterpolantName
}

/** Length of the flat vector of a map's parameters. */
export const parameterCount = ({ network }: Pick<MapConfig, 'network'>, point: PointSpec): number =>
  sizeOfNetwork(networkOf(network, point))

/**
 * The flow map of some parameters.
 *
 * @param condition  of each sample, where the map is told one
 * @param network  whose parameters they are, where it is not the configuration's own: an adapter's
 */
export const bindMap = (
  { network: keys, times, interpolant = 'linear' }: MapConfig,
  point: PointSpec,
  parameters: Named<Tensor>,
  condition?: Condition<Tensor>,
  network: Network = networkOf(keys, point),
): FlowMap =>
  flowMap(network.apply(parameters, condition), {
    parameterization: keys.parameterization,
    predicts: keys.predicts,
    least: times?.minimum,
    space: spaceOf(point),
    path: interpolants[interpolant],
    policy: policyKeys(keys, point),
  })

/** The flow map whose parameters are the first of a flat vector. */
export const mapOf = (
  config: MapConfig,
  point: PointSpec,
  flat: Tensor,
  condition?: Condition<Tensor>,
): FlowMap => bindMap(config, point, unflatten(flat, networkOf(config.network, point)), condition)
