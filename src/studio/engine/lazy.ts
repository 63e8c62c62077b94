import type { CorePrimitive, Graph } from '../../autodiff/index.ts'
import { interpret } from '../../runtime/interpret.ts'
import type { Program } from '../../runtime/program.ts'
import type { Engine } from './session.ts'

const ignore = (): void => {}

const closeLater = (program: Promise<Program>) => (): Promise<void> =>
  program.then(program => program.close(), ignore)

/** A program that is interpreted until it is compiled. */
function interpretedFirst(loaded: Promise<Engine>, graph: Graph<CorePrimitive>): Program {
  let program = interpret(graph)
  const compiled = loaded.then(engine => engine.compile(graph))
  compiled.then(faster => {
    program = faster
  }, ignore)
  // A runtime that is there and refuses is a failure; one that never comes is not.
  const refused = loaded.then(() => compiled.then(ignore), ignore)
  refused.catch((error: Error) => {
    program = { ...program, run: () => Promise.reject(error) }
  })
  return { run: inputs => program.run(inputs), close: closeLater(compiled) }
}

/**
 * An engine that is of use before its runtime is there: graphs are interpreted until they are compiled. Trainings wait
 * for it, and are told why it does not come.
 */
export const lazyEngine = (loaded: Promise<Engine>): Engine => ({
  compile: async graph => interpretedFirst(loaded, graph),
  openModel: async bytes => (await loaded).openModel(bytes),
  compileScan: async (graph, carried) => {
    const compiled = loaded.then(engine => engine.compileScan(graph, carried))
    compiled.catch(ignore)
    return { run: async inputs => (await compiled).run(inputs), close: closeLater(compiled) }
  },
})
