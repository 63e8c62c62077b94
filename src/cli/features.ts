import { extname } from 'node:path'
import { openDataset } from '../config/dataset.ts'
import { DataError } from '../data/error.ts'
import { standardizationOf, standardizedBy } from '../data/standardized.ts'
import { trainClassifier } from '../evaluation/features/train-classifier.ts'
import { triedClassifier } from '../evaluation/features/tried-classifier.ts'
import { formatCount, shellWord } from '../report/format.ts'
import { openRuntime } from '../runtime/node.ts'
import { findTarget } from '../serialization/output.ts'
import { UsageError } from './failure.ts'
import { dataOption } from './keys.ts'
import { dataSpec } from './options.ts'
import { writeOutput } from './output-file.ts'
import { note, printJson } from './terminal.ts'

interface FeaturesFlags {
  readonly out: string
  readonly steps: number
  readonly seed: number
  readonly json?: boolean
}

/** Training steps between two lines. */
const EVERY = 500

/** `oxbow features`. */
export async function featuresCommand(given: string, flags: FeaturesFlags): Promise<void> {
  const { out, steps, seed, json } = flags
  // The names of pipes and devices have no ending.
  if (extname(out) !== '.onnx' && !findTarget(out).open) {
    throw new UsageError(`--out ${out}: expected a name ending in .onnx`)
  }
  const spec = dataOption({ ...flags, data: dataSpec(given) })!
  const dataset = await openDataset(spec)
  for (const warning of dataset.warnings ?? []) note(`oxbow: ${warning}`)
  const classes = dataset.labels?.names.length ?? 0
  if (classes < 2) {
    throw new DataError(
      `${dataset.name}: has no classes; features are learnt by telling classes apart (see labels in docs/data.md)`,
    )
  }
  const seen = standardizedBy(standardizationOf('auto', dataset), dataset)
  const runtime = await openRuntime()
  const progress = (step: number, loss: number): void => {
    if (step % EVERY === 0 || step === steps) note(`step ${step}/${steps}  loss ${loss.toFixed(4)}`)
  }
  const flat = await trainClassifier(runtime, seen, { steps, seed, progress })
  const command = `oxbow features ${shellWord(typeof spec === 'string' ? spec : JSON.stringify(spec))} --steps ${steps} --seed ${seed} --out ${shellWord(out)}`
  const { bytes, accuracy, count } = await triedClassifier(runtime, seen, flat, command)
  const say = writeOutput(out, bytes, false)
  if (json) return printJson({ file: out, accuracy, count })
  const kind = dataset.split ? (dataset.split.heldOut > 0 ? 'held-out' : 'training') : 'fresh'
  say(
    `${out}: tells the class of ${(100 * accuracy).toFixed(2)} % of ${formatCount(count)} ${kind} rows; ` +
      `measure a run with "oxbow evaluate RUN --features ${shellWord(out)}"`,
  )
}
