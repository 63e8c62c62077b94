import type { CorePrimitive, Graph } from '../../autodiff/index.ts'
import { interpret } from '../../runtime/interpret.ts'
import type { Program } from '../../runtime/program.ts'
import type { Engine } from './session.ts'

const ignore = (): void => {}

const closeLater = (program: Promise<Program>) => (): Promise<void> =>
  program.then(program => program.close(), ignore)

/** Lets what has arrived in: the runtime, and what it has compiled. */
const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

/** A program that is interpreted until it is compiled. */
function interpretedFirst(loaded: Promise<Engine>, graph: Graph<CorePrimitive>): Program {
  let program: Program | null = null
  const slow = interpret(graph)
  const compiled = loaded.then(engine => engine.compile(graph))
  compiled.then(faster => {
    program = faster
  }, ignore)
  // A runtime that is there and refuses is a failure; one that never comes is not.
  const refused = loaded.then(() => compiled.then(ignore), ignore)
  refused.catch((error: Error) => {
    program = { ...slow, run: () => Promise.reject(error) }
  })
  return {
    run: async inputs => {
      if (!program) await turn()
      return (program ?? slow).run(inputs)
    },
    close: closeLater(compiled),
  }
}

/**
 * An engine that is of use before its runtime is there: graphs are interpreted until they are compiled. Trainings wait
 * for it, and are told why it does not come.
 */
export function lazyEngine(loaded: Promise<Engine>): Engine {
  let there: Engine | null = null
  loaded.then(engine => {
    there = engine
  }, ignore)
  return {
    compile: async graph => there?.compile(graph) ?? interpretedFirst(loaded, graph),
    openModel: async bytes => (await loaded).openModel(bytes),
    compileScan: async (graph, carried) => {
      if (there) return there.compileScan(graph, carried)
      const compiled = loaded.then(engine => engine.compileScan(graph, carried))
      compiled.catch(ignore)
      return { run: async inputs => (await compiled).run(inputs), close: closeLater(compiled) }
    },
  }
}
