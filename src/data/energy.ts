import { type Energy, energies } from '../model/index.ts'
import type { Dataset } from './dataset.ts'
import { DataError } from './error.ts'
import { generated } from './generated.ts'
import { show } from './show.ts'
import { nearest } from './suggest.ts'
import { validate } from './validate.ts'

/** An energy by its name, or with options, such as `{kind: many-well, dimension: 8}`. */
export type EnergyConfig = string | { readonly kind: string; readonly [option: string]: unknown }

const partsOf = (config: unknown): { kind?: unknown } =>
  typeof config === 'string' ? { kind: config } : ((config ?? {}) as { kind?: unknown })

/** Whether a configuration names an energy that is known here. */
export const isEnergy = (config: unknown): boolean => {
  const { kind } = partsOf(config)
  return typeof kind === 'string' && Object.hasOwn(energies, kind)
}

/**
 * The energy that a configuration names, with all its options.
 *
 * @param where  it stands, in messages
 * @throws {DataError} when there is no such energy, or an option of it is something else
 */
export function openEnergy(
  config: unknown,
  where = 'energy',
): { readonly energy: Energy; readonly parameters: Readonly<Record<string, unknown>> } {
  const { kind, ...options } = partsOf(config)
  if (!isEnergy(config)) {
    const meant = typeof kind === 'string' ? nearest(kind, Object.keys(energies)) : undefined
    throw new DataError(
      `${where}: expected one of ${Object.keys(energies).join(', ')}, or a block with such a kind and its options; found ${show(kind ?? config)}${meant ? `; did you mean ${meant}?` : ''}`,
    )
  }
  const found = energies[kind as string]
  const checked = validate(found.schema, options, where)
  return { energy: found.open(checked), parameters: { energy: kind, ...(checked as object) } }
}

/** Samples of an energy as data. @throws {DataError} as `openEnergy` */
export function energyDataset(config: unknown): Dataset {
  const { energy, parameters } = openEnergy(config)
  const { name, dimension, sample } = energy
  return generated({ name, parameters, dimension, sample: sample!, energy })
}
