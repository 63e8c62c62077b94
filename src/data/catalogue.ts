import { z } from 'zod'
import { csvDataset } from './csv.ts'
import type { Dataset } from './dataset.ts'
import { DataError } from './error.ts'
import { type GaussianConfig, gaussian, gaussianMixture, type MixtureConfig } from './gaussian-mixture.ts'
import { eightGaussians, ring } from './modes.ts'
import { checkerboard, pinwheel, spirals, swissRoll, twoMoons } from './shapes.ts'
import { nearest } from './suggest.ts'
import { show, validate } from './validate.ts'

/** A built-in dataset. */
export interface DatasetEntry {
  readonly description: string
  readonly create: () => Dataset
}

/** The built-in datasets, all in the plane. */
export const datasets: Readonly<Record<string, DatasetEntry>> = {
  ring: { description: '8 narrow Gaussians on a circle of radius 4', create: ring },
  'eight-gaussians': { description: '8 wider Gaussians on a circle of radius 2.83', create: eightGaussians },
  checkerboard: { description: 'alternate unit cells of a 4x4 board, uniform', create: checkerboard },
  'two-moons': { description: 'two interleaved half circles', create: twoMoons },
  'swiss-roll': { description: 'one spiral with noise', create: swissRoll },
  pinwheel: { description: 'five bent arms', create: pinwheel },
  spirals: { description: 'two interleaved spirals', create: spirals },
  gaussian: {
    description: 'one Gaussian about (1, -1), standard deviation 0.5',
    create: () => gaussian({ mean: [1, -1], std: 0.5 }),
  },
}

/** What names a dataset: a built-in name, the path of a `.csv` or `.tsv` file, or a block of a config. */
export type DatasetSpec =
  | string
  | { readonly mixture: MixtureConfig }
  | { readonly gaussian: GaussianConfig }
  | { readonly csv: { readonly path: string } }
  /** Data that a program handed to `train`; what is kept of it is its name. */
  | { readonly given: string }

/** Whether a dataset's name is the path of a file. */
export const isPath = (name: string): boolean => /\.(csv|tsv)$/i.test(name)

const csvSchema = z.strictObject({ path: z.string().min(1) })

/** Distributions in closed form, at hand without reading anything. */
const closedForms: Record<string, (block: unknown) => Dataset> = {
  mixture: block => gaussianMixture(block as MixtureConfig),
  gaussian: block => gaussian(block as GaussianConfig),
}

const readers: Record<string, (block: unknown) => Promise<Dataset>> = {
  csv: async block => csvDataset(validate(csvSchema, block, 'csv').path),
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
  if (entries.length === 1 && (Object.hasOwn(closedForms, kind) || Object.hasOwn(readers, kind))) {
    return [kind, block]
  }
  const known = [...Object.keys(closedForms), ...Object.keys(readers)].join(', ')
  throw new DataError(`data: expected a name or a block with one key of ${known}; found ${show(spec)}`)
}

/**
 * A dataset that needs no reading: a built-in name, or a `mixture` or `gaussian` block.
 *
 * @throws {DataError} as `openDataset`, and for one that is read from a file
 */
export function generatedDataset(spec: DatasetSpec): Dataset {
  if (typeof spec !== 'string') {
    const [kind, block] = blockOf(spec)
    if (Object.hasOwn(closedForms, kind)) return closedForms[kind](block)
  } else if (Object.hasOwn(datasets, spec)) return datasets[spec].create()
  else if (!isPath(spec)) throw unknownName(spec)
  throw new DataError(`data: ${show(spec)} is read from a file; expected one that is drawn from a formula`)
}

/** How a dataset is opened. */
export interface OpenOptions {
  /** Part of the rows of finite data that is set aside; default 0.1. */
  readonly holdOut?: number
}

/**
 * Opens a dataset. The argument is checked in full, so it may come straight from a user's config.
 *
 * @throws {DataError} on an unknown name (with the nearest known one), a malformed block, or an unusable file
 */
export async function openDataset(spec: DatasetSpec, _options: OpenOptions = {}): Promise<Dataset> {
  if (typeof spec === 'string') return isPath(spec) ? csvDataset(spec) : generatedDataset(spec)
  const [kind, block] = blockOf(spec)
  return Object.hasOwn(readers, kind) ? readers[kind](block) : generatedDataset(spec)
}

function unknownName(name: string): DataError {
  const names = Object.keys(datasets)
  const meant = nearest(name, names)
  const hint = meant ? `; did you mean "${meant}"?` : ''
  const known = `known: ${names.join(', ')}, or a path ending in .csv or .tsv`
  return new DataError(`unknown dataset "${name}"${hint} (${known})`)
}
