import { escapeHtml, formatCount, plural } from './format.ts'
import { curveFigures, gridFigure, lossFigure } from './html-figures.ts'
import { styleSheet } from './html-style.ts'
import { methodsTable, metricTable, sortScript } from './html-table.ts'
import { readingOf } from './reading.ts'
import { legend } from './table.ts'
import type { ComparisonData } from './types.ts'

const policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

/**
 * A comparison as one HTML file that asks for nothing else: what the numbers say, tables, curves, samples, losses,
 * and how to make it again. Reads on a phone, a wide screen and paper, in light and dark; all text is escaped.
 */
export function comparisonReport(data: ComparisonData): string {
  const [headline, ...others] = data.metrics
  const body = [
    section('Results', headline ? [metricTable(data, headline), paragraph('legend', legend(data))] : []),
    section('Samples', [gridFigure(data)]),
    section('Quality against steps', [curveFigures(data)]),
    section(
      'Other metrics',
      others.map(metric => metricTable(data, metric)),
    ),
    section('Training', [methodsTable(data.methods), lossFigure(data)]),
    section('Make it again', [
      `<pre class="command"><code>${escapeHtml(data.command)}</code></pre>`,
      `<p>Data: ${escapeHtml(data.dataset.name)}, fingerprint <code class="soft">${escapeHtml(data.dataset.fingerprint)}</code></p>`,
      `<details><summary>Whole configuration</summary><pre tabindex="0"><code>${escapeHtml(data.config)}</code></pre></details>`,
    ]),
  ]
  return (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<meta http-equiv="Content-Security-Policy" content="${policy}">` +
    `<meta name="generator" content="oxbow"><title>${escapeHtml(data.title)}</title><style>${styleSheet}</style></head><body>` +
    `<header><h1>${escapeHtml(data.title)}</h1>${facts(data)}</header>` +
    `<main>${paragraph('reading', readingOf(data))}${body.join('')}</main>` +
    `<footer>Made by oxbow.</footer><script>${sortScript}</script></body></html>\n`
  )
}

function section(heading: string, parts: readonly string[]): string {
  const content = parts.filter(Boolean).join('\n')
  return content && `<section><h2>${heading}</h2>${content}</section>\n`
}

function paragraph(kind: string, text: string): string {
  return `<p class="${kind}">${escapeHtml(text)}</p>`
}

function facts({ dataset, methods, seeds, count }: ComparisonData): string {
  const items = [
    `data: ${dataset.name}, ${plural(dataset.dimension, 'dimension')}`,
    plural(methods.length, 'method'),
    plural(seeds, 'seed'),
    `${formatCount(count)} samples per measurement`,
  ]
  return `<ul class="facts">${items.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`
}
