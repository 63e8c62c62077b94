import { sizeOf } from '../autodiff/index.ts'
import { ArgumentError, checkFinite, checkPoints, checkTime } from '../data/arguments.ts'
import {
  type InterpolantName,
  interpolants,
  type Standardization,
  standardized,
  unstandardized,
} from '../model/index.ts'
import { type OpenedModel, type Program, RuntimeLoadError } from '../runtime/program.ts'
import { onnxProblem } from '../runtime/protobuf.ts'
import { runtimeReason } from '../runtime/reason.ts'
import type { Jump } from '../sampler/sampler.ts'
import { closable } from './closable.ts'
import type { LoadedMap } from './loaded-map.ts'
import { type DataRecord, dataRecordSchema, RunError } from './record.ts'

/**
 * Runs a graph `(x [n, D], s [n], t [n])` on many points, some thousands at a time.
 *
 * @throws ArgumentError when points or times are something else; RunError when the graph is no flow map
 */
export async function inBlocks(
  name: string,
  program: Program,
  dimension: number,
  x: Float32Array,
  s: number,
  t: number,
): Promise<Float32Array> {
  checkPoints(`${name}: points`, x, dimension)
  checkTime(`${name}: time`, s)
  checkTime(`${name}: time`, t)
  const result = new Float32Array(x.length)
  const block = 8192 * dimension
  for (let from = 0; from < x.length; from += block) {
    const part = x.subarray(from, from + block)
    const times = (value: number) => new Float32Array(part.length / dimension).fill(value)
    const [y] = await program.run([part.slice(), times(s), times(t)])
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

/** What a file of our own says of its data. @throws RunError when that is damaged */
function recordIn(
  name: string,
  { format, data }: Readonly<Record<string, string>>,
  dimension: number,
): Pick<DataRecord, 'standardization' | 'columns'> {
  if (format !== 'oxbow' || !data) return {}
  try {
    const record = dataRecordSchema.parse(JSON.parse(data))
    if (record.dimension === dimension) return record
  } catch {
    // Falls through to the one message for a record that cannot be read.
  }
  throw new RunError(`${name}: the record of its data is damaged`)
}

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
  const fits = inputs.map(i => i.name).join() === 'x,s,t' && inputs.every(i => i.dtype === 'float32')
  if (!fits || shape.length === 0 || !(dimension > 0) || inputs.slice(1).some(i => i.shape.length !== 1)) {
    await program.close()
    const found = inputs.map(
      i => `${i.name} ${i.dtype}[${i.shape.map(n => (n < 0 ? 'batch' : n)).join(', ')}]`,
    )
    throw new RunError(
      `${name}: expected inputs x [batch, ...D], s [batch], t [batch] of float32, found ${found.join(', ')}`,
    )
  }
  if (output.dtype !== 'float32') {
    await program.close()
    throw new RunError(
      `${name}: expected output y [batch, ...D] of float32, found ${output.name} ${output.dtype}`,
    )
  }
  const run: Jump = (x, s, t) =>
    inBlocks(name, program, dimension, x, s, t).catch((error: Error) => {
      throw error instanceof RunError || error instanceof ArgumentError
        ? error
        : new RunError(`${name}: cannot be run (${runtimeReason(error)})`)
    })
  const noVelocity = async (): Promise<never> => {
    throw new RunError(`${name}: an ONNX file holds only the jump; use the run directory for its velocity`)
  }
  const { jump, velocity, close } = closable(name, { jump: run, velocity: noVelocity }, program.close)
  const { standardization, columns } = recordIn(name, metadata, dimension)
  return {
    dimension,
    shape,
    ...(columns && { columns }),
    ...traitsOf(metadata),
    ...(standardization && { standardization }),
    jump: async (x, s, t) => {
      checkPoints(`${name}: points`, x, dimension)
      checkFinite(`${name}: points`, x)
      return jump(x, s, t)
    },
    velocity,
    inner: { jump: innerJump(standardization, jump), velocity },
    close,
  }
}
