import { basename } from 'node:path'
import { ConfigError, merge, resolveConfig, type UserConfig } from '../config/index.ts'
import { modelOf } from '../serialization/model.ts'
import type { DataRecord } from '../serialization/run.ts'
import { type Convention, conventions } from './conventions.ts'
import { ours, POSITIONS, type Sizes, sizesOf, tensorsIn } from './dit-layout.ts'
import { checkPositions, type Tensors } from './dit-tensors.ts'
import { checkGuidanceApplied, guidanceKeys } from './guidance.ts'
import type { Contents } from './layers.ts'
import {
  checkAgrees,
  type Imported,
  type ImportOptions,
  sourceTime,
  standardizationOf,
  UNKNOWN,
} from './reading.ts'

/** The pictures of a model: those of the data, or squares of as many patches as there are positions. */
function pictureOf(tensors: Tensors, { patch, channels }: Sizes, { data }: ImportOptions): readonly number[] {
  const places = tensors[POSITIONS]?.shape.at(-2)
  const side = places === undefined ? undefined : Math.sqrt(places) * patch
  if (!data) {
    if (side !== undefined && Number.isInteger(side)) return [side, side, channels]
    throw new ConfigError(
      `data: the weights do not tell how large their pictures are (they hold no ${POSITIONS} of a square); name the data with --data`,
    )
  }
  const [, , own] = data.shape
  if (data.shape.length !== 3 || own !== channels) {
    throw new ConfigError(
      `data: ${data.name} has points [${data.shape.join(', ')}], the weights are of pictures with ${channels} channels`,
    )
  }
  return data.shape
}

/** The names of the classes. @throws ConfigError when the data has not as many */
function classesOf({ classes }: Sizes, { data }: ImportOptions): DataRecord['labels'] {
  if (classes === undefined) return undefined
  const names = data?.labels?.names
  if (names && names.length !== classes) {
    throw new ConfigError(`data: ${data.name} has ${names.length} classes, the weights ${classes}`)
  }
  return { names: names ?? Array.from({ length: classes }, (_, i) => String(i)) }
}

/**
 * A model from weights in the layout of DiT, github.com/facebookresearch/DiT, which SiT and others share: one embedder of times,
 * a table of classes whose last row is none, adaLN-zero. What the network predicts is as the convention says.
 *
 * @throws RunError when tensors are missing, or there are others; ConfigError when they and the options do not agree
 */
export function importDit(contents: Contents, file: string, options: ImportOptions): Imported {
  const convention: Convention = conventions[options.convention]
  const inputs = options.inputs ?? convention.inputs
  if (inputs.toSorted().join() !== 's,x') {
    throw new ConfigError(
      `inputs: the weights embed one time (t_embedder); expected x,s, found ${inputs.join(',')}; choose a convention of one time or --inputs x,s`,
    )
  }
  for (const key of ['features', 'layers'] as const) {
    if (options[key] !== undefined)
      throw new ConfigError(`${key}: is fixed by the layout of DiT; remove this key`)
  }
  const { tensors, others } = tensorsIn(contents, file)
  const sizes = sizesOf(tensors, file)
  const { width, patch, depth, hidden, frequencies } = sizes
  const time = sourceTime(convention, options)
  const network = {
    ...{ kind: 'dit', conditioning: 's', width, patch, depth, hidden, frequencies },
    ...{ embedding: 'sinusoidal', timeScale: Math.abs(time.factor) },
  }
  checkAgrees(options.config, network)
  const given = (options.config?.network ?? {}) as Readonly<Record<string, unknown>>
  if (given.heads === undefined) {
    throw new ConfigError(
      `network.heads: the weights do not tell how many heads share the width of ${width}; name it, e.g. --network.heads ${Math.max(1, Math.round(width / 64))}`,
    )
  }
  const labels = classesOf(sizes, options)
  const config = resolveConfig(
    [
      { network, data: 'imported', initFrom: basename(file), steps: 0 },
      { objective: 'flow-matching', condition: { kind: labels ? 'class' : 'none' } },
      convention.config.objective === 'lsd' ? {} : convention.config,
      guidanceKeys(options.guidanceApplied),
      (options.config ?? {}) as UserConfig,
    ].reduce<Record<string, unknown>>((under, over) => merge(under, over as Record<string, unknown>), {}),
  )
  checkGuidanceApplied(config, options.guidanceApplied)
  const shape = pictureOf(tensors, sizes, options)
  const dimension = shape.reduce((a, b) => a * b)
  const standardization = standardizationOf(convention, options, dimension)
  const { data } = options
  const record: DataRecord = {
    name: data?.name ?? 'imported',
    ...{ dimension, shape },
    fingerprint: data?.fingerprint ?? UNKNOWN,
    ...(labels && { labels }),
    ...(standardization && { standardization }),
  }
  const { tensors: named, from } = ours(tensors, sizes, { time, output: convention.output }, file)
  const model = modelOf({ config, data: record }, named, file)
  if (tensors[POSITIONS]) checkPositions(tensors[POSITIONS], { shape, patch, width }, file)
  return {
    model,
    report: Object.entries(from).map(([name, theirs]) => `${theirs} -> ${name}`),
    unread: others,
  }
}
