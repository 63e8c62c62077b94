import { z } from 'zod'
import type { TextUnit } from '../dataset.ts'
import { DataError } from '../error.ts'
import { collectProblems } from '../problems.ts'
import { show } from '../show.ts'
import { type Codes, readCodes } from './codes.ts'
import { cutSequences, lineSequences, longest, type Sequences, streamSequences } from './sequences.ts'
import { END, sortedSymbols } from './symbols.ts'

/** Longer lines must be asked for. */
const LONGEST_LINE = 256
/** Numbers of a point, `length` times symbols. */
const MOST_NUMBERS = 2 ** 20
const MOST_SYMBOLS = 2 ** 16
/** Code points of Unicode. */
const CODES = 0x110000

export const textFileSchema = z.strictObject({
  path: z.string().min(1),
  length: z.int().min(1).optional(),
  unit: z.enum(['character', 'byte']).optional(),
  as: z.enum(['lines', 'stream']).optional(),
  step: z.int().min(1).optional(),
  cut: z.boolean().optional(),
  alphabet: z
    .union([z.string(), z.array(z.string())], { error: 'expected characters, such as "abc"' })
    .optional(),
})

/** How a file of text is read. */
export type TextFileOptions = z.output<typeof textFileSchema>

/** What a file of text holds. */
export interface ReadText {
  readonly codes: Codes
  /** The same symbols by their numbers in the alphabet. */
  readonly numbers: Uint16Array
  readonly sequences: Sequences
  readonly alphabet: readonly string[]
  readonly length: number
  readonly end?: string
  readonly sha256: string
}

const symbolOf = (code: number): string => String.fromCodePoint(code)

/**
 * Reads a file of text.
 *
 * @throws {DataError} in one line, naming the file and the row or the key
 */
export async function readText(options: TextFileOptions): Promise<ReadText> {
  const { path, unit = 'character', as = 'lines', step, cut = false } = options
  if (as === 'stream' && options.length === undefined)
    throw new DataError(`text.length: expected the length of a sequence for {as: stream}; found nothing`)
  if (as === 'lines' && step !== undefined)
    throw new DataError(`text.step: belongs to {as: stream}; found ${step} for lines`)
  if (as === 'stream' && cut)
    throw new DataError(`text.cut: only applies to lines; a stream is cut at its length`)
  const given = givenAlphabet(options.alphabet, unit)
  const { codes, sha256 } = await readCodes(path, unit)
  const found =
    as === 'lines' ? lineSequences(codes) : streamSequences(codes, options.length!, step ?? options.length!)
  checkRows(found, codes, options)
  const length = options.length ?? lineLength(longest(found), cut, found, path)
  const sequences = cut ? cutSequences(found, length) : found
  const table = tableOf(codes, sequences, given, { length, path })
  const { starts, ends } = sequences
  const isShort = (end: number, i: number) => end - starts[i] < length
  const needsEnd = as === 'lines' && (given?.includes(END) || ends.some(isShort))
  const alphabet = sortedSymbols([...(given ?? table.map(symbolOf)), ...(needsEnd ? [END] : [])])
  checkSize(alphabet, length, path)
  const numberOf = new Uint16Array(CODES)
  alphabet.forEach((symbol, i) => {
    numberOf[symbol.codePointAt(0)!] = i
  })
  return {
    ...{
      codes,
      numbers: Uint16Array.from(codes, code => numberOf[code]),
      sequences,
      alphabet,
      length,
      sha256,
    },
    ...(needsEnd && { end: END }),
  }
}

/** @throws {DataError} on what is no list of different symbols */
function givenAlphabet(alphabet: TextFileOptions['alphabet'], unit: TextUnit): string[] | undefined {
  if (alphabet === undefined) return undefined
  const symbols = [...alphabet]
  const isSymbol = (symbol: string) =>
    [...symbol].length === 1 && (unit === 'character' || symbol.charCodeAt(0) < 256)
  if (new Set(symbols).size === symbols.length && symbols.every(isSymbol)) return symbols
  throw new DataError(
    `text.alphabet: expected different ${unit === 'byte' ? 'characters up to U+00FF, one for each byte' : 'characters'}; found ${show(alphabet)}`,
  )
}

function checkRows(
  { starts }: Sequences,
  codes: Codes,
  { path, as = 'lines', length, step }: TextFileOptions,
) {
  if (starts.length >= 2) return
  const found =
    as === 'lines'
      ? `2 lines of text, found ${starts.length}; one long text is read with {text: {path: ..., as: stream, length: 32}}`
      : `2 sequences, found ${starts.length}: ${codes.length} symbols, length ${length}, step ${step ?? length}`
  throw new DataError(`${path}: expected at least ${found}`)
}

/** The length of the longest line. @throws {DataError} when it is too long to be taken without asking */
function lineLength(most: number, cut: boolean, { starts, ends, lines }: Sequences, path: string): number {
  if (cut || most <= LONGEST_LINE) return Math.min(most, LONGEST_LINE)
  const first = ends.findIndex((end, i) => end - starts[i] > LONGEST_LINE)
  throw new DataError(
    `${path}: row ${lines[first]}: has ${ends[first] - starts[first]} symbols, and without a length at most ${LONGEST_LINE} are taken; ` +
      `cut longer lines with {text: {path: ..., length: ${LONGEST_LINE}, cut: true}}, or allow them with length: ${most}`,
  )
}

/**
 * The codes of all sequences.
 *
 * @throws {DataError} on lines that are too long, and symbols that are not in the alphabet
 */
function tableOf(
  codes: Codes,
  { starts, ends, lines }: Sequences,
  given: readonly string[] | undefined,
  { length, path }: { length: number; path: string },
): number[] {
  const problems = collectProblems(path)
  const allowed = given && new Set(given.map(symbol => symbol.codePointAt(0)!))
  const isFound = new Uint8Array(CODES)
  starts.forEach((start, i) => {
    const size = ends[i] - start
    if (size > length)
      problems.add(
        `row ${lines[i]}`,
        `expected at most ${length} symbols, found ${size}; cut longer lines with {cut: true}`,
      )
    for (let at = start; at < ends[i]; at++) {
      if (isFound[codes[at]] === 1) continue
      if (!allowed || allowed.has(codes[at])) isFound[codes[at]] = 1
      else problems.add(`row ${lines[i]}`, `the symbol ${show(symbolOf(codes[at]))} is not in the alphabet`)
    }
  })
  problems.raise()
  return Array.from(isFound.keys()).filter(code => isFound[code] === 1)
}

function checkSize({ length: symbols }: readonly string[], length: number, path: string): void {
  if (symbols < 2) throw new DataError(`${path}: expected at least 2 different symbols, found ${symbols}`)
  if (symbols <= MOST_SYMBOLS && symbols * length <= MOST_NUMBERS) return
  throw new DataError(
    `${path}: expected at most ${MOST_NUMBERS} numbers in a point, found ${length} symbols out of ${symbols}; choose a smaller length, or read bytes with {unit: byte}`,
  )
}
