import type { SolverComparison } from '../evaluation/solver-comparison.ts'
import { escapeHtml } from './format.ts'
import { responsive } from './html-figures.ts'
import { paragraph } from './html-page.ts'
import { scrolling, swatch } from './html-table.ts'
import { solverPlot } from './solver-plot.ts'
import { orderTexts, solverBasis, solverLabel, solverRows } from './solver-table.ts'

const TITLE = 'Error of solvers against evaluations of the network; the table has the values'

/** Solvers beside the flow that they follow: a plot, its numbers, and what was left out; nothing where none was compared. */
export function solverParts(comparison: SolverComparison | undefined, unit: string): string[] {
  if (!comparison) return []
  const { curves, notes } = comparison
  const said = notes.map(note => paragraph('soft', `${note[0].toUpperCase()}${note.slice(1)}.`))
  if (curves.length === 0) return said
  const caption = [
    solverBasis(comparison, unit),
    ...(curves.some(({ method }) => method === 'jump')
      ? ['Jumps of the map are compared with the same flow; more of them need not be closer.']
      : []),
  ].join(' ')
  const draw = (width: number): string => solverPlot(comparison, { width, standalone: false, title: TITLE })
  const figure = responsive(draw, escapeHtml(caption))
  return [`<div class="figures">${figure}</div>`, solverTable(comparison), ...said]
}

function solverTable(comparison: SolverComparison): string {
  const { evaluations, rows } = solverRows(comparison)
  const head = ['solver', 'order fitted', 'declared', ...evaluations.map(String)]
  const body = rows.map(({ curve, errors }, i) => {
    const cells = [...orderTexts(curve), ...errors].map(text => `<td>${escapeHtml(text)}</td>`).join('')
    return `<tr><th scope="row">${swatch(i)}${escapeHtml(solverLabel(curve))}</th>${cells}</tr>`
  })
  return scrolling(
    'Solvers, table',
    '<table class="plain solvers"><caption>Order, and error by evaluations</caption>' +
      `<thead><tr>${head.map(text => `<th scope="col">${text}</th>`).join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`,
  )
}
