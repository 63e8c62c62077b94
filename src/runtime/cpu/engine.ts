import { type CorePrimitive, DYNAMIC, type Graph, type Shape } from '../../autodiff/index.ts'
import { knownSize, sizeOf } from '../../autodiff/primitive.ts'
import { isPrecise, type Program, portsOf, shapesOf } from '../program.ts'
import { planOf } from './emit.ts'
import { encode } from './encode.ts'
import { UnplannedError } from './fallback.ts'
import type { Native } from './native.ts'
import { placeRows } from './placing.ts'

export interface EngineOptions {
  readonly threads: number
}

/** Parts that rows are cut into: as many whatever the threads, so that sums are the same. */
function partsFor(rows: number): number {
  if (rows >= 4096) return 16
  return rows >= 1024 ? 8 : 4
}

/** Of a graph that runs once: an open batch may have any number of rows. */
const PARTS = 8

/** A program that is run once at a time: one that comes meanwhile waits. */
function inTurn(run: Program['run'], close: () => void): Program {
  let last: Promise<unknown> = Promise.resolve()
  return {
    run(inputs) {
      const next = last.then(() => run(inputs))
      last = next.catch(() => {})
      return next
    },
    close: async () => {
      await last
      close()
    },
  }
}

function open(
  native: Native,
  graph: Graph<CorePrimitive>,
  carried: number,
  parts: number,
  { threads }: EngineOptions,
) {
  if (graph.outputs.some(({ dtype }) => dtype !== 'float32'))
    throw new UnplannedError('an output is of integers')
  if (graph.inputs.some(({ dtype }) => dtype !== 'float32' && dtype !== 'int64')) {
    throw new UnplannedError('an input is of truth values')
  }
  if ([...graph.inputs, ...graph.nodes].some(({ shape }) => shape.includes(0))) {
    throw new UnplannedError('a value has no numbers')
  }
  const { words, constants, arena, scratch } = encode(planOf(placeRows(graph, carried)))
  return native.open(words, constants, arena, scratch, parts, threads)
}

/**
 * A graph whose first `carried` inputs and outputs are a state, for many steps in one run.
 *
 * @throws UnplannedError when the engine does not run such a graph
 */
export function openScan(
  native: Native,
  graph: Graph<CorePrimitive>,
  carried: number,
  options: EngineOptions,
): Program {
  const batch = Math.max(1, ...graph.inputs.slice(carried).map(({ shape }) => shape[0] ?? 1))
  const program = open(native, graph, carried, partsFor(batch), options)
  const ports = portsOf(graph, carried)
  const sizes = graph.outputs.map(({ shape }) => sizeOf(shape))
  return inTurn(
    async inputs => {
      const scanned = shapesOf(ports, inputs)[carried]
      const steps = scanned?.[0] ?? 1
      const outputs = sizes.map((size, i) => new Float32Array(i < carried ? size : steps * size))
      const others = outputs.map((output, i) =>
        i < carried && steps > 1 ? new Float32Array(sizes[i]) : output,
      )
      const last = await native.run(program, steps, carried, 0, inputs, outputs, others)
      return last === 0 ? outputs : others
    },
    () => native.close(program),
  )
}

/**
 * A graph that runs once.
 *
 * @throws UnplannedError when the engine does not run such a graph
 */
export function openOnce(native: Native, graph: Graph<CorePrimitive>, options: EngineOptions): Program {
  const program = open(native, graph, 0, PARTS, options)
  const ports = portsOf(graph)
  return inTurn(
    async inputs => {
      const rows = batchOf(graph, shapesOf(ports, inputs))
      const outputs = graph.outputs.map(({ shape }) => {
        const size = knownSize(shape)
        return new Float32Array(shape.includes(DYNAMIC) ? size * rows : size)
      })
      await native.run(program, 1, 0, rows, inputs, outputs, outputs)
      return outputs
    },
    () => native.close(program),
  )
}

/** Rows of an open batch, which all inputs must have. */
function batchOf(graph: Graph<CorePrimitive>, shapes: readonly Shape[]): number {
  const batches = graph.inputs.flatMap(({ shape, params }, i) => {
    const axis = shape.indexOf(DYNAMIC)
    return axis < 0 ? [] : [{ name: params.name, rows: shapes[i][axis] }]
  })
  const [first] = batches
  for (const { name, rows } of batches) {
    if (rows !== first.rows) {
      throw new Error(`input ${name}: expected ${first.rows} rows as of ${first.name}, found ${rows}`)
    }
  }
  return first?.rows ?? 0
}

/**
 * A graph on this engine, where it runs such graphs.
 *
 * @param open  may throw an `UnplannedError`
 * @param onUnplanned  hears why it does not, but for graphs of 64 bits
 */
export function ifPlanned(
  graph: Graph<CorePrimitive>,
  open: () => Program,
  onUnplanned: (reason: string) => void = () => {},
): Program | undefined {
  if (isPrecise(graph)) return undefined
  try {
    return open()
  } catch (error) {
    if (!(error instanceof UnplannedError)) throw error
    onUnplanned(error.message)
    return undefined
  }
}
