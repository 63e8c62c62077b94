import { escapeHtml, plural, truncate } from './format.ts'
import { stray } from './palette.ts'
import { type PlotOptions, svgDocument, textWidth } from './svg.ts'
import { inLine, type TextColumn, textColumns, textLegend } from './text-samples.ts'
import type { ComparisonData } from './types.ts'

const LINE = 18
/** Letters of a text that are shown. */
const MOST = 40

const titleOf = ({ method, steps }: TextColumn): string[] =>
  method ? [method.label, plural(steps!, 'step')] : ['data', '']

/** The texts of a report as one SVG: a column for the data and for each method and number of steps. */
export function textSheet(data: ComparisonData, options: PlotOptions = {}): string {
  const columns = textColumns(data)
  const top = options.title ? 40 : 14
  const lines = Math.max(...columns.map(({ texts }) => texts.length))
  let left = 4
  const bodies = columns.map(each => {
    const texts = each.texts.map(({ text, isValid }) => ({
      line: `${isValid === false ? '✗ ' : ''}${truncate(inLine(text), MOST)}`,
      isValid,
    }))
    const scores = each.scores.map(({ label, value }) => `${label} ${value}`)
    const words = [...titleOf(each), ...scores]
    const widest = Math.max(...words.map(textWidth), ...texts.map(({ line }) => 8 * [...line].length))
    const x = left
    left += Math.ceil(widest) + 24
    const text = (content: string, row: number, more = ''): string =>
      content && `<text x="${x}" y="${top + LINE * (row + 1)}"${more}>${escapeHtml(content)}</text>`
    const mono = ' font-family="ui-monospace, \'Liberation Mono\', monospace" style="white-space:pre"'
    return [
      ...titleOf(each).map((word, i) => text(word, i, ' font-weight="600"')),
      ...texts.map(({ line, isValid }, i) =>
        text(line, i + 2.4, `${mono}${isValid === false ? ` fill="${stray.colour}"` : ''}`),
      ),
      ...scores.map((score, i) => text(score, lines + 2.8 + i)),
    ].join('')
  })
  const most = Math.max(...columns.map(({ scores }) => scores.length))
  const bottom = lines + 3.2 + most
  const heading = options.title
    ? `<text x="2" y="20" font-size="15" font-weight="600">${escapeHtml(options.title)}</text>`
    : ''
  const legend = `<text x="4" y="${top + LINE * (bottom + 1)}">${escapeHtml(textLegend(columns))}</text>`
  const width = Math.max(left, textWidth(textLegend(columns)) + 8)
  return svgDocument(heading + bodies.join('') + legend, Math.ceil(width), top + LINE * (bottom + 2), options)
}
