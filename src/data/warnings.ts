import type { Findings } from './scan.ts'
import { show } from './show.ts'
import type { Head } from './source.ts'
import { FEWEST } from './split-rule.ts'

/** Columns that are named in a line; there may be thousands. */
const NAMED = 3
/** A spread that is less than this part of the numbers is lost in the digits of 32-bit floats. */
const SMALL = 1e-5

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/**
 * What a user should know about rows that can be used, one line each.
 *
 * @param file  the file's name in messages
 * @param holdOut  the share of rows that was to be held out
 */
export function warningsOf(file: string, head: Head, findings: Findings, holdOut: number): string[] {
  const lines = [
    ...(head.warnings ?? []),
    ...commaWarnings(head),
    ...leftOutWarnings(head),
    ...columnWarnings(head, findings),
    ...outlierWarnings(head, findings),
    ...duplicateWarnings(findings),
    ...splitWarnings(findings, holdOut),
  ]
  return lines.map(line => `${file}: ${line}`)
}

const commaWarnings = ({ mayBeDecimals }: Head): string[] =>
  mayBeDecimals
    ? [
        'each line is two whole numbers with a comma between them, read as two columns; if it is one number with a decimal comma, ' +
          'read the file with {csv: {path: ..., decimal: ","}}; if not, say so with {csv: {path: ..., delimiter: ","}}',
      ]
    : []

const leftOutWarnings = ({ leftOut = [] }: Head): string[] =>
  leftOut.map(
    name =>
      `column ${show(name)} is left out: it is the index of a data frame; to train on it, name all coordinates in columns`,
  )

const columnName = ({ columns }: Head, i: number): string =>
  `column ${i + 1}${columns ? ` (${show(columns[i])})` : ''}`

/** A line for each, the first few only. */
function linesOf<T>(things: readonly T[], line: (thing: T) => string): string[] {
  const others = things.length > NAMED ? [`${things.length - NAMED} more columns likewise`] : []
  return [...things.slice(0, NAMED).map(line), ...others]
}

function columnWarnings(head: Head, { statistics, counters }: Findings): string[] {
  const { mean, deviation } = statistics
  const called = (i: number) => columnName(head, i)
  const columns = mean.map((_, i) => i)
  const constant = columns.filter(i => deviation[i] === 0)
  if (head.shape) {
    return constant.length === mean.length ? ['all pictures are the same'] : []
  }
  // Coordinates of a curved space have no scale of their own.
  if (head.space) return constant.length === mean.length ? ['all rows are the same point'] : []
  const nearly = columns.filter(i => deviation[i] > 0 && deviation[i] < SMALL * Math.abs(mean[i]))
  return [
    ...linesOf(constant, i => `${called(i)} is constant (${shortest(mean[i])})`),
    ...linesOf(
      nearly,
      i =>
        `${called(i)} hardly varies: standard deviation ${deviation[i].toPrecision(2)} about ${shortest(mean[i])}, of which 32-bit floats keep few digits or none; subtract an offset`,
    ),
    ...linesOf(
      counters,
      ({ column, from }) =>
        `${called(column)} counts the rows from ${from}; exclude it unless it is a coordinate`,
    ),
  ]
}

/** The digits that a 32-bit float has. */
const shortest = (value: number): number => Number(value.toPrecision(7))

function outlierWarnings(head: Head, { outliers }: Findings): string[] {
  return linesOf(outliers, ({ column, row, value, deviation, bulk }) => {
    const scale = `the standard deviation is ${deviation.toPrecision(2)}`
    const without =
      bulk === 0 ? 'nearly all other rows have one value' : `that of most rows ${bulk.toPrecision(2)}`
    return `row ${row}, ${columnName(head, column)}: ${shortest(value)} is an outlier that sets the scale: ${scale}, ${without}; remove or correct it if it is wrong`
  })
}

/** Rows that repeat earlier ones. */
export function duplicateWarnings({
  rows,
  duplicates,
  firstDuplicate,
  duplicatesUntil,
}: Pick<Findings, 'rows' | 'duplicates' | 'firstDuplicate' | 'duplicatesUntil'>): string[] {
  if (duplicates === 0) return []
  const among = duplicatesUntil === undefined ? `${rows} rows` : `the first ${duplicatesUntil} rows`
  const verb = duplicates === 1 ? 'repeats an earlier one' : 'repeat earlier ones'
  return [`${duplicates} of ${among} ${verb}, the first is row ${firstDuplicate}`]
}

/** Held-out rows that say little, or are none. */
export function splitWarnings(
  { rows, sides, untrained, repeats }: Pick<Findings, 'rows' | 'sides' | 'untrained' | 'repeats'>,
  holdOut: number,
): string[] {
  if (untrained) {
    const { values, rows: lost, examples } = untrained
    const listed = examples.map(values => `(${values.slice(0, 5).map(shortest).join(', ')})`).join(', ')
    return [
      `${plural(values, 'frequent value')} with ${lost} of ${rows} rows never trained: ${listed}; the run was split by version 0.1.0, train it again`,
    ]
  }
  // Few values repeat whatever a model does; of many it says little that samples are near held-out rows.
  if (repeats && repeats.values >= FEWEST && 2 * repeats.rows > sides.heldOut) {
    return [
      `${repeats.rows} of ${sides.heldOut} held-out rows equal rows trained on, so metrics cannot tell a model that copies rows from one that learns; remove repeated rows unless they belong to the data`,
    ]
  }
  if (holdOut === 0 || sides.heldOut > 0) return []
  return [`no row is held out of ${plural(rows, 'row')}: metrics will compare with rows trained on`]
}
