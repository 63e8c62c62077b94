import { basename, resolve } from 'node:path'
import { pointOf } from '../config/index.ts'
import { type Addend, mergeAdapters, readAdapter } from '../serialization/merge.ts'
import { checkOnnxSize } from '../training/capacity.ts'
import { UsageError } from './failure.ts'
import { note, print, printJson } from './terminal.ts'
import { writeRun } from './write-run.ts'

interface MergeFlags {
  readonly weight: readonly number[]
  readonly out?: string
  readonly json?: boolean
}

/** One weight holds for all. */
function weightsOf(weights: readonly number[], count: number): readonly number[] {
  if (weights.length === 1) return new Array<number>(count).fill(weights[0])
  if (weights.length === count) return weights
  throw new UsageError(
    `--weight: expected one number, or one for each of ${count} adapters; found ${weights.length}`,
  )
}

const text = ({ name, weight, keys, parameters }: Addend): string =>
  `${name}: weight ${weight}, rank ${keys.rank}, ${parameters.length} parameters`

/** `oxbow merge`. */
export async function mergeCommand(base: string, names: readonly string[], flags: MergeFlags): Promise<void> {
  const { weight, out, json } = flags
  const weights = weightsOf(weight, names.length)
  const addends = names.map((name, i) => ({ ...readAdapter(name), name, weight: weights[i] }))
  const { model, notes } = mergeAdapters(base, addends)
  const directory = out ?? `runs/${[base, ...names].map(path => basename(resolve(path))).join('-')}`
  checkOnnxSize(model.config, pointOf(model.config, model.data))
  writeRun(directory, model)
  for (const line of notes) note(`oxbow: ${line}`)
  const adapters = addends.map(({ name, weight, keys, parameters }) => ({
    ...{ adapter: name, weight, rank: keys.rank, alpha: keys.alpha, parameters: parameters.length },
  }))
  if (json) return printJson({ run: directory, base, adapters, parameters: model.parameters.length, notes })
  for (const addend of addends) print(text(addend))
  print(`${directory}: ${model.config.objective}, ${model.parameters.length} parameters`)
}
