import { EXCEL_DELIMITER } from '../delimiter-line.ts'
import { DataError } from '../error.ts'
import { kindOf, named } from '../sniff.ts'
import { hasComma, isNumeric } from './cells.ts'

/** The character between whole numbers and fractions. */
export type Decimal = '.' | ','

/** How the columns of a text are told apart. */
export interface Layout {
  readonly delimiter: string
  /** Bytes at the start that are no row: the line by which Excel is told the delimiter. */
  readonly skipped: number
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
  if (delimiter === decimal) {
    throw new DataError(
      `${path}: a comma cannot be both the decimal and the delimiter; name the delimiter: {csv: {path: ..., decimal: ",", delimiter: ";"}}`,
    )
  }
  return { delimiter, skipped: Buffer.byteLength(line) }
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

/** The first of tab, semicolon and comma that stands in the first line that is not blank. */
function detectDelimiter(start: string, decimal: Decimal = '.'): string {
  const [line = ''] = linesOf(start)
  const possible = decimal === ',' ? ['\t', ';'] : ['\t', ';', ',']
  return possible.find(delimiter => line.includes(delimiter)) ?? (decimal === ',' ? ';' : ',')
}
