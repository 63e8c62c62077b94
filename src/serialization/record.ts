import { z } from 'zod'
import { sizeOf } from '../autodiff/index.ts'
import type { Fingerprint, RowVector, Split, Text } from '../data/dataset.ts'
import type { Rules } from '../data/split-rule.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { holdsPoints, type Standardization } from '../model/index.ts'
import { RunError } from './run-error.ts'

/** What the metadata of an adapter's file says it is. */
export const ADAPTER_FORMAT = 'oxbow-adapter'

/** Of a file that holds an adapter where a model or a run was expected. */
export const adapterAlone = (file: string): RunError =>
  new RunError(
    `${file}: is an adapter, which is no model without its base; ` +
      `use the run that it was trained in, or "oxbow merge BASE ${file} --out RUN" makes a run of both`,
  )

const scalesSchema = z.object({ shift: z.array(z.number()), scale: z.array(z.number().min(0)) })
const standardizationSchema = scalesSchema.extend({ source: scalesSchema.optional() })

const fingerprintSchema = z.object({
  sha256: z.string(),
  rows: z.number().nullable(),
  minimum: z.array(z.number()),
  maximum: z.array(z.number()),
})

const splitSchema = z.object({
  training: z.int(),
  heldOut: z.int(),
  rules: z.literal([1, 2, 3]).optional(),
})

const vectorSchema = z
  .object({
    size: z.int().positive(),
    columns: z.array(z.string()).optional(),
    minimum: z.array(z.number()),
    maximum: z.array(z.number()),
    standardization: standardizationSchema,
  })
  .refine(({ size, columns, minimum, maximum, standardization: { shift, scale } }) =>
    [minimum, maximum, shift, scale, ...(columns ? [columns] : [])].every(each => each.length === size),
  )

/** Schema of the data's record in `config.json` and in a model file. */
export const dataRecordSchema = z
  .object({
    name: z.string(),
    dimension: z.int().positive(),
    shape: z.array(z.int().positive()).optional(),
    space: z.string().optional(),
    text: z
      .object({
        alphabet: z.array(z.string()).min(2),
        unit: z.enum(['character', 'byte']),
        end: z.string().optional(),
        stream: z.boolean().optional(),
      })
      .optional(),
    fingerprint: fingerprintSchema,
    source: z
      .object({ name: z.string(), fingerprint: fingerprintSchema, split: splitSchema.optional() })
      .optional(),
    columns: z.array(z.string()).optional(),
    labels: z.object({ names: z.array(z.string()) }).optional(),
    vector: vectorSchema.optional(),
    split: splitSchema.optional(),
    standardization: standardizationSchema.optional(),
  })
  .refine(
    ({ dimension, standardization: by }) =>
      !by ||
      [by, by.source ?? by].every(({ shift, scale }) =>
        [shift, scale].every(each => each.length === dimension),
      ),
    { path: ['standardization'] },
  )
  .refine(({ dimension, shape }) => !shape || sizeOf(shape) === dimension, { path: ['shape'] })
  .refine(
    ({ space, dimension }) =>
      space === undefined || space === 'flat' || space === 'simplex' || holdsPoints(space, dimension),
    {
      path: ['space'],
    },
  )
  .refine(({ text, shape }) => !text || (shape?.length === 2 && shape[1] === text.alphabet.length), {
    path: ['text'],
  })
  .refine(({ dimension, columns }) => !columns || columns.length === dimension, { path: ['columns'] })

/**
 * The symbols of text in the order of their numbers, the one that fills the rest of a shorter sequence, and whether sequences are
 * windows of a longer text.
 */
export type TextRecord = Pick<Text, 'alphabet' | 'unit' | 'end' | 'stream'>

/** What a run and a model know of their data. */
export interface DataRecord {
  readonly name: string
  readonly dimension: number
  /** Of a point; absent for a row of numbers, `[dimension]`. */
  readonly shape?: readonly number[]
  /** Name of the space that its points live in; absent for `R^n`. */
  readonly space?: string
  /** What its sequences are made of, where it is text. */
  readonly text?: TextRecord
  readonly fingerprint: Fingerprint
  /** Names of its classes, where it has any. */
  readonly labels?: { readonly names: readonly string[] }
  /** What the vector of each row is, where it has one. */
  readonly vector?: RowVector
  /** Names of the coordinates, where the data has them. */
  readonly columns?: readonly string[]
  /**
   * Rows trained on and set aside, and the rules by which they were read and split, of which version 0.1.0 recorded none; absent
   * for data without end.
   */
  readonly split?: { readonly training: number; readonly heldOut: number; readonly rules?: Rules }
  /** What the path leads to at time 1; absent for noise. */
  readonly source?: Pick<DataRecord, 'name' | 'fingerprint' | 'split'>
  /** What the network works on; absent for the data's own units. */
  readonly standardization?: Standardization
}

const recordedSplit = ({ training, heldOut, rules }: Split): DataRecord['split'] => ({
  training,
  heldOut,
  ...(rules && { rules }),
})

/** How the data of a recorded run is opened again. */
export const rulesOf = ({ split }: Pick<DataRecord, 'split'>): Rules | undefined =>
  split ? (split.rules ?? 1) : undefined

/** What is kept of the data in `config.json` and with the model. */
export const dataRecord = ({
  name,
  shape,
  space,
  text,
  dimension,
  columns,
  labels,
  vector,
  fingerprint,
  split,
  standardization,
  source,
}: StandardizedDataset): DataRecord => ({
  name,
  dimension,
  ...(shape.length > 1 && { shape }),
  ...(space !== undefined && { space }),
  ...(text && {
    text: {
      alphabet: text.alphabet,
      unit: text.unit,
      ...(text.end !== undefined && { end: text.end }),
      ...(text.stream && { stream: true }),
    },
  }),
  fingerprint,
  ...(columns && { columns }),
  ...(labels && { labels: { names: labels.names } }),
  ...(vector && { vector }),
  ...(split && { split: recordedSplit(split) }),
  ...(source && {
    source: {
      name: source.name,
      fingerprint: source.fingerprint,
      ...(source.split && { split: recordedSplit(source.split) }),
    },
  }),
  ...(standardization && { standardization }),
})
