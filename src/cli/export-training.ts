import { join } from 'node:path'
import { writeSplitTraining } from '../training/split/write.ts'
import { UsageError } from './failure.ts'
import { print, printJson } from './terminal.ts'

export interface TrainingFlags {
  readonly parts?: number
  readonly fromStart?: boolean
  readonly trainTo?: number
  readonly out?: string
  readonly json?: boolean
}

/** @throws UsageError when flags of a training are given for a model */
export function checkNoTraining({ parts, fromStart, trainTo }: TrainingFlags): void {
  const asked = Object.entries({ parts, 'from-start': fromStart, 'train-to': trainTo })
  const found = asked.find(([, value]) => value !== undefined)
  if (found) throw new UsageError(`--${found[0]} belongs to --format training`)
}

/** `oxbow export RUN --format training`. */
export async function exportTraining(run: string, flags: TrainingFlags): Promise<void> {
  const { parts = 1, fromStart, trainTo, json } = flags
  const folder = flags.out ?? join(run, 'training')
  const written = await writeSplitTraining(run, { folder, parts, fromStart, steps: trainTo })
  if (json) return printJson({ folder, format: 'training', ...written })
  const { step, steps, parameters } = written
  print(
    `${folder}: training of ${parameters} parameters from step ${step} to ${steps}, in ${parts} part${parts === 1 ? '' : 's'}`,
  )
}
