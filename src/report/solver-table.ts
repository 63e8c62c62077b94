import Table from 'cli-table3'
import type { SolverComparison, SolverCurve } from '../evaluation/solver-comparison.ts'
import { formatCount, wrap } from './format.ts'
import { rule, trimLines } from './plain-table.ts'

/** What a reader knows a method by. */
export const solverLabel = ({ method }: Pick<SolverCurve, 'method'>): string =>
  method === 'jump' ? 'jumps' : method

/** An error in a few characters; of none that is a number a word. */
const errorText = (error: number | null): string =>
  error === null ? 'not finite' : error !== 0 && error < 1e-3 ? error.toExponential(1) : error.toPrecision(2)

/** The order that was fitted, with the number of errors behind it; and the one that is declared. */
export const orderTexts = ({ fit, declared }: SolverCurve): readonly [fitted: string, declared: string] => [
  fit ? `${fit.order.toFixed(1)} (${fit.points})` : '–',
  declared === null ? '–' : String(declared),
]

interface SolverRows {
  /** Numbers of evaluations: at most so many, and more than the last. */
  readonly evaluations: readonly number[]
  readonly rows: readonly { readonly curve: SolverCurve; readonly errors: readonly string[] }[]
}

/** Errors by evaluations, a column for each power of two: of a method with several in it the finest. */
export function solverRows({ curves }: SolverComparison): SolverRows {
  const most = Math.max(1, ...curves.flatMap(({ errors }) => errors.map(({ evaluations }) => evaluations)))
  const evaluations = Array.from({ length: Math.ceil(Math.log2(most)) + 1 }, (_, i) => 2 ** i)
  const rows = curves.map(curve => ({
    curve,
    errors: evaluations.map((most, i) => {
      const least = i === 0 ? 0 : evaluations[i - 1]
      const found = curve.errors.filter(each => each.evaluations > least && each.evaluations <= most).at(-1)
      return found ? errorText(found.error) : '–'
    }),
  }))
  return { evaluations, rows }
}

/** What the errors are, and how exact the solution is that they are measured from. */
export function solverBasis({ count, weights, spread, reference }: SolverComparison, unit: string): string {
  const kind = weights === 'ema' ? 'averaged' : weights
  return (
    `Error: root mean square distance between where a solver ends and where the flow of the run's own velocity ends, from the same ` +
    `noise (${kind} weights, ${formatCount(count)} points), divided by the data's spread of ${Number(spread.toPrecision(3))} ${unit}. ` +
    `The flow is solved to a tolerance of ${reference.tolerance.toExponential(0)}; half of that moves its ends by ${errorText(reference.error)}. ` +
    'The order is the slope over the last 3 or 4 errors (the number is in brackets) that still fall and are at least 10 times that.'
  )
}

/** The comparison for a terminal: a table where it fits, a list elsewhere. */
export function solverLines(comparison: SolverComparison, unit: string, columns: number): string[] {
  const { notes, curves } = comparison
  const said = notes.flatMap(note => wrap(note, columns))
  if (curves.length === 0) return ['', ...said]
  const { evaluations, rows } = solverRows(comparison)
  const table = new Table({
    head: ['evaluations', ...evaluations.map(String), 'fitted', 'order'],
    colAligns: ['left', ...evaluations.map(() => 'right' as const), 'right', 'right'],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    chars: rule,
  })
  for (const { curve, errors } of rows) table.push([curve.method, ...errors, ...orderTexts(curve)])
  const lines = trimLines(table.toString()).split('\n')
  const fits = lines.every(line => [...line].length <= columns)
  return [
    '',
    ...wrap(
      'Solvers: error by evaluations of the network; order of convergence, fitted and declared',
      columns,
    ),
    ...(fits ? lines : curves.flatMap(curve => wrap(solverLine(curve), columns))),
    ...wrap(solverBasis(comparison, unit), columns),
    ...said,
  ]
}

function solverLine(curve: SolverCurve): string {
  const [fitted, declared] = orderTexts(curve)
  const errors = curve.errors.map(({ evaluations, error }) => `${errorText(error)} at ${evaluations}`)
  return `${curve.method}: ${errors.join(', ')}; order fitted ${fitted}, declared ${declared}`
}
