import { resolve } from 'node:path'
import { curvedDatasets, datasets, languages } from './built-in.ts'
import type { Dataset } from './dataset.ts'
import { type EnergyConfig, energyDataset } from './energy.ts'
import { DataError } from './error.ts'
import {
  blockSource,
  blockWithPaths,
  type FileBlock,
  formatKeys,
  formatNames,
  looksLikePath,
  pathFormat,
  pathSource,
} from './formats.ts'
import { type GaussianConfig, gaussian, gaussianMixture, type MixtureConfig } from './gaussian-mixture.ts'
import { type GlyphsConfig, glyphs } from './glyphs.ts'
import { type OpenOptions, openOptions, openSource } from './open.ts'
import { published, publishedSource } from './published.ts'
import { show } from './show.ts'
import type { Source } from './source.ts'
import type { Rules } from './split-rule.ts'
import { nearest } from './suggest.ts'
import { type MarkovConfig, markov } from './text/markov.ts'

/**
 * What names a dataset: a built-in or published name, the path of a file or of a folder of pictures, or a block of a config with one key,
 * e.g. `{csv: {path: 'points.csv', label: 'class'}}`.
 */
export type DatasetSpec =
  | string
  | { readonly mixture: MixtureConfig }
  | { readonly gaussian: GaussianConfig }
  | { readonly glyphs: GlyphsConfig }
  /** Samples of `e^-U`. */
  | { readonly energy: EnergyConfig }
  | { readonly markov: MarkovConfig }
  | FileBlock
  /** Other data multiplied by `e^(beta r)` of a reward; opened by `config/dataset.ts`, which knows rewards. */
  | { readonly tilted: { readonly data: DatasetSpec; readonly reward: unknown; readonly beta?: number } }
  /** Data that a program handed to `train`; what is kept of it is its name. */
  | { readonly given: string }

const isBlock = (value: unknown): value is object => typeof value === 'object' && value !== null

const isBuiltIn = (name: string): boolean => Object.hasOwn(datasets, name)

const isPublished = (name: string): boolean => Object.hasOwn(published, name)

/** Whether a text names data without a path: a built-in or a published set. */
export const isKnownName = (name: string): boolean => isBuiltIn(name) || isPublished(name)

/** Whether a text names data by a path. */
const isPath = (name: string, at?: string): boolean => !isKnownName(name) && looksLikePath(name, at)

/** Data that is drawn from a formula, at hand without reading anything. */
const formulas: Record<string, (block: unknown) => Dataset> = {
  mixture: block => gaussianMixture(block as MixtureConfig),
  gaussian: block => gaussian(block as GaussianConfig),
  glyphs: block => glyphs(block as GlyphsConfig),
  energy: energyDataset,
  markov: block => markov(block as MarkovConfig),
}

/** Formats of tables, of which one column may be the label. */
const LABELLED = ['csv', 'parquet', 'jsonl']

/** `labels` stands for `label`, which other formats name so. */
function withLabel(block: unknown): unknown {
  if (!isBlock(block) || !('labels' in block) || 'label' in block) return block
  const { labels, ...rest } = block
  return { ...rest, label: labels }
}

/** The one key of a block and what it holds. */
function blockOf(spec: unknown): [string, unknown] {
  const entries = spec && typeof spec === 'object' && !Array.isArray(spec) ? Object.entries(spec) : []
  if (entries[0]?.[0] === 'given') {
    throw new DataError(
      `data: ${show(entries[0][1])} was given by a program; pass it again from there, or name a dataset`,
    )
  }
  const [[kind, block] = ['', undefined]] = entries
  if (entries.length === 1 && (Object.hasOwn(formulas, kind) || formatNames.includes(kind))) {
    return [kind, LABELLED.includes(kind) ? withLabel(block) : block]
  }
  const known = [...Object.keys(formulas), ...formatNames, 'tilted']
  const meant = entries.length === 1 ? nearest(kind, known) : undefined
  throw new DataError(
    `data: expected a name or a block with one key of ${known.join(', ')}; found ${show(spec)}${meant ? `; did you mean ${meant}?` : ''}`,
  )
}

/**
 * A dataset that needs no reading: a built-in name, or a `mixture`, `gaussian`, `glyphs`, `energy` or `markov` block.
 *
 * @throws {DataError} as `openDataset`, and for one that is read from a file
 */
export function generatedDataset(spec: DatasetSpec): Dataset {
  if (typeof spec !== 'string') {
    const [kind, block] = blockOf(spec)
    if (Object.hasOwn(formulas, kind)) return formulas[kind](block)
  } else if (isBuiltIn(spec)) return datasets[spec].create()
  else if (!isPublished(spec) && !isPath(spec)) throw unknownName(spec)
  throw new DataError(`data: ${show(spec)} is read from a file; expected one that is drawn from a formula`)
}

/** The files that a name or block reads; `undefined` where it reads none. */
export async function openFiles(spec: DatasetSpec, rules?: Rules): Promise<Source | undefined> {
  if (typeof spec === 'string') {
    if (isPublished(spec)) return publishedSource(spec)
    return isPath(spec) ? pathSource(spec, rules) : undefined
  }
  const [kind, block] = blockOf(spec)
  return formatNames.includes(kind) ? blockSource(kind, block, rules) : undefined
}

/**
 * Opens a dataset. The argument is checked in full, so it may come straight from a user's config.
 *
 * @throws {DataError} on an unknown name (with the nearest known one), a malformed block, or an unusable file
 * @throws {ArgumentError} when an option is something else
 */
export async function openDataset(spec: DatasetSpec, options: OpenOptions = {}): Promise<Dataset> {
  const checked = openOptions('openDataset', options)
  const source = await openFiles(spec, options.rules)
  return source ? openSource(source, checked) : generatedDataset(spec)
}

/** The same data by other paths; built-in names and formulas have none, and neither has what is no such name or block. */
export function withPaths(spec: DatasetSpec, change: (path: string) => string): DatasetSpec {
  if (typeof spec === 'string') {
    return !isKnownName(spec) && isPath(spec, change(spec)) ? change(spec) : spec
  }
  const entries = isBlock(spec) ? Object.entries(spec) : []
  if (entries.length === 1 && 'tilted' in spec && isBlock(spec.tilted) && 'data' in spec.tilted) {
    return { tilted: { ...spec.tilted, data: withPaths(spec.tilted.data, change) } }
  }
  if (entries.length !== 1 || !formatNames.includes(entries[0][0]) || !isBlock(entries[0][1])) return spec
  const [[kind, block]] = entries
  return { [kind]: blockWithPaths(kind, block, change) } as unknown as DatasetSpec
}

/** The same data by absolute paths, so that it can be opened from anywhere. */
export const withAbsolutePaths = (spec: DatasetSpec): DatasetSpec => withPaths(spec, path => resolve(path))

/** The data that is tilted, however often. */
const innermost = (spec: DatasetSpec): DatasetSpec =>
  isBlock(spec) && 'tilted' in spec && isBlock(spec.tilted) ? innermost(spec.tilted.data) : spec

/** The paths in a name or block. */
export function pathsIn(spec: DatasetSpec): string[] {
  const paths: string[] = []
  withPaths(spec, path => {
    paths.push(path)
    return path
  })
  // A string is asked for twice: whether it is a path, and as one.
  return typeof innermost(spec) === 'string' ? paths.slice(1) : paths
}

/**
 * The path of a file with keys of its format, e.g. `animals.csv` with `{csv: {label: 'species'}}`, as one block. Keys that
 * name a path or distribution of their own take its place.
 *
 * @throws {DataError} when there is no such file, or keys are of another format than the path
 */
export function withKeys(path: string, keys: Readonly<Record<string, unknown>>): DatasetSpec {
  const entries = Object.entries(keys)
  const stands = entries.some(
    ([kind, block]) => !formatNames.includes(kind) || !isBlock(block) || Object.hasOwn(block, 'path'),
  )
  if (stands || entries.length === 0) return keys as unknown as DatasetSpec
  const [[kind, block]] = entries
  if (isBuiltIn(path) || isPublished(path))
    throw new DataError(`data.${kind}: belongs to a file, "${path}" is a built-in name`)
  if (!isPath(path)) throw unknownName(path)
  const format = pathFormat(path, kind)
  const other = Object.keys(keys).find(name => name !== (format ?? kind))
  if (other !== undefined) {
    throw new DataError(
      `data.${other}: ${path} is read as ${format ?? kind}; expected keys of data.${format ?? kind}`,
    )
  }
  return { [kind]: { path, ...(block as object) } } as unknown as DatasetSpec
}

/** The space that data lives in, as far as its name or block tells; flat otherwise. */
export function spaceNamedBy(spec: DatasetSpec): string {
  if (typeof spec === 'string') {
    if (Object.hasOwn(languages, spec)) return 'simplex'
    if (Object.hasOwn(curvedDatasets, spec)) return curvedDatasets[spec].create().space!
    if (isBuiltIn(spec)) return 'flat'
    return isPath(spec) && pathFormat(spec) === 'text' ? 'simplex' : 'flat'
  }
  const [[kind, block] = ['', undefined]] = isBlock(spec) ? Object.entries(spec) : []
  if (kind === 'text' || kind === 'markov') return 'simplex'
  const space = isBlock(block) && 'space' in block ? block.space : undefined
  return typeof space === 'string' ? space : 'flat'
}

/**
 * The same data, its rows read as points of a space: `space` in the block of a file.
 *
 * @throws {DataError} when it lives in another space, or is no file
 */
export function withSpace(spec: DatasetSpec, space: string): DatasetSpec {
  if (typeof spec === 'string' && isPath(spec)) {
    const format = pathFormat(spec)
    if (format) return withSpace({ [format]: { path: spec } } as unknown as DatasetSpec, space)
  }
  const [[kind, block] = ['', undefined]] = typeof spec === 'string' ? [] : Object.entries(spec)
  if (formatNames.includes(kind) && formatKeys(kind).includes('space') && isBlock(block)) {
    const { space: own = space } = block as { readonly space?: string }
    if (own !== space) throw new DataError(`space: data.${kind}.space is ${own}; found ${show(space)}`)
    return { [kind]: { ...block, space } } as unknown as DatasetSpec
  }
  const { space: own = 'flat', name } = generatedDataset(spec)
  if (own === space) return spec
  throw new DataError(
    `space: ${name} lives in ${own === 'flat' ? 'flat space' : own}, which is part of the data; found ${show(space)}`,
  )
}

function unknownName(name: string): DataError {
  const names = [...Object.keys(datasets), ...Object.keys(published)]
  const meant = nearest(name, names)
  const hint = meant ? `; did you mean "${meant}"?` : ''
  const known = `known: ${names.join(', ')}, or the path of a file or folder that is there`
  return new DataError(`unknown dataset "${name}"${hint} (${known})`)
}
