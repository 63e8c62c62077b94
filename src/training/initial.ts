import { type Config, ConfigError, merge, pointOf, type UserConfig } from '../config/index.ts'
import { tellable } from '../config/point.ts'
import { OWN_TEACHER } from '../config/teacher-config.ts'
import type { Dataset } from '../data/dataset.ts'
import {
  conversionOf,
  flattenArrays,
  inheritedFrom,
  type NetworkConfig,
  networkOf,
  unflattenArray,
} from '../model/index.ts'
import { objectives } from '../objective/index.ts'
import { checkColumns } from '../serialization/columns.ts'
import { readModelFor } from '../serialization/model-files.ts'

/**
 * Fills in from the run of `initFrom` what the user left out and what must agree with it: the interpolant and the
 * network, key by key. Its conditioning too, unless it is a velocity network and the objective trains a map.
 *
 * @throws ConfigError when there is no such run
 */
export function withInitialNetwork(user: UserConfig): UserConfig {
  if (typeof user.initFrom !== 'string' || user.initFrom === OWN_TEACHER) return user
  const { network, interpolant } = readModelFor('initFrom', user.initFrom).config
  const asked = user.network ?? {}
  if (asked.kind !== undefined && asked.kind !== network.kind)
    return merge({ interpolant }, user) as UserConfig
  const trainsMap = user.objective === undefined || Boolean(objectives.get(user.objective)?.parts)
  const taken = inheritedFrom(network, asked as Partial<NetworkConfig>, trainsMap)
  return merge({ interpolant, network: taken }, user) as UserConfig
}

/**
 * The parameters `[P]` that a run begins with, from the averaged ones of another run.
 *
 * @returns nothing when the configuration names no run
 * @throws ConfigError when there is no such run, or its network, path or data does not fit
 */
export function openInitial(config: Config, dataset: Dataset): Float32Array | undefined {
  const { initFrom, interpolant, network } = config
  if (initFrom === null) return undefined
  const model = readModelFor('initFrom', initFrom)
  const refuse = (message: string): never => {
    throw new ConfigError(`initFrom: ${initFrom} ${message}`)
  }
  if (model.dimension !== dataset.dimension) {
    refuse(`has points of ${model.dimension} coordinates, ${dataset.name} of ${dataset.dimension}`)
  }
  checkColumns('initFrom', initFrom, model, dataset)
  if (model.config.interpolant !== interpolant) {
    refuse(`was trained on the ${model.config.interpolant} path, this run is on ${interpolant}`)
  }
  const before = { config: model.config.network, point: pointOf(model.config, model.data) }
  const after = { config: network, point: pointOf(config, dataset) }
  const conversion = conversionOf(before, after)
  if (typeof conversion === 'string') return refuse(`cannot start this run: ${conversion}`)
  const { kind } = config.condition
  if (kind !== 'none' && kind === model.config.condition.kind) {
    const [theirs, ours] = [model.data, dataset].map(data => tellable(kind, data))
    if (theirs !== ours) refuse(`was told ${theirs}; ${dataset.name} has ${ours}`)
  }
  return flattenArrays(
    networkOf(after.config, after.point),
    conversion(unflattenArray(model.parameters, networkOf(before.config, before.point))),
  )
}
