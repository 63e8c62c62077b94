import { dirname } from 'node:path'
import { difference } from '../config/difference.ts'
import { type Config, ConfigError, merge, resolveConfig, type UserConfig } from '../config/index.ts'
import { fitsNetwork, type Model, modelOf, namedParameters, recordOf } from '../serialization/model.ts'
import { RunError, readRecord } from '../serialization/run.ts'
import type { Container } from '../serialization/safetensors.ts'
import type { Imported, ImportOptions } from './reading.ts'

type ModelRecord = Pick<Model, 'config' | 'data'>

/** The record that `oxbow export` and runs have beside their weights. */
function recordBeside(file: string): ModelRecord | undefined {
  try {
    return readRecord(dirname(file))
  } catch (error) {
    // Another program's `config.json`, or none.
    if (error instanceof RunError) return undefined
    throw error
  }
}

/**
 * What this package says of weights that it wrote: the metadata of a `.safetensors` file, or the `config.json` beside
 * weights of just that network.
 *
 * @throws RunError when the metadata is damaged; ConfigError when such a file is to be read in another convention
 */
export function ownRecord(
  { tensors, metadata }: Container,
  file: string,
  convention: ImportOptions['convention'],
): ModelRecord | undefined {
  if (metadata.format === 'oxbow') {
    const record = recordOf(metadata, file)
    if (convention === 'oxbow') return record
    throw new ConfigError(`convention: ${file} is a model of oxbow; expected oxbow, found ${convention}`)
  }
  if (convention !== 'oxbow') return undefined
  const beside = recordBeside(file)
  return beside && fitsNetwork(beside, tensors) ? beside : undefined
}

/** @throws ConfigError when a key says something else than the record */
function checkKeys({ seed, data: _, ...given }: UserConfig, config: Config, file: string): void {
  const seeds = seed === undefined ? {} : { seeds: { data: seed, noise: seed, initialization: seed } }
  const asked = resolveConfig([seeds, given].reduce<Record<string, unknown>>(merge, { ...config }))
  const found = difference(config, asked)
  if (!found) return
  const [key, recorded, wanted] = found
  throw new ConfigError(
    `${key}: ${file} was trained with ${JSON.stringify(recorded)}, found ${JSON.stringify(wanted)}`,
  )
}

/** How weights of other programs are to be read, which ours say themselves. */
const FOREIGN = ['inputs', 'features', 'timeScale', 'sigmaData', 'layers', 'guidanceApplied'] as const

/** @throws ConfigError when an option says something else than the record */
function checkOptions(options: ImportOptions, { data: record }: ModelRecord, file: string): void {
  const foreign = FOREIGN.find(key => options[key] !== undefined)
  if (foreign)
    throw new ConfigError(`${foreign}: is for weights of other programs; ${file} says itself how it is read`)
  const none = {
    shift: new Array<number>(record.dimension).fill(0),
    scale: new Array<number>(record.dimension).fill(1),
  }
  const by = record.standardization ?? none
  for (const key of ['shift', 'scale'] as const) {
    const given = options[key]
    if (given === undefined || given.join() === by[key].join()) continue
    throw new ConfigError(`${key}: ${file} was trained with ${by[key].join(',')}, found ${given.join(',')}`)
  }
  const { data } = options
  if (!data || data.fingerprint.sha256 === record.fingerprint.sha256) return
  // Of weights that were imported before nobody said what they are of.
  if (record.fingerprint.sha256 === '' && data.dimension === record.dimension) return
  throw new ConfigError(
    `data: ${file} was trained on ${record.name}; ${data.name} is other data (its fingerprint differs)`,
  )
}

/**
 * A model of this package from its own weights: the same, with its configuration and its data's record.
 *
 * @throws ConfigError when options contradict the record; RunError when the tensors do not fit it
 */
export function importOwn(
  tensors: Container['tensors'],
  record: ModelRecord,
  file: string,
  options: ImportOptions,
): Imported {
  checkKeys(options.config ?? {}, record.config, file)
  checkOptions(options, record, file)
  const { data } = options
  const { name, fingerprint } = data ?? record.data
  const model = modelOf(
    {
      config: {
        ...record.config,
        ...(options.config?.data !== undefined && { data: options.config.data as Config['data'] }),
      },
      data: { ...record.data, name, fingerprint },
    },
    tensors,
    file,
  )
  const report = Object.entries(namedParameters(model)).map(
    ([name, { shape }]) => `${name} [${shape.join(', ')}]`,
  )
  return { model, report, unread: [] }
}

/** What is taken of weights that say nothing, or nothing where all was named. */
export function assumptions({ network }: Config, { config, shift, scale }: ImportOptions): string[] {
  const given = (config?.network as Record<string, unknown> | undefined)?.activation
  // The layout of a transformer says it.
  return [
    ...(given === undefined && network.kind === 'mlp'
      ? [`activation ${network.activation} (--network.activation)`]
      : []),
    ...(shift === undefined && scale === undefined
      ? ['no standardisation of the data (--shift, --scale)']
      : []),
  ]
}
