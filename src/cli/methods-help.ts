import { namedGrids } from '../sampler/named-grids.ts'
import type { SamplingMethod } from '../sampler/names.ts'
import { optionNames } from '../sampler/read-options.ts'
import type { Solver } from '../sampler/solvers/solver.ts'
import { solverOf, solvers } from '../sampler/solvers/table.ts'

/** Order, evaluations of a step, and options of a solver, in a few words. */
function traits({ order, evaluations, options }: Pick<Solver, 'order' | 'evaluations' | 'options'>): string {
  const keys = optionNames(options)
  const highest = order.path ?? order.law
  return [
    ...(highest === null ? [] : [`order ${highest}`]),
    evaluations === null
      ? 'adaptive number of evaluations'
      : `${evaluations} ${evaluations === 1 ? 'evaluation' : 'evaluations'} per step`,
    ...(keys.length > 0 ? [`options ${keys.join(', ')}`] : []),
  ].join('; ')
}

/** The lines of `sample --help` about methods and grids. */
export const methodsHelp = (): string =>
  [
    '',
    'Methods (--method NAME --method-options option=value):',
    ...(Object.keys(solvers) as SamplingMethod[]).map(id => {
      const row = solverOf(id)
      return `  ${id.padEnd(15)} ${row.title} (${traits(row)})`
    }),
    '',
    'Which method to use, with measured errors: docs/sampling.md',
    '',
    'Grids (--grid NAME:STEPS,option=value):',
    ...Object.entries(namedGrids).map(([name, { title }]) => `  ${name.padEnd(12)} ${title}`),
  ].join('\n')
