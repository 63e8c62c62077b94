import type { Config } from '../config/index.ts'
import type { MetricsLine } from './metrics-log.ts'
import { tensorboard } from './tensorboard.ts'

/** Where the lines of `metrics.jsonl` go besides. */
export type Logger = (line: MetricsLine) => void

/**
 * The loggers that a configuration asks for; none by default.
 *
 * @param step  steps done so far: what loggers have of later ones is dropped
 */
export function openLoggers(config: Config, directory: string, step: number): Logger[] {
  return config.log.tensorboard ? [tensorboard(directory, config, step)] : []
}
