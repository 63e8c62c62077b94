import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UserConfig } from '../../src/config/index.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import type { MetricsLine } from '../../src/serialization/metrics-log.ts'
import { paths } from '../../src/serialization/run.ts'
import { decodeSafetensors, type StoredTensor } from '../../src/serialization/safetensors.ts'
import type { TrainOptions } from '../../src/training/train-options.ts'

/** A network and a batch that train in a fraction of a millisecond. */
export const tiny = {
  objective: 'lsd',
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

/** Two unlike modes in the plane, whose velocity and trajectories are known exactly. */
export const mixture = {
  mixture: {
    components: [
      { weight: 2, mean: [1.5, 0.5], std: 0.4 },
      { weight: 1, mean: [-1, -1], std: [0.3, 0.6] },
    ],
  },
}

/** Learns `mixture` in some hundred steps: low frequencies, so that derivatives in time begin small, and a large rate. */
export const quick = {
  data: mixture,
  objective: 'lsd',
  network: { hidden: 32, layers: 2, frequencies: 2 },
  batch: 128,
  steps: 300,
  logEvery: 20,
  ema: 0.95,
  optimizer: { learningRate: 1e-2 },
  schedule: { kind: 'cosine' },
} as const satisfies UserConfig
