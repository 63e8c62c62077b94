import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { guidanceRecord } from '../config/guidance.ts'
import { type Config, ConfigError, resolveConfig } from '../config/index.ts'
import { DataError } from '../data/error.ts'
import { decodeText } from '../data/utf8.ts'
import { crc32 } from '../runtime/checksum.ts'
import { refuseAdapter } from './adapter-file.ts'
import { writeFileAtomic } from './files.ts'
import type { MetricsLine } from './metrics-log.ts'
import { logProblem, readLog } from './metrics-log.ts'
import { LARGEST_TEXT, readBytes } from './read-file.ts'
import { type DataRecord, dataRecordSchema } from './record.ts'
import { RunError } from './run-error.ts'
import { VERSION } from './version.ts'

export { type DataRecord, RunError }

const recordSchema = z.object({
  oxbow: z.string(),
  config: z.record(z.string(), z.unknown()),
  data: dataRecordSchema,
  threads: z.int().positive().optional(),
  checksum: z.string().optional(),
})

/** What `config.json` holds. */
export interface RunRecord {
  readonly oxbow: string
  readonly config: Config
  readonly data: DataRecord
  /** Threads of an operator in training, on which the last bits depend; absent in files of version 0.1.0. */
  readonly threads?: number
}

/** A record as it was read. */
export interface ReadRecord extends RunRecord {
  /** Whether configuration and data are as they were written; absent where the file does not tell. */
  readonly intact?: boolean
}

export const paths = (directory: string) => ({
  config: join(directory, 'config.json'),
  /** What sequences are made of, of a run on text. */
  alphabet: join(directory, 'alphabet.json'),
  metrics: join(directory, 'metrics.jsonl'),
  checkpoints: join(directory, 'checkpoints'),
  snapshots: join(directory, 'snapshots'),
  model: join(directory, 'model.safetensors'),
  onnx: join(directory, 'model.onnx'),
  /** What an adapter changes, and the adapter alone. */
  base: join(directory, 'base.safetensors'),
  adapter: join(directory, 'adapter.safetensors'),
  /** The network of a perceptual loss. */
  features: join(directory, 'features.onnx'),
  /** The network that a run compares samples by. */
  compared: join(directory, 'compared-features.onnx'),
  evaluation: join(directory, 'evaluation.json'),
  /** What the weights of its samples say of a target. */
  importance: join(directory, 'importance.json'),
  samples: join(directory, 'samples'),
  plots: join(directory, 'plots'),
  report: join(directory, 'report.html'),
  card: join(directory, 'README.md'),
  failedBatch: join(directory, 'failed-batch.safetensors'),
})

export const isRun = (directory: string): boolean => existsSync(paths(directory).config)

/**
 * Checks that a directory, which is locked, can take a new run.
 *
 * @throws RunError when it already holds something
 */
export function checkFree(directory: string): void {
  if (isRun(directory)) {
    throw new RunError(`${directory}: already holds a run; pass --resume to continue it, or another --out`)
  }
  if (readdirSync(directory).some(name => !name.startsWith('.'))) {
    throw new RunError(`${directory}: is not empty and holds no run; choose another --out`)
  }
}

/** Tells a record that was changed by hand. */
const checksumOf = (config: unknown, data: unknown): string =>
  crc32(new TextEncoder().encode(JSON.stringify([config, data])))

/** The text of `config.json`, or of another file with a record. @param more  what that has besides */
export function encodeRecord(
  { config, data, threads }: Omit<RunRecord, 'oxbow'>,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const checksum = checksumOf(config, data)
  // For readers: it follows from the configuration.
  const guidance = guidanceRecord(config)
  return `${JSON.stringify({ oxbow: VERSION, config, data, threads, guidance, checksum, ...more }, null, 2)}\n`
}

/** The text of `alphabet.json`, for programs that decode what a model of text gives; nothing of other data. */
export function encodeAlphabet({ text }: Pick<DataRecord, 'text'>): string | undefined {
  if (!text) return undefined
  const { unit, end = null, alphabet: symbols } = text
  return `${JSON.stringify({ unit, end, symbols }, null, 2)}\n`
}

export function writeRecord(directory: string, record: Omit<RunRecord, 'oxbow'>): void {
  const { config, alphabet } = paths(directory)
  const symbols = encodeAlphabet(record.data)
  if (symbols !== undefined) writeFileAtomic(directory, alphabet, symbols)
  writeFileAtomic(directory, config, encodeRecord(record))
}

/**
 * Reads a run's record.
 *
 * @throws RunError when there is no run, or its `config.json` is not whole
 */
export function readRecord(directory: string): ReadRecord {
  if (!existsSync(directory)) throw new RunError(`${directory}: no such run`)
  const { config } = paths(directory)
  refuseAdapter(directory)
  if (!statSync(directory).isDirectory())
    throw new RunError(`${directory}: expected a run directory, found a file`)
  if (!existsSync(config)) throw new RunError(`${directory}: not a run directory (it has no config.json)`)
  return readRecordFile(config)
}

/** Reads a record wherever it stands. @throws RunError when the file is not whole */
export function readRecordFile(config: string): ReadRecord {
  const bytes = readBytes(config, LARGEST_TEXT)
  let content: unknown
  try {
    content = JSON.parse(decodeText(bytes, config))
  } catch (error) {
    if (error instanceof DataError) throw new RunError(error.message)
    throw new RunError(`${config}: not valid JSON; restore it, or train into another directory`)
  }
  const parsed = recordSchema.safeParse(content)
  if (!parsed.success) {
    const key = parsed.error.issues[0].path.join('.')
    throw new RunError(`${config}: not the record of a run${key && ` (${key} is missing or wrong)`}`)
  }
  try {
    const { checksum, ...record } = parsed.data
    const { config: found, data } = content as Record<string, unknown>
    return {
      ...record,
      config: resolveConfig(record.config as Config),
      ...(checksum !== undefined && { intact: checksum === checksumOf(found, data) }),
    }
  } catch (error) {
    if (error instanceof ConfigError) throw new RunError(`${config}: ${error.message}`)
    // Whatever walks through it calls itself for each level.
    if (error instanceof RangeError)
      throw new RunError(`${config}: not the record of a run (nested too deeply)`)
    throw error
  }
}

/** Reads the metrics; what is damaged is left out (see `logProblemOf`). */
export const readMetrics = (directory: string): MetricsLine[] =>
  readLog(paths(directory).metrics).flatMap(({ line }) => line ?? [])

/** What is wrong with the metrics of a run, in a line; nothing where they are whole. */
export const logProblemOf = (directory: string): string | undefined => logProblem(paths(directory).metrics)
