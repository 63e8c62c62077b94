import { z } from 'zod'
import { sizeOf } from '../autodiff/index.ts'
import { ArgumentError, checkFinite, checkPoints, checkTime } from '../data/arguments.ts'
import {
  type ConditionKind,
  type InterpolantName,
  interpolants,
  rowsOfUnknown,
  type Standardization,
  standardized,
  unstandardized,
} from '../model/index.ts'
import { whyNoJumps } from '../objective/index.ts'
import { type OpenedModel, type Program, RuntimeLoadError } from '../runtime/program.ts'
import { onnxProblem } from '../runtime/protobuf.ts'
import { runtimeReason } from '../runtime/reason.ts'
import type { Jump } from '../sampler/sampler.ts'
import type { DrawnVelocity } from '../sampler/sampling.ts'
import { closable } from './closable.ts'
import {
  conditionOfSignature,
  conditionTypes,
  type KnownCondition,
  kindOfInputs,
  type Told,
} from './conditions.ts'
import { givenMap } from './given-map.ts'
import { GUIDANCE_INPUTS, guidanceIn, guidanceInputs, UNKNOWN } from './guidance.ts'
import type { LoadedMap } from './loaded-map.ts'
import { type DataRecord, dataRecordSchema } from './record.ts'
import { RunError } from './run-error.ts'

/** Most points at once, however small a network is. */
export const MOST_ROWS = 8192

/**
 * Runs a graph `(x [n, ...D], s [n], t [n])`, and after them what a map is told, on many points, some at a time.
 *
 * @param rows  points at a time, on which numbers do not depend but for rounding
 * @param beside  another `[n, ...D]`, the graph's last input, where it has one
 * @throws ArgumentError when points or times are something else; RunError when the graph is no flow map
 */
export async function inBlocks(
  name: string,
  program: Program,
  dimension: number,
  rows: number,
  x: Float32Array,
  s: number,
  t: number,
  told?: Told,
  beside?: Float32Array,
): Promise<Float32Array> {
  checkPoints(`${name}: points`, x, dimension)
  checkTime(`${name}: time`, s)
  checkTime(`${name}: time`, t)
  const result = new Float32Array(x.length)
  const block = rows * dimension
  for (let from = 0; from < x.length; from += block) {
    const part = x.subarray(from, from + block)
    const count = part.length / dimension
    const times = (value: number) => new Float32Array(count).fill(value)
    const inputs = told?.(from / dimension, count, x.length / dimension) ?? []
    const last = beside ? [beside.slice(from, from + block)] : []
    const [y] = await program.run([part.slice(), times(s), times(t), ...inputs, ...last])
    if (!(y instanceof Float32Array) || y.length !== part.length) {
      throw new RunError(
        `${name}: gives ${y?.length ?? 'no'} numbers for ${part.length}, so it is no flow map`,
      )
    }
    result.set(y, from)
  }
  return result
}

/** What a file of our own says about its map. */
function traitsOf({ format, objective, interpolant = '' }: Readonly<Record<string, string>>) {
  const own = format === 'oxbow'
  const known = own && Object.hasOwn(interpolants, interpolant)
  return {
    ...(own && objective !== undefined && { objective }),
    interpolant: known ? (interpolant as InterpolantName) : 'linear',
  }
}

/** The other way round, for a file whose graph has the units inside. */
const innerJump =
  (by: Standardization | undefined, jump: Jump): Jump =>
  async (z, s, t) =>
    by ? standardized(by, await jump(unstandardized(by, z, s), s, t), t) : jump(z, s, t)

/** The velocity of a random step all the way to the data, of standardised points: `(x_s - x_0)/s`. */
const drawnByStep =
  (
    name: string,
    by: Standardization | undefined,
    step: (x: Float32Array, s: number, t: number, noise: Float32Array) => Promise<Float32Array>,
  ): DrawnVelocity =>
  async (x, s, noise, inner) => {
    if (inner !== null) {
      throw new RunError(
        `${name}: takes as many inner jumps as it was exported with; use the run directory for ${inner}`,
      )
    }
    const y = await step(by ? unstandardized(by, x, s) : x, s, 0, noise)
    const end = by ? standardized(by, y, 0) : y
    return x.map((value, i) => (value - end[i]) / s)
  }

/** What a file of our own says of its data. @throws RunError when that is damaged */
function recordIn(
  name: string,
  { format, data }: Readonly<Record<string, string>>,
  dimension: number,
): Partial<DataRecord> {
  if (format !== 'oxbow' || !data) return {}
  try {
    const record = dataRecordSchema.parse(JSON.parse(data))
    if (record.dimension === dimension) return record
  } catch {
    // Falls through to the one message for a record that cannot be read.
  }
  throw new RunError(`${name}: the record of its data is damaged`)
}

const textTraitsSchema = z.object({
  decided: z.object({ alphabet: z.int().min(2), share: z.number().min(0).max(1) }).optional(),
  prefix: z.number().positive().max(1).optional(),
})

/** How texts of a file of our own are drawn. @throws RunError when that is damaged */
function textTraits(
  name: string,
  { format, decided, prefix }: Readonly<Record<string, string>>,
): z.infer<typeof textTraitsSchema> {
  if (format !== 'oxbow') return {}
  try {
    return textTraitsSchema.parse({
      ...(decided !== undefined && { decided: JSON.parse(decided) }),
      ...(prefix !== undefined && { prefix: JSON.parse(prefix) }),
    })
  } catch {
    throw new RunError(`${name}: what it says of drawing texts is damaged`)
  }
}

/** Inputs that have several numbers for each point. */
const ROWS = ['vector', 'condition']

/**
 * The flow map of an ONNX file's bytes.
 *
 * @param name  of the file, for messages
 * @param open  of the runtime
 * @throws RunError when it is something else or damaged; RuntimeLoadError when there is no runtime
 */
export async function mapOfOnnx(
  name: string,
  open: (bytes: Uint8Array) => Promise<OpenedModel>,
  bytes: Uint8Array,
): Promise<LoadedMap> {
  const problem = onnxProblem(bytes)
  if (problem) throw new RunError(`${name}: ${problem}`)
  const opened = await open(bytes).catch((error: Error) => {
    if (error instanceof RuntimeLoadError) throw error
    throw new RunError(`${name}: not an ONNX model that can be run (${runtimeReason(error)})`)
  })
  const { inputs, output, program, metadata } = opened
  const shape = inputs[0]?.shape.slice(1) ?? []
  const dimension = sizeOf(shape)
  const names = inputs.map(i => i.name)
  // A random step of a map of velocities.
  const isStep = whyNoJumps(metadata.objective) !== undefined && names.slice(3).join() === 'noise'
  const more = isStep ? [] : names.slice(3)
  const guided = GUIDANCE_INPUTS.filter(name => more.includes(name))
  const kind = kindOfInputs(more.slice(0, more.length - guided.length))
  const fits =
    names.slice(0, 3).join() === 'x,s,t' &&
    more.slice(more.length - guided.length).join() === guided.join() &&
    (kind !== undefined || more.length === guided.length) &&
    inputs.every(i => i.dtype === (conditionTypes[i.name] ?? 'float32')) &&
    inputs.slice(1, isStep ? 3 : undefined).every(i => i.shape.length === (ROWS.includes(i.name) ? 2 : 1)) &&
    (!isStep || inputs[3].shape.length === inputs[0].shape.length)
  if (!fits || shape.length === 0 || !(dimension > 0)) {
    await program.close()
    const found = inputs.map(
      i => `${i.name} ${i.dtype}[${i.shape.map(n => (n < 0 ? 'batch' : n)).join(', ')}]`,
    )
    throw new RunError(
      `${name}: expected inputs x [batch, ...D], s [batch], t [batch] of float32, and at most class [batch] of int64, or vector [batch, K] and none [batch], or condition [batch, K] and tau [batch], and w [batch], and low [batch] and high [batch]; found ${found.join(', ')}`,
    )
  }
  if (output.dtype !== 'float32') {
    await program.close()
    throw new RunError(
      `${name}: expected output y [batch, ...D] of float32, found ${output.name} ${output.dtype}`,
    )
  }
  const noVelocity = async (): Promise<never> => {
    throw new RunError(`${name}: an ONNX file holds only the jump; use the run directory for its velocity`)
  }
  const rows = rowsOfUnknown(dimension, MOST_ROWS)
  const record = recordIn(name, metadata, dimension)
  const { standardization, columns, source, space, text, fingerprint } = record
  const {
    jump: run,
    velocity,
    drawn,
    close,
  } = closable(
    name,
    {
      jump: (x: Float32Array, s: number, t: number, told?: Told) =>
        inBlocks(name, program, dimension, rows, x, s, t, told).catch((error: Error) => {
          throw error instanceof RunError || error instanceof ArgumentError
            ? error
            : new RunError(`${name}: cannot be run (${runtimeReason(error)})`)
        }),
      velocity: noVelocity,
      drawn: drawnByStep(name, standardization, (x, s, t, noise) =>
        inBlocks(name, program, dimension, rows, x, s, t, undefined, noise),
      ),
    },
    program.close,
  )
  const known = kind && conditionIn(name, metadata, kind)
  const bound = (told?: Told): Pick<LoadedMap, 'jump' | 'velocity' | 'inner'> => {
    const jump: Jump = (x, s, t) => run(x, s, t, told)
    const checked: Jump = async (x, s, t) => {
      checkPoints(`${name}: points`, x, dimension)
      checkFinite(`${name}: points`, x)
      return jump(x, s, t)
    }
    if (isStep) {
      const refuse = async (): Promise<never> => {
        throw new RunError(`${name}: ${whyNoJumps(metadata.objective)}; sample it by the method transition`)
      }
      return { jump: refuse, velocity, inner: { jump: refuse, velocity, drawn } }
    }
    return { jump: checked, velocity, inner: { jump: innerJump(standardization, jump), velocity } }
  }
  const guidance = guidanceIn(metadata.guidance) ?? UNKNOWN
  const wanted = guidanceInputs(guidance)
  if (guided.join() !== wanted.join()) {
    await program.close()
    const missing = wanted.filter(each => !guided.some(name => name === each))
    throw new RunError(
      `${name}: ${missing.length === 0 ? 'takes a guidance scale for each point, and its metadata does not say which' : `is to be told guidance scales, and has no input ${missing.join(', ')}`}`,
    )
  }
  const outer = (inner: LoadedMap['inner']) => ({
    jump: (async (x, s, t) => {
      const z = standardization ? standardized(standardization, x, s) : x
      const y = await inner.jump(z, s, t)
      return standardization ? unstandardized(standardization, y, t) : y
    }) satisfies Jump,
    velocity,
    inner,
  })
  return givenMap(
    name,
    known,
    bound,
    {
      guidance,
      dimension,
      shape,
      ...(columns && { columns }),
      ...traitsOf(metadata),
      ...(space !== undefined && { space }),
      ...(text && { text: { ...text, length: shape[0] } }),
      ...textTraits(name, metadata),
      ...(record.name !== undefined && fingerprint && { recorded: { name: record.name, fingerprint } }),
      ...(source && { source: source.name, matched: true }),
      ...(standardization && { standardization }),
      close,
    },
    outer,
  )
}

/** What a file's map is told. @throws RunError when it does not say */
export function conditionIn(
  name: string,
  { signature }: Readonly<Record<string, string>>,
  kind: ConditionKind,
): KnownCondition {
  try {
    const known = conditionOfSignature(kind, JSON.parse(signature))
    if (known) return known
  } catch {
    // Falls through to the one message for a file that does not say.
  }
  throw new RunError(`${name}: takes a ${kind} for each point, and its metadata does not say which there are`)
}
