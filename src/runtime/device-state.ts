import { type CorePrimitive, type DType, type Graph, type Shape, sizeOf } from '../autodiff/index.ts'
import type { Buffer, MakeTensor, Program } from './program.ts'

/** A tensor that may be on a device. */
export interface DeviceTensor {
  readonly gpuBuffer: unknown
  /** Its numbers; of a device they are copied, after which the tensor itself counts as the host's. */
  getData(): Promise<Buffer>
  dispose(): void
}

/** A session of one step whose state comes out as tensors of the device. */
export interface StepSession {
  readonly outputNames: readonly string[]
  run(feeds: object): Promise<Readonly<Record<string, DeviceTensor>>>
  release(): Promise<void>
  /** A tensor of what is on the device already. */
  onDevice(buffer: unknown, dtype: DType, shape: Shape): unknown
}

/** The state after a run: on the host, and on the device. */
interface Held {
  readonly arrays: readonly Buffer[]
  readonly feeds: readonly unknown[]
  readonly tensors: readonly DeviceTensor[]
}

/**
 * The program of many steps for a device that has no loop of its own: a step at a time, with the state on the device between
 * steps and, where the caller hands back the arrays that it was given, between runs.
 *
 * @param carried  the number of inputs and outputs, the first of each, that are the state
 * @param names  of the graph's inputs
 */
export function stepByStep(
  session: StepSession,
  graph: Graph<CorePrimitive>,
  carried: number,
  names: readonly string[],
  tensor: MakeTensor,
): Program {
  const [ofState, scanned] = [graph.inputs.slice(0, carried), graph.inputs.slice(carried)]
  const dispose = (tensors: readonly DeviceTensor[]): void => {
    for (const each of tensors) each.dispose()
  }
  let held: Held | undefined

  const stepWith = async (state: readonly unknown[], inputs: readonly Buffer[], k: number) => {
    const rows = scanned.map(({ dtype, shape }, i) => {
      const size = sizeOf(shape)
      return tensor(dtype, inputs[carried + i].slice(k * size, (k + 1) * size), shape)
    })
    const results = await session.run(
      Object.fromEntries([...state, ...rows].map((value, i) => [names[i], value])),
    )
    const outputs = session.outputNames.map(name => results[name])
    return { state: outputs.slice(0, carried), row: outputs.slice(carried) }
  }

  /** Begins a run's state: on the device where it is there, which it then belongs to. */
  const begin = (arrays: readonly Buffer[]): { feeds: readonly unknown[]; own: readonly DeviceTensor[] } => {
    const before = held
    held = undefined
    if (before?.arrays.every((array, i) => array === arrays[i])) {
      return { feeds: before.feeds, own: before.tensors }
    }
    dispose(before?.tensors ?? [])
    return { feeds: ofState.map(({ dtype, shape }, i) => tensor(dtype, arrays[i], shape)), own: [] }
  }

  const hold = async (tensors: readonly DeviceTensor[]): Promise<readonly Buffer[]> => {
    const feeds = tensors.map(({ gpuBuffer }, i) =>
      session.onDevice(gpuBuffer, ofState[i].dtype, ofState[i].shape),
    )
    const arrays = await Promise.all(tensors.map(each => each.getData()))
    held = { arrays, feeds, tensors }
    return arrays
  }

  return {
    async run(inputs) {
      const steps = inputs[carried].length / sizeOf(scanned[0].shape)
      let { feeds, own } = begin(inputs.slice(0, carried))
      const stacked: Buffer[][] = []
      for (let k = 0; k < steps; k++) {
        const { state, row } = await stepWith(feeds, inputs, k)
        stacked.push(await Promise.all(row.map(each => each.getData())))
        dispose([...own, ...row])
        feeds = state
        own = state
      }
      const joined = scannedOutputs(graph, carried).map((_, i) => joinRows(stacked.map(row => row[i])))
      return [...(await hold(own)), ...joined]
    },
    async close() {
      dispose(held?.tensors ?? [])
      held = undefined
      await session.release()
    },
  }
}

const scannedOutputs = (graph: Graph, carried: number) => graph.outputs.slice(carried)

/** One row for each step. */
function joinRows(rows: readonly Buffer[]): Buffer {
  const [first] = rows
  const out = new (first.constructor as new (length: number) => Buffer)(first.length * rows.length)
  rows.forEach((row, k) => {
    out.set(row as never, k * first.length)
  })
  return out
}
