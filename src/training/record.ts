import { z } from 'zod'
import type { Fingerprint } from '../data/dataset.ts'
import type { SeenDataset } from '../data/standardized.ts'
import type { Standardization } from '../model/index.ts'

/** A run directory that is missing, foreign or damaged. */
export class RunError extends Error {
  override readonly name = 'RunError'
}

/** Schema of the data's record in `config.json` and in a model file. */
export const dataRecordSchema = z
  .object({
    name: z.string(),
    dimension: z.int().positive(),
    fingerprint: z.object({
      sha256: z.string(),
      rows: z.number().nullable(),
      minimum: z.array(z.number()),
      maximum: z.array(z.number()),
    }),
    split: z.object({ training: z.int(), heldOut: z.int() }).optional(),
    standardization: z
      .object({ shift: z.array(z.number()), scale: z.array(z.number().positive()) })
      .optional(),
  })
  .refine(
    ({ dimension, standardization: by }) =>
      !by || (by.shift.length === dimension && by.scale.length === dimension),
    { path: ['standardization'] },
  )

/** What a run and a model know of their data. */
export interface DataRecord {
  readonly name: string
  readonly dimension: number
  readonly fingerprint: Fingerprint
  /** Rows trained on and set aside; absent for data without end. */
  readonly split?: { readonly training: number; readonly heldOut: number }
  /** What the network works on; absent for the data's own units. */
  readonly standardization?: Standardization
}

/** What is kept of the data in `config.json` and with the model. */
export const dataRecord = ({
  name,
  dimension,
  fingerprint,
  split,
  standardization,
}: SeenDataset): DataRecord => ({
  name,
  dimension,
  fingerprint,
  ...(split && { split: { training: split.training, heldOut: split.heldOut } }),
  ...(standardization && { standardization }),
})
