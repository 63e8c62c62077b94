import type { CorePrimitive, Graph } from '../../autodiff/index.ts'
import { sizeOf } from '../../autodiff/primitive.ts'
import { interpret } from '../interpret.ts'
import type { Buffer, Program } from '../program.ts'
import { ifPlanned, openOnce, openScan } from './engine.ts'
import type { Native } from './native.ts'
import { wasmEngine } from './wasm.ts'

/** What runs where nothing is installed or built: WebAssembly on one thread, and an interpreter for what that does not run. */

const breathe = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

let opened: Native | undefined

/** The engine in WebAssembly, which runs on the calling thread: between two runs, timers and signals have their turn. */
function engine(): Native {
  if (opened) return opened
  const own = wasmEngine()
  opened = {
    ...own,
    async run(...given) {
      const last = await own.run(...given)
      await breathe()
      return last
    },
  }
  return opened
}

/** Many steps in one run, one after another, by a program of a single step. */
function scanned(step: Program, graph: Graph<CorePrimitive>, carried: number): Program {
  const rowSizes = graph.inputs.slice(carried).map(({ shape }) => sizeOf(shape))
  return {
    async run(inputs) {
      const steps = rowSizes.length > 0 ? inputs[carried].length / rowSizes[0] : 1
      let state: readonly Buffer[] = inputs.slice(0, carried)
      const rows: Buffer[][] = []
      for (let k = 0; k < steps; k++) {
        const row = rowSizes.map((size, i) => inputs[carried + i].slice(k * size, (k + 1) * size))
        const outputs = await step.run([...state, ...row])
        state = outputs.slice(0, carried)
        rows.push(outputs.slice(carried))
      }
      return [...state, ...rows[0].map((_, i) => joined(rows.map(row => row[i])))]
    },
    close: () => step.close(),
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  const [first] = parts
  const Kind = first.constructor as new (length: number) => Buffer
  const whole = new Kind(first.length * parts.length)
  parts.forEach((part, i) => {
    whole.set(part as never, i * first.length)
  })
  return whole
}

/** Compiles a simplified graph. */
export const compilePortable = (graph: Graph<CorePrimitive>): Program =>
  ifPlanned(graph, () => openOnce(engine(), graph, { threads: 1 })) ?? interpret(graph)

/** Compiles a graph whose first `carried` inputs and outputs are a state, for many steps in one run. */
export const compileScanPortable = (graph: Graph<CorePrimitive>, carried: number): Program =>
  ifPlanned(graph, () => openScan(engine(), graph, carried, { threads: 1 })) ??
  scanned(interpret(graph), graph, carried)
