import { type CorePrimitive, DYNAMIC, type Graph } from '../../autodiff/index.ts'
import { knownSize, sizeOf } from '../../autodiff/primitive.ts'
import { type Buffer, type Port, type Program, portsOf } from '../program.ts'
import { planOf } from './emit.ts'
import { type Encoded, encode } from './encode.ts'
import { placeRows } from './placing.ts'

/** The native engine: what runs encoded programs. */
export interface Native {
  open(
    words: Int32Array,
    constants: Float32Array,
    arena: number,
    scratch: number,
    parts: number,
    threads: number,
  ): unknown
  /** @returns which of the outputs have the last state: 0 for `outputs`, 1 for `others` */
  run(
    program: unknown,
    steps: number,
    carried: number,
    rows: number,
    inputs: readonly Buffer[],
    outputs: readonly Float32Array[],
    others: readonly Float32Array[],
  ): Promise<number>
  instructions(): string
}

export interface EngineOptions {
  readonly threads: number
}

/** Parts that rows are cut into: always as many, so that sums are the same whatever the threads. */
function partsFor(rows: number): number {
  if (rows >= 4096) return 16
  return rows >= 1024 ? 8 : 4
}

/** @throws UnplannedError when the engine does not run such a graph */
export function encodeGraph(graph: Graph<CorePrimitive>, carried = 0): Encoded {
  return encode(planOf(placeRows(graph, carried)))
}

/** A graph whose first `carried` inputs and outputs are a state, for many steps in one run. */
export function openScan(
  native: Native,
  graph: Graph<CorePrimitive>,
  carried: number,
  { threads }: EngineOptions,
): Program {
  const encoded = encodeGraph(graph, carried)
  const batch = Math.max(1, ...graph.inputs.slice(carried).map(({ shape }) => shape[0] ?? 1))
  const program = native.open(
    encoded.words,
    encoded.constants,
    encoded.arena,
    encoded.scratch,
    partsFor(batch),
    threads,
  )
  const ports = portsOf(graph, carried)
  const sizes = graph.outputs.map(({ shape }) => sizeOf(shape))
  return {
    async run(inputs) {
      const steps = stepsOf(ports, inputs, carried)
      const outputs = sizes.map((size, i) => new Float32Array(i < carried ? size : steps * size))
      const others = sizes.map((size, i) => (i < carried && steps > 1 ? new Float32Array(size) : outputs[i]))
      const last = await native.run(program, steps, carried, 0, inputs, outputs, others)
      return last === 0 ? outputs : others
    },
    close: async () => {},
  }
}

/** A graph that runs once. */
export function openOnce(native: Native, graph: Graph<CorePrimitive>, { threads }: EngineOptions): Program {
  const encoded = encodeGraph(graph)
  const program = native.open(encoded.words, encoded.constants, encoded.arena, encoded.scratch, 8, threads)
  const ports = portsOf(graph)
  return {
    async run(inputs) {
      const rows = rowsOf(ports, inputs)
      const outputs = graph.outputs.map(({ shape }) => {
        const size = knownSize(shape)
        return new Float32Array(shape.includes(DYNAMIC) ? size * rows : size)
      })
      await native.run(program, 1, 0, rows, inputs, outputs, outputs)
      return outputs
    },
    close: async () => {},
  }
}

function stepsOf(ports: readonly Port[], inputs: readonly Buffer[], carried: number): number {
  const scanned = ports[carried]
  return scanned ? inputs[carried].length / sizeOf(scanned.shape.slice(1)) : 1
}

function rowsOf(ports: readonly Port[], inputs: readonly Buffer[]): number {
  const i = ports.findIndex(({ shape }) => shape.includes(DYNAMIC))
  return i < 0 ? 0 : inputs[i].length / knownSize(ports[i].shape)
}
