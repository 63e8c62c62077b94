import Table from 'cli-table3'
import pc from 'picocolors'
import { escapeMarkdown, formatCount, plural, truncate, wrap } from './format.ts'
import { rule, trimLines } from './plain-table.ts'
import {
  type Entry,
  headingOf,
  inPercent,
  marksOf,
  type ResultsTable,
  resultsTable,
} from './results-table.ts'
import type { TableData } from './types.ts'

/** How a table is written to a terminal. */
export interface TableOptions {
  /** Columns of the terminal. Default 80. */
  readonly columns?: number
  /** ANSI colours and bold. By default where the terminal has them and `NO_COLOR` is not set. */
  readonly colour?: boolean
  /** Names of the metrics to show; marks are of all. All by default. */
  readonly shown?: readonly string[]
}

/** By https://no-color.org; a file or a pipe gets none unless `FORCE_COLOR` asks for it. */
function hasColour(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR) return false
  if (FORCE_COLOR) return FORCE_COLOR !== '0'
  return Boolean(process.stdout.isTTY) && TERM !== 'dumb'
}

/** What stands between a mean and its spread, from the widest layout to the narrowest; `null` leaves the spread out. */
const spreads = [' ± ', '±', null] as const
type Spread = (typeof spreads)[number]

type Colours = ReturnType<typeof pc.createColors>

/**
 * The comparison for a terminal: one block per metric, methods by numbers of steps, the floor in its own row.
 * The best of each column is bold and carries `*`; where every metric is within its floor, `≈`; where too few samples tell, `?`. The layout gives up the
 * spread first and the columns next, as the terminal narrows.
 */
export function comparisonTable(given: TableData, options: TableOptions = {}): string {
  const { columns = 80, colour = hasColour(), shown } = options
  const data = inPercent(given)
  const colours = pc.createColors(colour)
  const blocks = data.metrics.flatMap(metric => {
    if (shown && !shown.includes(metric.name)) return []
    const table = resultsTable(data, metric)
    const heading = wrap(headingOf(metric), columns)
      .map(line => colours.bold(line))
      .join('\n')
    const grids = spreads.map(spread => gridLayout(table, spread, colours))
    const body = grids.find(text => widthOf(text) <= columns) ?? listLayout(table, columns, colours)
    return `${heading}\n${body}\n`
  })
  const spread = blocks.some(block => block.includes('±'))
  const notes = wrap(legend(spread ? data : { ...data, seeds: 1 }), columns)
  return [...blocks, ...notes.map(line => colours.dim(line))].join('\n')
}

/** The comparison as Markdown: a heading and a table per metric, the best in bold, marks as in a terminal. */
export function comparisonMarkdown(given: TableData): string {
  const data = inPercent(given)
  const blocks = data.metrics.map(metric => {
    const table = resultsTable(data, metric)
    const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
    const floor = table.floor && line(['*noise floor*', table.floor, ...table.steps.slice(1).map(() => '')])
    return [
      `**${escapeMarkdown(headingOf(metric))}**`,
      '',
      line(['method', ...table.steps.map(n => plural(n, 'step'))]),
      line(['---', ...table.steps.map(() => '---:')]),
      ...table.rows.map(row => line([escapeMarkdown(row.method.label), ...row.entries.map(markdownEntry)])),
      ...(floor ? [floor] : []),
    ].join('\n')
  })
  return `${[...blocks, legend(data).replace('* best', '**Bold**: best')].join('\n\n')}\n`
}

/** What the marks and the sign ± stand for, in the words of every table. */
export function legend(data: TableData): string {
  const parts = ['* best of its column']
  if (data.metrics.some(metric => metric.floor)) {
    parts.push(
      '≈ every metric within its noise floor: not to be told from the data at this sample count',
      '? close to the floors, but too few samples to tell',
    )
  }
  if (data.seeds > 1) parts.push(`± standard deviation over ${plural(data.seeds, 'seed')}`)
  const mixed = data.metrics.some(metric => (metric.direction ?? 'lower') !== 'lower')
  const better = `lower is better${mixed ? ' where nothing else is said' : ''}`
  return `${parts.join('; ')}. ${formatCount(data.count)} samples each; ${better}.`
}

function markdownEntry(entry: Entry | null): string {
  if (!entry) return ''
  const text = entry.sd === null ? entry.mean : `${entry.mean} ± ${entry.sd}`
  const mark = marksOf({ ...entry, best: false })
  return `${entry.best ? `**${text}**` : text}${mark && ` ${mark}`}`
}

function terminalEntry(entry: Entry | null, spread: Spread, markWidth: number, colours: Colours): string {
  if (!entry) return ''
  const mark = markWidth > 0 ? ` ${marksOf(entry).padEnd(markWidth)}` : ''
  const text = (spread === null || entry.sd === null ? entry.mean : entry.mean + spread + entry.sd) + mark
  if (entry.best) return colours.bold(colours.green(text))
  return entry.standing === 'within' ? colours.cyan(text) : text
}

function gridLayout(table: ResultsTable, spread: Spread, colours: Colours): string {
  const markWidths = table.steps.map((_, i) =>
    Math.max(...table.rows.map(row => (row.entries[i] ? marksOf(row.entries[i]).length : 0))),
  )
  const grid = new Table({
    head: [
      'steps',
      ...table.steps.map((n, i) => String(n) + ' '.repeat(markWidths[i] && markWidths[i] + 1)),
    ].map(text => colours.dim(text)),
    colAligns: ['left', ...table.steps.map(() => 'right' as const)],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1, compact: true },
    chars: rule,
  })
  for (const { method, entries } of table.rows) {
    grid.push([method.label, ...entries.map((e, i) => terminalEntry(e, spread, markWidths[i], colours))])
  }
  if (table.floor) {
    const content = colours.dim(table.floor)
    grid.push([colours.dim('noise floor'), { content, colSpan: table.steps.length, hAlign: 'right' }])
  }
  return trimLines(grid.toString())
}

function listLayout(table: ResultsTable, columns: number, colours: Colours): string {
  const width = String(table.steps.at(-1) ?? '').length
  const blocks = table.rows.map(({ method, entries }) => {
    const lines = entries.flatMap((entry, i) => {
      if (!entry) return []
      const steps = `  ${String(table.steps[i]).padStart(width)}  `
      const full = entry.sd === null ? entry.mean : `${entry.mean} ± ${entry.sd}`
      const fits = [...steps, ...full].length + 3 <= columns
      return [steps + terminalEntry(entry, fits ? ' ± ' : null, marksOf(entry).length, colours)]
    })
    return [truncate(method.label, columns), ...lines].join('\n')
  })
  return [...blocks, ...(table.floor ? wrap(`noise floor ${table.floor}`, columns) : [])].join('\n')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour code
const colourCode = /\u001b\[\d+m/g

function widthOf(text: string): number {
  return Math.max(...text.split('\n').map(line => [...line.replace(colourCode, '')].length))
}
