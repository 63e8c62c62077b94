import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DataError } from '../data/error.ts'
import { decodeText } from '../data/utf8.ts'
import { type Config, ConfigError, resolveConfig } from './config.ts'
import { writeFileAtomic } from './files.ts'
import { type DataRecord, dataRecordSchema, RunError } from './record.ts'
import { VERSION } from './version.ts'
import type { MetricsLine } from './window.ts'

export { type DataRecord, RunError }

const recordSchema = z.object({
  oxbow: z.string(),
  config: z.record(z.string(), z.unknown()),
  data: dataRecordSchema,
})

/** What `config.json` holds. */
export interface RunRecord {
  readonly oxbow: string
  readonly config: Config
  readonly data: DataRecord
}

export const paths = (directory: string) => ({
  config: join(directory, 'config.json'),
  metrics: join(directory, 'metrics.jsonl'),
  checkpoints: join(directory, 'checkpoints'),
  model: join(directory, 'model.safetensors'),
  onnx: join(directory, 'model.onnx'),
  evaluation: join(directory, 'evaluation.json'),
  samples: join(directory, 'samples'),
  plots: join(directory, 'plots'),
  report: join(directory, 'report.html'),
  card: join(directory, 'README.md'),
  failedBatch: join(directory, 'failed-batch.safetensors'),
})

export const isRun = (directory: string): boolean => existsSync(paths(directory).config)

/** @throws RunError when the directory already holds something */
export function createRun(directory: string, record: Omit<RunRecord, 'oxbow'>): void {
  if (existsSync(directory)) {
    if (!statSync(directory).isDirectory())
      throw new RunError(`${directory}: is a file, expected a directory for the run`)
    if (isRun(directory)) {
      throw new RunError(`${directory}: already holds a run; pass --resume to continue it, or another --out`)
    }
    if (readdirSync(directory).some(name => !name.startsWith('.'))) {
      throw new RunError(`${directory}: is not empty and holds no run; choose another --out`)
    }
  }
  mkdirSync(directory, { recursive: true })
  writeRecord(directory, record)
}

/** The text of `config.json`. */
export const encodeRecord = ({ config, data }: Omit<RunRecord, 'oxbow'>): string =>
  `${JSON.stringify({ oxbow: VERSION, config, data }, null, 2)}\n`

export function writeRecord(directory: string, record: Omit<RunRecord, 'oxbow'>): void {
  writeFileAtomic(directory, paths(directory).config, encodeRecord(record))
}

/**
 * Reads a run's record.
 *
 * @throws RunError when there is no run, or its `config.json` is not whole
 */
export function readRecord(directory: string): RunRecord {
  if (!existsSync(directory)) throw new RunError(`${directory}: no such run`)
  const { config } = paths(directory)
  if (!statSync(directory).isDirectory())
    throw new RunError(`${directory}: expected a run directory, found a file`)
  if (!existsSync(config)) throw new RunError(`${directory}: not a run directory (it has no config.json)`)
  let content: unknown
  try {
    content = JSON.parse(decodeText(readFileSync(config), config))
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
    return { ...parsed.data, config: resolveConfig(parsed.data.config as Config) }
  } catch (error) {
    if (error instanceof ConfigError) throw new RunError(`${config}: ${error.message}`)
    throw error
  }
}

/** Reads the metrics up to a step; a line that a killed process left unfinished is dropped. */
export function readMetrics(directory: string, lastStep = Infinity): MetricsLine[] {
  const { metrics } = paths(directory)
  if (!existsSync(metrics)) return []
  return readFileSync(metrics, 'utf8')
    .split('\n')
    .flatMap(line => {
      try {
        return [JSON.parse(line) as MetricsLine]
      } catch {
        return []
      }
    })
    .filter(line => line?.step <= lastStep)
}
