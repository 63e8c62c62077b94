import { escapeHtml, formatCount, plural } from './format.ts'
import { lossTimeFigures, pathFigure, residualFigures } from './html-diagnostics.ts'
import { curveFigures, gridFigure, lossFigure } from './html-figures.ts'
import { htmlPage, paragraph, recipe, type Section } from './html-page.ts'
import { methodsTable, metricTable } from './html-table.ts'
import { textFigure } from './html-text.ts'
import { readingOf } from './reading.ts'
import { inPercent } from './results-table.ts'
import { legend } from './table.ts'
import { besideOf } from './text-samples.ts'
import type { ComparisonData } from './types.ts'

/**
 * A comparison as one HTML file that asks for nothing else: what the numbers say, tables, curves, samples, what the
 * maps do between noise and data, losses, and how to make it again. Reads on a phone, a wide screen and paper, in light
 * and dark; all text is escaped.
 */
export function comparisonReport(given: ComparisonData): string {
  const data = inPercent(given)
  const { dataset, methods, seeds, count, title } = data
  return htmlPage({
    title,
    facts: [
      `data: ${dataset.name}, ${plural(dataset.dimension, 'dimension')}`,
      plural(methods.length, 'method'),
      plural(seeds, 'seed'),
      `${formatCount(count)} samples per measurement`,
    ],
    reading: readingOf(data),
    sections: [
      ...measured(data),
      ...inside(data),
      { heading: 'Training', parts: [methodsTable(methods), lossFigure(data)] },
      {
        heading: 'Make it again',
        parts: [
          recipe(data.command, data.config),
          `<p>Data: ${escapeHtml(dataset.name)}, fingerprint <code class="soft">${escapeHtml(dataset.fingerprint)}</code></p>`,
        ],
      },
    ],
  })
}

/** What was measured, in tables, samples and curves. */
export function measured(data: ComparisonData): Section[] {
  const [headline] = data.metrics
  const first = [...(headline ? [headline] : []), ...besideOf(data.metrics)]
  const others = data.metrics.filter(metric => !first.includes(metric))
  return [
    {
      heading: 'Results',
      parts: headline
        ? [...first.map(metric => metricTable(data, metric)), paragraph('legend', legend(data))]
        : [],
    },
    { heading: 'Samples', parts: [data.referenceTexts ? textFigure(data) : gridFigure(data)] },
    { heading: 'Quality against steps', parts: [curveFigures(data)] },
    { heading: 'Other metrics', parts: others.map(metric => metricTable(data, metric)) },
  ]
}

/** What is known of the maps themselves. */
export function inside(data: ComparisonData): Section[] {
  const { methods } = data
  const notes = methods.flatMap(({ label, diagnostics }) =>
    (diagnostics?.notes ?? []).map(note => (methods.length > 1 ? `${label}: ${note}` : note)),
  )
  const residuals = residualFigures(methods, data.unit ?? 'data units')
  const losses = lossTimeFigures(methods)
  return [
    { heading: 'Jumps and ODE trajectories', parts: [pathFigure(data)] },
    { heading: 'Residuals by source and target time', parts: [residuals] },
    {
      heading: 'Loss by time',
      parts: losses || notes.length > 0 ? [losses, ...notes.map(note => paragraph('soft', note))] : [],
    },
  ]
}
