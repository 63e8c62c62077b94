import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { planeDatasets } from '../../data/built-in.ts'
import { type StandardizedDataset, standardizedBy } from '../../data/standardized.ts'
import { type Standardization, standardized, unstandardized } from '../../model/index.ts'
import { objectives, whyNoJumps } from '../../objective/index.ts'
import { externalFiles } from '../../runtime/external-data.ts'
import { type Program, RuntimeLoadError } from '../../runtime/program.ts'
import { onnxProblem, readMetadata, tensorWithNaN } from '../../runtime/protobuf.ts'
import { runtimeReason } from '../../runtime/reason.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { KnownClasses } from '../../serialization/conditions.ts'
import { decodeModelFile, type Model, withoutCondition } from '../../serialization/model.ts'
import { conditionIn } from '../../serialization/onnx-map.ts'
import { type DataRecord, dataRecordSchema } from '../../serialization/record.ts'
import { RunError } from '../../serialization/run-error.ts'
import {
  freshPlan,
  HIGHEST_RATE,
  LARGEST_MODEL,
  LONGEST_NAME,
  type ModelSource,
  type Plan,
  shownPaths,
  type Target,
} from '../plan.ts'
import { targetDataset } from './target.ts'
import { learnsFromTeacher } from './teachers.ts'

const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high)

const sizeOr = (otherwise: number, value: unknown, low: number, high: number): number =>
  typeof value === 'number' ? within(value, low, high) : otherwise

const unknownTarget = (name: string): Target => ({ kind: 'unknown', name: name.slice(0, LONGEST_NAME) })

/**
 * The built-in dataset of a name, if there is one; where it has other classes than a model that is told them, the model's data
 * are not it.
 */
function targetOf({ name, labels }: DataRecord, told = false): Target {
  if (!Object.hasOwn(planeDatasets, name)) return unknownTarget(name)
  const own = planeDatasets[name].create().labels?.names
  return told && own?.join() !== labels?.names.join() ? unknownTarget(name) : { kind: 'built-in', name }
}

interface OnnxTraits {
  readonly objective: string | null
  readonly interpolant: Plan['interpolant']
  readonly data: DataRecord | null
  /** Whether its map is told classes. */
  readonly told: boolean
  readonly metadata: Readonly<Record<string, string>>
}

/** @throws RunError when a map's path is not one that the page draws */
function shownPath(interpolant: string, file: string): Plan['interpolant'] {
  const known = shownPaths.find(name => name === interpolant)
  if (known) return known
  throw new RunError(`${file}: uses the path ${interpolant}; the page supports ${shownPaths.join(', ')}`)
}

/** The value of an entry of the metadata; nothing where there is none. @throws RunError when it is no JSON */
function parsed(text: string | undefined, file: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined
  } catch {
    throw new RunError(`${file}: its metadata is not valid JSON`)
  }
}

/** What an ONNX file says about itself; of another program's file nothing is known. @throws RunError */
function readTraits(bytes: Uint8Array, file: string): OnnxTraits {
  const problem = onnxProblem(bytes)
  if (problem) throw new RunError(`${file}: ${problem}`)
  let metadata: Record<string, string>
  let damaged: string | undefined
  let [beside]: string[] = []
  try {
    ;[beside] = externalFiles(bytes)
    metadata = readMetadata(bytes)
    damaged = tensorWithNaN(bytes)
  } catch {
    throw new RunError(`${file}: not an ONNX model`)
  }
  if (beside !== undefined) {
    throw new RunError(
      `${file}: its weights are in another file, ${JSON.stringify(beside)}; the page only opens models in a single file`,
    )
  }
  if (damaged !== undefined) throw new RunError(`${file}: tensor ${damaged} contains NaN`)
  const { format, objective, interpolant = '', data, signature } = metadata
  if (format !== 'oxbow') return { objective: null, interpolant: 'linear', data: null, told: false, metadata }
  const noJumps = whyNoJumps(objective)
  if (noJumps) throw new RunError(`${file}: ${noJumps}, which the page shows`)
  const found = parsed(data, file)
  const record = found === undefined ? undefined : dataRecordSchema.safeParse(found).data
  if (found !== undefined && !record) throw new RunError(`${file}: the record of its data is damaged`)
  return {
    objective: objectives.has(objective) ? objective : null,
    interpolant: shownPath(interpolant || 'linear', file),
    data: record ?? null,
    told: (parsed(signature, file) as { class?: unknown } | null | undefined)?.class !== undefined,
    metadata,
  }
}

/**
 * What a run begins with: the objective of the file, or a plain one where that one learns from a teacher that is not at
 * hand, or from trajectories that would be solved first.
 */
function firstObjective(id: string | null, target: Target): string {
  const row = id === null ? undefined : objectives.get(id)
  if (!row || row.coupling || row.defaults.coupling) return 'flow-matching'
  const exact = target.kind === 'built-in' && planeDatasets[target.name].create().mixture !== undefined
  return learnsFromTeacher(row) && (!exact || row.needs.includes('flow-map-teacher'))
    ? 'flow-matching'
    : row.id
}

function checkShown(dimension: number, source: DataRecord['source'], file: string): void {
  if (dimension !== 2)
    throw new RunError(`${file}: its points have ${dimension} coordinates; the page shows 2`)
  if (source)
    throw new RunError(`${file}: starts from points of ${source.name}; the page only shows maps from noise`)
}

/**
 * A run that shows the model of a file.
 *
 * @param path  of its run below the runs folder, where it comes from there
 * @throws RunError when it is no model, or not one of points in the plane
 */
export function planOfModel(bytes: Uint8Array, name: string, path?: string): Plan {
  if (bytes.length > LARGEST_MODEL) throw new RunError(`${name}: larger than ${LARGEST_MODEL >> 20} MB`)
  if (bytes.length === 0) throw new RunError(`${name}: the file is empty`)
  const hash = bytesToHex(sha256(bytes))
  const source = (format: ModelSource['format'], objective: string | null): ModelSource => ({
    name,
    format,
    sha256: hash,
    objective,
    ...(path !== undefined && { path }),
  })
  if (name.endsWith('.onnx')) {
    const { objective, interpolant, data, told } = readTraits(bytes, name)
    checkShown(data?.dimension ?? 2, data?.source, name)
    const target: Target = data ? targetOf(data, told) : unknownTarget(name)
    const stage = { ...freshPlan.stages[0], objective: firstObjective(objective, target), keep: true }
    return { ...freshPlan, target, interpolant, start: source('onnx', objective), stages: [stage] }
  }
  const model = decodeModelFile(bytes, name)
  const { config, data } = model
  checkShown(data.dimension, data.source, name)
  const { network, batch, interpolant, objective, seeds, optimizer } = config
  const told = config.condition.kind === 'class'
  const target = targetOf(data, told)
  const learningRate = Math.min(HIGHEST_RATE, optimizer.learningRate)
  return {
    // As far as a plan can say them; the network itself is the file's.
    hidden: sizeOr(freshPlan.hidden, network.hidden, 8, 512),
    layers: sizeOr(freshPlan.layers, network.layers, 1, 6),
    batch: within(batch, 16, 8192),
    target,
    interpolant: shownPath(interpolant, name),
    seed: Math.max(0, seeds.data),
    ...(told && { condition: 'class' as const }),
    start: source('safetensors', objective),
    stages: [{ objective: firstObjective(objective, target), learningRate, steps: 0, keep: true }],
  }
}

/** The file of a plan, opened. */
export interface OpenedFile {
  readonly dataset: StandardizedDataset
  /** Absent for an ONNX file, which is a map without its parameters. */
  readonly model?: Model
  /** `(parameters, x, s, t, class)` to points, whatever the parameters, and the scale of its data. */
  readonly jump?: Program
  /** That the jump of an ONNX file is told. */
  readonly classes?: KnownClasses
}

function dataOf(
  { target }: Plan,
  data: DataRecord | null,
  by: Standardization | undefined,
): StandardizedDataset {
  const dataset = targetDataset(target)
  const named =
    target.kind === 'unknown' && data
      ? { ...dataset, fingerprint: data.fingerprint, labels: data.labels }
      : dataset
  return standardizedBy(by, named)
}

/**
 * Opens the file of a plan. The page shows every model on the scale of the noise, as its network sees its data.
 *
 * @param bytes  the file's, where they are at hand
 * @throws RunError when they are not, or are another file's
 */
export async function openFile(
  engine: Runtime,
  plan: Plan,
  source: ModelSource,
  bytes?: Uint8Array,
): Promise<OpenedFile> {
  const { name, format } = source
  if (!bytes) throw new RunError(`${name}: a link does not contain the model; open the file here`)
  if (bytesToHex(sha256(bytes)) !== source.sha256) {
    throw new RunError(`${name}: this is not the file that the link was made with`)
  }
  if (format === 'safetensors') {
    const decoded = decodeModelFile(bytes, name)
    // The page has classes to choose; of other conditions it shows the map of the data as a whole.
    const model = decoded.config.condition.kind === 'class' ? decoded : withoutCondition(decoded, name)
    return { model, dataset: dataOf(plan, model.data, model.data.standardization) }
  }
  const { data, metadata } = readTraits(bytes, name)
  const by = data?.standardization
  const { program, inputs, output } = await engine.openModel(bytes).catch((error: Error) => {
    if (error instanceof RuntimeLoadError) throw error
    throw new RunError(`${name}: not an ONNX model that can be run (${runtimeReason(error)})`)
  })
  const names = inputs.map(input => input.name).join()
  const told = names === 'x,s,t,class'
  const fits =
    (names === 'x,s,t' || told) &&
    inputs[0].shape.length === 2 &&
    inputs.every(input => input.dtype === (input.name === 'class' ? 'int64' : 'float32')) &&
    output.dtype === 'float32'
  if (!fits) {
    await program.close()
    throw new RunError(
      `${name}: expected inputs x [batch, 2], s [batch], t [batch] and an output [batch, 2] of float32, and at most class [batch] of int64`,
    )
  }
  checkShown(inputs[0].shape[1], undefined, name)
  return {
    dataset: dataOf(plan, data, by),
    jump: onNoiseScale(program, by),
    ...(told && { classes: conditionIn(name, metadata, 'class') as KnownClasses }),
  }
}

/** A map in the data's own units as one on the scale of the noise. */
function onNoiseScale(program: Program, by: Standardization | undefined): Program {
  return {
    run: async ([, points, s, t, ...told]) => {
      const x = points as Float32Array
      const [y] = await program.run([by ? unstandardized(by, x, Number(s[0])) : x, s, t, ...told])
      if (!(y instanceof Float32Array) || y.length !== x.length) {
        throw new RunError(`returns ${y.length} numbers for ${x.length}, so it is not a flow map`)
      }
      return [by ? standardized(by, y, Number(t[0])) : y]
    },
    close: () => program.close(),
  }
}
