import { existsSync } from 'node:fs'
import { type Config, ConfigError, merge, pointOf, type UserConfig } from '../config/index.ts'
import { spelledOut } from '../config/plain.ts'
import { tellable } from '../config/point.ts'
import { OWN_TEACHER } from '../config/teacher-config.ts'
import type { Dataset } from '../data/dataset.ts'
import {
  type AdapterKeys,
  conversionOf,
  flattenArrays,
  inheritedFrom,
  type Named,
  type Network,
  type NetworkConfig,
  networkOf,
  unflattenArray,
} from '../model/index.ts'
import { objectives } from '../objective/index.ts'
import { checkColumns } from '../serialization/columns.ts'
import { readBase, readModelFor } from '../serialization/model-files.ts'
import { paths } from '../serialization/run.ts'

/**
 * Fills in from the run of `initFrom` what the user left out and what must agree with it: the interpolant and the
 * network, key by key. Its conditioning too, unless it is a velocity network and the objective trains a map.
 *
 * @throws ConfigError when there is no such run
 */
export function withInitialNetwork(user: UserConfig): UserConfig {
  if (typeof user.initFrom !== 'string' || user.initFrom === OWN_TEACHER) return user
  const { network, interpolant } = readModelFor('initFrom', user.initFrom).config
  const asked = (spelledOut('network', user.network) ?? {}) as Partial<NetworkConfig>
  if (asked.kind !== undefined && asked.kind !== network.kind)
    return merge({ interpolant }, user) as UserConfig
  const row = user.objective === undefined ? undefined : objectives.get(user.objective)
  const trainsMap = user.objective === undefined || Boolean(row?.parts)
  const inherited = inheritedFrom(network, asked, trainsMap)
  // What was told no scales or intervals may learn them now: the rule of guidance decides; of a head, the objective.
  const isOpen = (key: string, value: unknown): boolean =>
    (key === 'scale' && value === 'none') ||
    (key === 'interval' && value === false) ||
    (key === 'divergenceHead' && (value === 0 || !row?.head))
  const taken = Object.fromEntries(Object.entries(inherited).filter(([key, value]) => !isOpen(key, value)))
  return merge({ interpolant, network: taken }, user) as UserConfig
}

/**
 * The parameters `[P]` that a run begins with, from the averaged ones of another run.
 *
 * @returns nothing when the configuration names no run
 * @throws ConfigError when there is no such run, or its network, path or data does not fit
 */
export function openInitial(config: Config, dataset: Dataset): Float32Array | undefined {
  const { initFrom, network, adapter } = config
  if (initFrom === null) return undefined
  const { values, before, own } = openedAs('initFrom', initFrom, config, network, dataset)
  const asleep = adapter && asleepIn(before, own, values, adapter)
  if (asleep) {
    throw new ConfigError(
      `adapter.train: ${asleep} is new to ${initFrom} and would stay at zero; add ${asleep}`,
    )
  }
  return flattenArrays(own, values)
}

/**
 * The averaged parameters of a run, as those of a network of a configuration.
 *
 * @param key  of the configuration, for messages
 * @param network  keys of the network that is to have them
 * @param advice  said where it has other times
 * @throws ConfigError when there is no such run, or its network, path or data does not fit
 */
export function openedAs(
  key: string,
  name: string,
  config: Config,
  network: NetworkConfig,
  dataset: Dataset,
  advice = '',
): { readonly before: Network; readonly own: Network; readonly values: Named<Float32Array> } {
  const { interpolant, condition } = config
  const model = readModelFor(key, name)
  const refuse = (message: string): never => {
    throw new ConfigError(`${key}: ${name} ${message}`)
  }
  if (model.dimension !== dataset.dimension) {
    refuse(`has points of ${model.dimension} coordinates, ${dataset.name} of ${dataset.dimension}`)
  }
  checkColumns(key, name, model, dataset)
  if (model.config.interpolant !== interpolant) {
    refuse(`was trained on the ${model.config.interpolant} path, this run is on ${interpolant}`)
  }
  const from = { config: model.config.network, point: pointOf(model.config, model.data) }
  const to = { config: network, point: pointOf(config, dataset) }
  const conversion = conversionOf(from, to)
  if (typeof conversion === 'string') {
    const isOfTimes = from.config.conditioning !== network.conditioning
    return refuse(`cannot start this run: ${conversion}${isOfTimes ? advice : ''}`)
  }
  const { kind } = condition
  if (kind !== 'none' && kind === model.config.condition.kind) {
    const [theirs, ours] = [model.data, dataset].map(data => tellable(kind, data))
    if (theirs !== ours) refuse(`was told ${theirs}; ${dataset.name} has ${ours}`)
  }
  const [before, own] = [from, to].map(({ config, point }) => networkOf(config, point))
  return { before, own, values: conversion(unflattenArray(model.parameters, before)) }
}

/** A group of parameters that the network did not have, that tell it nothing yet, and that an adapter does not train. */
function asleepIn(
  before: Network,
  { parameters }: Network,
  values: Named<Float32Array>,
  { targets, train }: AdapterKeys,
): string | undefined {
  const isAsleep = (name: string) => !(name in before.parameters) && values[name].every(value => value === 0)
  const groups = Object.entries(parameters).flatMap(([name, { group }]) =>
    isAsleep(name) ? (group ?? []) : [],
  )
  return groups.find(group => !targets.includes(group) && !train.includes(group))
}

/**
 * The parameters `[P]` that an adapter changes: kept in the run's directory, before that of another run.
 *
 * @throws RunError when they are gone from a run that has been trained; ConfigError as `openInitial`
 */
export function openBase(
  config: Config,
  dataset: Dataset,
  directory: string,
  isTrained: boolean,
): Float32Array | undefined {
  if (config.adapter === null) return undefined
  if (isTrained || existsSync(paths(directory).base)) return readBase(directory)
  return openInitial(config, dataset)
}
