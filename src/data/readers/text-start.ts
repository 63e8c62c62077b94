import { EXCEL_DELIMITER } from '../delimiter-line.ts'
import { DataError } from '../error.ts'
import { kindOf, named } from '../sniff.ts'
import { type Decimal, hasComma, isMeantAsNumber, isNumeric } from './cells.ts'

/** How the columns of a text are told apart. */
export interface Layout {
  readonly delimiter: string
  /** Bytes at the start that are no row: the line by which Excel is told the delimiter. */
  readonly skipped: number
  /** Whether each line is two whole numbers with a comma between them, and nobody said that it is the delimiter. */
  readonly isPairs: boolean
}

interface Asked {
  readonly path: string
  readonly delimiter?: string
  readonly decimal?: Decimal
}

const START = 1 << 16

/**
 * The layout of a text by its first lines, unless it was asked for.
 *
 * @param first  whole lines of UTF-8
 * @throws {DataError} when it is no text of columns, or has a delimiter that must be named
 */
export function layoutOf(first: Buffer, asked: Asked): Layout {
  const { path, decimal } = asked
  if (kindOf(first) === 'json' && !isBracketedText(first)) {
    throw new DataError(`${path}: expected text of columns, found ${named(first)}`)
  }
  const start = first.subarray(0, START).toString('utf8')
  const [line = '', excel] = EXCEL_DELIMITER.exec(start) ?? []
  const rest = start.slice(line.length)
  const delimiter = asked.delimiter ?? excel ?? detectDelimiter(rest, decimal)
  if (asked.delimiter === undefined && excel === undefined) checkDelimited(rest, path)
  if (delimiter === decimal && !quotesCommas(rest)) {
    throw new DataError(
      `${path}: a comma cannot be both the decimal and the delimiter where numbers are not in quotes; name the delimiter, such as {csv: {path: ..., decimal: ",", delimiter: ";"}}, or save the file with another`,
    )
  }
  const isSaid = asked.delimiter !== undefined || excel !== undefined
  return {
    delimiter,
    skipped: Buffer.byteLength(line),
    isPairs: !isSaid && delimiter === ',' && isPairs(rest),
  }
}

/** Whether numbers with commas are in quotes: commas outside of quotes are then delimiters. */
const quotesCommas = (start: string): boolean =>
  (start.match(/"[^"]*"/g) ?? []).some(
    cell => cell.includes(',') && isMeantAsNumber(cell.slice(1, -1).trim()),
  )

/** Fewer lines are no sign of anything. */
const FEWEST_PAIRS = 10

/** Whether all lines, but one that is cut off, are two whole numbers. */
function isPairs(start: string): boolean {
  const lines = linesOf(start.slice(0, start.lastIndexOf('\n') + 1))
  return lines.length >= FEWEST_PAIRS && lines.every(line => /^\s*[+-]?\d+,\d+\s*$/.test(line))
}

const linesOf = (text: string): string[] => text.split(/\r\n|\n|\r/).filter(line => line.trim() !== '')

/** Whether what begins like JSON is a header that begins with a bracket. */
function isBracketedText(first: Buffer): boolean {
  const [line] = first.toString('utf8').trimStart().split('\n', 1)
  try {
    JSON.parse(line)
    return false
  } catch {
    return !/^[[{]\s*["[{]/.test(line) && !/^[[{]\s*$/.test(line)
  }
}

/** What may stand between two numbers, and is not looked for by itself. */
const OTHERS = [' ', '|', ':', '/']

const cellsOf = (line: string, delimiter: string): string[] =>
  line.trim().split(delimiter === ' ' ? / +/ : delimiter)

/** @throws {DataError} when the first lines are numbers with another character between them */
function checkDelimited(start: string, path: string): void {
  for (const line of linesOf(start).slice(0, 2)) {
    for (const decimal of ['.', ','] as const) {
      const isNumber = (cell: string) => isNumeric(cell.trim()) || (decimal === ',' && hasComma(cell.trim()))
      const found = OTHERS.find(delimiter => {
        const cells = cellsOf(line, delimiter)
        return cells.length > 1 && cells.every(isNumber)
      })
      if (found === undefined) continue
      const between = found === ' ' ? 'spaces' : `"${found}"`
      const [commas, key] = decimal === ',' ? ['with decimal commas and ', ', decimal: ","'] : ['with ', '']
      throw new DataError(
        `${path}: has numbers ${commas}${between} between them; name it as the delimiter: {csv: {path: ..., delimiter: "${found}"${key}}}`,
      )
    }
  }
}

/** The first of tab, semicolon and comma that stands in the first line that is not blank, outside of quotes. */
function detectDelimiter(start: string, decimal: Decimal = '.'): string {
  const [line = ''] = linesOf(start)
  const outside = line.replace(/"[^"]*"/g, '')
  const mayBeComma = decimal === '.' || quotesCommas(start)
  const possible = mayBeComma ? ['\t', ';', ','] : ['\t', ';']
  return possible.find(delimiter => outside.includes(delimiter)) ?? possible.at(-1)!
}
