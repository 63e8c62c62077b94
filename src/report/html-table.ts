import { escapeHtml, formatCount, formatDuration, plural } from './format.ts'
import { seriesStyle } from './palette.ts'
import { type Entry, headingOf, marksOf, type ResultsTable, resultsTable } from './results-table.ts'
import type { ComparisonData, Method, Metric } from './types.ts'

/** A method's marker in its colour, for the eye only. */
export function swatch(index: number): string {
  const { colour, marker } = seriesStyle(index)
  return `<svg class="swatch" viewBox="-7 -7 14 14" aria-hidden="true"><path d="${marker}" fill="${colour}"/></svg>`
}

/** One metric as a table that sorts by any column where scripts run. */
export function metricTable(data: ComparisonData, metric: Metric): string {
  const table = resultsTable(data, metric)
  const longest = Math.max(0, ...table.rows.flatMap(row => row.entries.map(entry => entry?.mean.length ?? 0)))
  const head = ['method', ...table.steps.map(n => plural(n, 'step'))]
    .map(text => `<th role="columnheader" scope="col">${escapeHtml(text)}</th>`)
    .join('')
  const rows = table.rows.map(({ method, entries }, i) => {
    const name = `<th role="rowheader" scope="row">${swatch(i)}${escapeHtml(method.label)}</th>`
    return `<tr role="row">${name}${entries.map(entryCell).join('')}</tr>`
  })
  return scrolling(
    `${metric.label}, table`,
    `<table class="sortable stack" role="table" style="--columns:${table.steps.length};--cell:${Math.ceil(8.9 * longest + 19)}px">` +
      `<caption>${escapeHtml(headingOf(metric))}</caption>` +
      `<thead role="rowgroup"><tr role="row">${head}</tr></thead>` +
      `<tbody role="rowgroup">${rows.join('')}</tbody>${floorRow(table)}</table>`,
  )
}

function floorRow({ floor, steps }: ResultsTable): string {
  if (!floor) return ''
  const name = '<th role="rowheader" scope="row">noise floor</th>'
  const value = `<td role="cell" class="whole" colspan="${steps.length}">${escapeHtml(floor)}</td>`
  return `<tfoot role="rowgroup"><tr role="row" class="floor">${name}${value}</tr></tfoot>`
}

function entryCell(entry: Entry | null): string {
  if (!entry) return '<td role="cell" class="value" data-value="">–</td>'
  const { mean, sd, interval, best } = entry
  const marks = marksOf(entry)
    .replace('≈', '<abbr title="every metric within its noise floor">≈</abbr>')
    .replace('?', '<abbr title="too few samples to tell">?</abbr>')
  const value = best ? `<strong class="best">${mean}</strong>` : mean
  const around = sd === null ? interval : `± ${sd}`
  const spread = around === null ? '' : ` <span class="sd${sd === null ? ' interval' : ''}">${around}</span>`
  return `<td role="cell" class="value" data-value="${entry.estimate.mean}">${value}<span class="marks">${marks}</span>${spread}</td>`
}

/** What each method is, how large it is and how long it trained; empty where none of it is known. */
export function methodsTable(methods: readonly Method[]): string {
  const known = {
    note: methods.some(method => method.note),
    parameters: methods.some(method => method.parameters !== undefined),
    time: methods.some(method => method.secondsToTrain !== undefined),
  }
  if (!known.note && !known.parameters && !known.time) return ''
  const cells = (show: boolean, cell: string): string => (show ? cell : '')
  const head =
    '<th scope="col">method</th>' +
    cells(known.note, '<th scope="col" class="left">what it is</th>') +
    cells(known.parameters, '<th scope="col">parameters</th>') +
    cells(known.time, '<th scope="col">training time</th>')
  const rows = methods.map(
    ({ label, note, parameters, secondsToTrain }, i) =>
      `<tr><th scope="row">${swatch(i)}${escapeHtml(label)}</th>` +
      cells(known.note, `<td class="left">${escapeHtml(note ?? '')}</td>`) +
      cells(
        known.parameters,
        `<td data-unit="parameters">${parameters === undefined ? '–' : formatCount(parameters)}</td>`,
      ) +
      cells(
        known.time,
        `<td data-unit="of training">${secondsToTrain === undefined ? '–' : formatDuration(secondsToTrain)}</td>`,
      ) +
      '</tr>',
  )
  return scrolling(
    'Methods, table',
    `<table class="methods"><caption>Methods</caption><thead><tr>${head}</tr></thead>` +
      `<tbody>${rows.join('')}</tbody></table>`,
  )
}

/** A table that scrolls sideways where it does not fit. */
export function scrolling(label: string, table: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}">${table}</div>`
}

/** A table of text, whose first cells name the rows. */
export function plainTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  kind = 'plain',
): string {
  const cells = (row: readonly string[]): string =>
    row
      .map((text, i) =>
        i === 0
          ? `<th scope="row">${escapeHtml(text)}</th>`
          : `<td data-label="${escapeHtml(head[i])}">${escapeHtml(text)}</td>`,
      )
      .join('')
  return scrolling(
    caption,
    `<table class="${kind}"><caption>${escapeHtml(caption)}</caption><thead><tr>${head
      .map(text => `<th scope="col">${escapeHtml(text)}</th>`)
      .join('')}</tr></thead><tbody>${rows.map(row => `<tr>${cells(row)}</tr>`).join('')}</tbody></table>`,
  )
}

/** Makes the headers of sortable tables into buttons; the report reads the same without it. */
export const sortScript = `
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0]
  heads.forEach((head, column) => {
    const button = document.createElement('button')
    button.append(...head.childNodes)
    head.append(button)
    button.onclick = () => {
      const sign = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1
      heads.forEach(other => other.removeAttribute('aria-sort'))
      head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending')
      const key = row => row.cells[column].dataset.value
      const number = row => key(row) === '' || isNaN(key(row)) ? Infinity * sign : Number(key(row))
      const compare = column === 0
        ? (a, b) => a.cells[0].textContent.localeCompare(b.cells[0].textContent)
        : (a, b) => number(a) === number(b) ? 0 : number(a) - number(b)
      body.append(...[...body.rows].sort((a, b) => sign * compare(a, b)))
    }
  })
}`
