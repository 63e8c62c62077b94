import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pointOf } from '../config/index.ts'
import type { Weights } from '../config/weights-name.ts'
import { encodeNpz } from '../data/npy.ts'
import { sampledBy } from '../evaluation/planned-samples.ts'
import type { MethodName } from '../sampler/names.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { encodeModelFile, encodeOnnxModel, type Model, namedParameters } from '../serialization/model.ts'
import { readModel } from '../serialization/model-files.ts'
import { findTarget } from '../serialization/output.ts'
import { readText } from '../serialization/read-file.ts'
import { encodeAlphabet, encodeRecord, RunError } from '../serialization/run.ts'
import { encodeOnnxSampler } from '../serialization/sampler-graph.ts'
import { checkOnnxSize } from '../training/capacity.ts'
import { checkNoTraining, exportTraining, type TrainingFlags } from './export-training.ts'
import { UsageError } from './failure.ts'
import type { AskedGrid } from './grid-flag.ts'
import { writeOutput } from './output-file.ts'
import { wayThrough } from './way.ts'

type Format = 'onnx' | 'safetensors' | 'npz'

interface ExportFlags extends TrainingFlags {
  readonly format: Format | 'training'
  readonly weights: Weights
  readonly sampler?: boolean
  readonly steps?: number
  readonly grid?: AskedGrid
  readonly method?: MethodName
  readonly methodOptions?: Readonly<Record<string, unknown>>
}

const ENCODERS: Record<Format, (model: Model) => Uint8Array> = {
  onnx: encodeOnnxModel,
  safetensors: encodeModelFile,
  npz: model => encodeNpz(namedParameters(model)),
}

/** What is to be written: a name without its ending, the bytes, and what else is said of them. */
interface Content {
  readonly name: string
  readonly bytes: Uint8Array
  readonly traits: Readonly<Record<string, unknown>>
}

function samplerContent(
  model: Model,
  { steps = 1, grid, method = 'auto', methodOptions: options }: ExportFlags,
): Content {
  const { grid: times, ...choice } = wayThrough(sampledBy(model.config, model.data), {
    grid,
    steps,
    method,
    options,
  })
  const made = encodeOnnxSampler(model, { grid: times, ...choice })
  const name = grid ? 'sampler-grid' : `sampler-${steps}`
  return { name, bytes: made.bytes, traits: { steps: times.length - 1, method: made.method } }
}

function checkFlags({ sampler, format, steps, grid, method, methodOptions }: ExportFlags): void {
  if (sampler && format !== 'onnx') {
    throw new UsageError(`--sampler: a graph is written as --format onnx, found ${format}`)
  }
  const given = { steps, grid, method, 'method-options': methodOptions }
  const asked = Object.entries(given).find(([, value]) => value !== undefined)
  if (!sampler && asked)
    throw new UsageError(`--${asked[0]} belongs to --sampler; the map itself takes any times`)
}

/** Writes `config.json` beside weights, and of text `alphabet.json`, so that all are as in a run. @throws RunError where there is another */
function writeConfig(file: string, model: Model): void {
  const path = join(dirname(file), 'config.json')
  const text = encodeRecord(model)
  const [symbols, alphabet] = [join(dirname(file), 'alphabet.json'), encodeAlphabet(model.data)]
  if (!existsSync(path)) {
    if (alphabet !== undefined && existsSync(symbols) && readText(symbols) !== alphabet) {
      throw new RunError(`${symbols}: is that of another model; choose another folder with --out`)
    }
    writeFileAtomic(dirname(file), path, text)
    if (alphabet !== undefined) writeFileAtomic(dirname(file), symbols, alphabet)
    return
  }
  const { config, data } = JSON.parse(text) as Record<string, unknown>
  let found: Record<string, unknown> = {}
  try {
    found = JSON.parse(readText(path)) as Record<string, unknown>
  } catch {
    // Something else of this name is in the way, too.
  }
  if (JSON.stringify([found?.config, found?.data]) === JSON.stringify([config, data])) return
  throw new RunError(`${path}: is that of another model; choose another folder with --out`)
}

/** `oxbow export`. */
export async function exportCommand(path: string, flags: ExportFlags): Promise<void> {
  const { format, weights, sampler, out, json } = flags
  checkFlags(flags)
  if (format === 'training') return exportTraining(path, flags)
  checkNoTraining(flags)
  const model = readModel(path, weights)
  if (format === 'onnx') checkOnnxSize(model.config, pointOf(model.config, model.data))
  const content: Content = sampler
    ? samplerContent(model, flags)
    : { name: 'model', bytes: ENCODERS[format](model), traits: {} }
  const { name, bytes, traits } = content
  const home = existsSync(path) && statSync(path).isDirectory() ? path : dirname(path)
  const file =
    out ?? join(home, `${weights === 'ema' ? name : `${name}-${weights.replace(':', '-')}`}.${format}`)
  // Beside a pipe or a device there is nothing.
  if (format !== 'onnx' && !findTarget(file).open) writeConfig(file, model)
  const say = writeOutput(file, bytes, out === undefined)
  if (json) say(JSON.stringify({ file, format, bytes: bytes.length, ...traits }))
  else say(`${file}: ${format}, ${bytes.length} bytes`)
}
