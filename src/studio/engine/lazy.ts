import type { CorePrimitive, Graph } from '../../autodiff/index.ts'
import { interpret } from '../../runtime/interpret.ts'
import type { Program } from '../../runtime/program.ts'
import type { Runtime } from '../../runtime/runtime.ts'

const ignore = (): void => {}

/** A program that is compiled once there is an engine, unless it was closed before; closing waits for nothing. */
function compiledLater(
  loaded: Promise<Runtime>,
  compile: (engine: Runtime) => Promise<Program>,
): { readonly program: Promise<Program>; close(): Promise<void> } {
  let closed = false
  const program = loaded.then(engine => {
    if (closed) throw new Error('the program was closed')
    return compile(engine)
  })
  program.catch(ignore)
  return {
    program,
    close: async () => {
      closed = true
      program.then(program => program.close()).catch(ignore)
    },
  }
}

/** Lets what has arrived in: the runtime, and what it has compiled. */
const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

/** A program that is interpreted until it is compiled. */
function interpretedFirst(loaded: Promise<Runtime>, graph: Graph<CorePrimitive>): Program {
  const slow: Pick<Program, 'run'> = interpret(graph)
  let current = slow
  const { program, close } = compiledLater(loaded, engine => engine.compile(graph))
  const replace = (next: Pick<Program, 'run'>): void => {
    current = next
  }
  // A runtime that is there and refuses is a failure; one that never comes is not.
  const refuse = (error: Error): void => replace({ run: () => Promise.reject(error) })
  loaded.then(() => program.then(replace, refuse), ignore)
  return {
    run: async inputs => {
      if (current === slow) await turn()
      return current.run(inputs)
    },
    close,
  }
}

/**
 * An engine that is of use before its runtime is there: graphs are interpreted until they are compiled. Trainings wait
 * for it, and are told why it does not come.
 */
export function lazyEngine(loaded: Promise<Runtime>): Runtime {
  let there: Runtime | null = null
  loaded.then(engine => {
    there = engine
  }, ignore)
  return {
    compile: async graph => there?.compile(graph) ?? interpretedFirst(loaded, graph),
    openModel: async bytes => (await loaded).openModel(bytes),
    compileScan: async (graph, carried) => {
      const { program, close } = compiledLater(loaded, engine => engine.compileScan(graph, carried))
      return { run: async inputs => (await program).run(inputs), close }
    },
  }
}
