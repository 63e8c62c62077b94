import type { SamplingMethod } from './names.ts'
import { readOptions } from './read-options.ts'
import { solverOf } from './solvers/table.ts'

/** How a solver is asked to go; see its row. */
export interface SolverChoice {
  readonly method: SamplingMethod
  /** Of the solver, by their names; default those of its row. */
  readonly options?: Readonly<Record<string, unknown>>
}

/** The options of a solver as its row reads them. @throws GridError when one is none of its own or out of range */
export const solverOptions = ({ method, options = {} }: SolverChoice): unknown =>
  readOptions(method, solverOf(method).options, options)
