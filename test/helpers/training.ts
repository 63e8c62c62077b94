import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkpointSteps } from '../../src/training/checkpoint.ts'
import type { UserConfig } from '../../src/training/config.ts'
import { type MetricsLine, paths } from '../../src/training/run.ts'
import { decodeSafetensors, type StoredTensor } from '../../src/training/safetensors.ts'
import type { TrainOptions } from '../../src/training/train.ts'

/** A network and a batch that train in a fraction of a millisecond. */
export const tiny = {
  network: { hidden: 16, layers: 1, frequencies: 4 },
  batch: 32,
} as const satisfies UserConfig

/** The tensors of a run's newest checkpoint. */
export function newestCheckpoint(directory: string): Readonly<Record<string, StoredTensor>> {
  const step = checkpointSteps(directory).at(-1)!
  const path = join(paths(directory).checkpoints, `step-${String(step).padStart(6, '0')}.safetensors`)
  return decodeSafetensors(readFileSync(path), path).tensors
}

/** The lines of `metrics.jsonl`, every one of which must be whole, without what differs from run to run. */
export function metricsOf(directory: string): Omit<MetricsLine, 'stepsPerSecond'>[] {
  const text = readFileSync(paths(directory).metrics, 'utf8')
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line is cut short')
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => {
      const { stepsPerSecond: _, ...rest } = JSON.parse(line) as MetricsLine
      return rest
    })
}

/** Stops a training after so many chunks. */
export function stopAfter(chunks: number): NonNullable<TrainOptions['shouldStop']> {
  let asked = 0
  return () => asked++ >= chunks
}
