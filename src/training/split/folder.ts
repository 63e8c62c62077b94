import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { readText } from '../../serialization/read-file.ts'
import { type ReadRecord, RunError, readRecordFile } from '../../serialization/run.ts'

/** The files of an exported training. */
export const splitFiles = (folder: string) => ({
  signature: join(folder, 'signature.json'),
  gradients: join(folder, 'gradients.onnx'),
  update: join(folder, 'update.onnx'),
  /** The state before its first step. */
  start: join(folder, 'start.safetensors'),
  /** What the launcher writes: the state after its last step, and a line for each step. */
  result: join(folder, 'result.safetensors'),
  log: join(folder, 'log.jsonl'),
})

const portSchema = z.object({
  name: z.string(),
  dtype: z.enum(['float32', 'int64']),
  shape: z.array(z.int().positive()),
  from: z.enum(['state', 'gradients', 'draws', 'schedule']).optional(),
  rows: z.int().positive().optional(),
})
const graphSchema = z.object({ inputs: z.array(portSchema), outputs: z.array(portSchema) })

const trainingSchema = z.object({
  format: z.literal('oxbow-training'),
  /** Of the run, seen from the folder. */
  run: z.string(),
  step: z.int().min(0),
  steps: z.int().positive(),
  /** Parts of a batch, and batches of an update. */
  parts: z.int().positive(),
  batches: z.int().positive(),
  saveEvery: z.int().positive(),
  lines: z.array(z.string()),
  gradients: graphSchema,
  update: graphSchema,
})

export type SplitTraining = z.infer<typeof trainingSchema>

export const isSplitTraining = (folder: string): boolean => existsSync(splitFiles(folder).signature)

/** Reads what an exported training is. @throws RunError where there is none, or it is damaged */
export function readSplitTraining(folder: string): { record: ReadRecord; training: SplitTraining } {
  const { signature } = splitFiles(folder)
  if (!isSplitTraining(folder)) {
    throw new RunError(
      `${folder}: holds no signature.json; write one with: oxbow export RUN --format training`,
    )
  }
  const record = readRecordFile(signature)
  const { training } = JSON.parse(readText(signature)) as { training: unknown }
  const parsed = trainingSchema.safeParse(training)
  if (parsed.success) return { record, training: parsed.data }
  const key = parsed.error.issues[0].path.join('.')
  throw new RunError(`${signature}: not the signature of a training${key && ` (${key} is missing or wrong)`}`)
}
