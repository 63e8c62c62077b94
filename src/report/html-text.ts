import { escapeHtml, plural } from './format.ts'
import { swatch } from './html-table.ts'
import { inLine, type TextColumn, textColumns, textLegend } from './text-samples.ts'
import type { ComparisonData, DrawnText } from './types.ts'

const shown = ({ text, isValid }: DrawnText): string =>
  isValid === false
    ? `<li class="off"><span aria-hidden="true">✗ </span>${escapeHtml(inLine(text))}<span class="unseen"> (not in the language)</span></li>`
    : `<li>${escapeHtml(inLine(text))}</li>`

const column = ({ steps, texts, scores }: TextColumn): string =>
  `<div><h4>${steps === undefined ? 'data' : plural(steps, 'step')}</h4>` +
  `<ol class="texts">${texts.map(shown).join('')}</ol>` +
  scores.map(({ label, value }) => `<p class="soft">${escapeHtml(`${label} ${value}`)}</p>`).join('') +
  '</div>'

/** The samples as text: of the data, and of every method a row with a column for each number of steps. */
export function textFigure(data: ComparisonData): string {
  const columns = textColumns(data)
  if (columns.length === 0) return ''
  const [reference] = columns
  const rows = data.methods.map((method, i) => {
    const own = columns.filter(each => each.method === method)
    if (own.length === 0) return ''
    return (
      `<h3>${swatch(i)}${escapeHtml(method.label)}</h3>` +
      `<div class="text-columns">${(i === 0 ? [reference, ...own] : own).map(column).join('')}</div>`
    )
  })
  return `<figure>${rows.join('')}<figcaption>${escapeHtml(textLegend(columns))}</figcaption></figure>`
}
