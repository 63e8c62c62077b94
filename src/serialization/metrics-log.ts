import { existsSync } from 'node:fs'
import { readText } from './read-file.ts'

/** One line of `metrics.jsonl`: means over the steps since the line before. */
export interface MetricsLine {
  readonly step: number
  readonly loss: number
  /** Each term as trained, and its plain mean squared residual whatever the weighting. */
  readonly terms: Readonly<Record<string, { readonly loss: number; readonly residual: number }>>
  readonly gradientNorm: number
  /** Of the other players, where they have turns of their own. */
  readonly gradientNorms?: Readonly<Record<string, number>>
  /** Numbers that say what a loss does not, such as `scoreDistance` or `criticAccuracy`. */
  readonly measures?: Readonly<Record<string, number>>
  readonly learningRate: number
  readonly stepsPerSecond: number
}

/** One line of `metrics.jsonl`. */
interface LogEntry {
  /** From 1. */
  readonly number: number
  readonly text: string
  /** Absent where the line is damaged. */
  readonly line?: MetricsLine
}

const isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A number; what is not finite stands as null. */
const isNumber = (value: unknown): boolean => value === null || typeof value === 'number'

function parseLine(text: string): MetricsLine | undefined {
  try {
    const line: unknown = JSON.parse(text)
    if (!isBlock(line) || !Number.isSafeInteger(line.step) || !isBlock(line.terms)) return undefined
    const numbers = [line.loss, line.gradientNorm, line.learningRate, line.stepsPerSecond]
    const ofTerms = Object.values(line.terms).flatMap(term =>
      isBlock(term) ? [term.loss, term.residual] : [undefined],
    )
    return [...numbers, ...ofTerms].every(isNumber) ? (line as unknown as MetricsLine) : undefined
  } catch {
    return undefined
  }
}

/** Whether a step does not lie between those of its neighbours, which rise. */
const isOutOfOrder = (before: number, step: number, after = Infinity): boolean =>
  step <= before || (after <= step && after > before)

/** The lines of a log in their order, without one that a killed process left unfinished at the end. */
export function readLog(path: string): LogEntry[] {
  if (!existsSync(path)) return []
  const entries = readText(path)
    .split('\n')
    .slice(0, -1)
    .map((text, i) => ({ number: i + 1, text, line: parseLine(text) }))
    .filter(({ text }) => text.trim() !== '')
  let before = -1
  return entries.map(({ line, ...entry }, i) => {
    if (!line || isOutOfOrder(before, line.step, entries[i + 1]?.line?.step)) return entry
    before = line.step
    return { ...entry, line }
  })
}

const NAMED = 5

/** What is wrong with a log, in a line; nothing where it is whole. */
export function logProblem(path: string): string | undefined {
  const damaged = readLog(path).filter(({ line }) => !line)
  if (damaged.length === 0) return undefined
  const named = damaged.slice(0, NAMED).map(({ number }) => number)
  const rest = damaged.length > NAMED ? ` and ${damaged.length - NAMED} more` : ''
  const [subject, verb] = damaged.length === 1 ? ['line', 'is'] : ['lines', 'are']
  return `${path}: ${subject} ${named.join(', ')}${rest} ${verb} damaged and left out of curves and times; the file keeps ${damaged.length === 1 ? 'it' : 'them'}`
}

/** The step that a damaged line begins with, where it can be read. */
const stepIn = (text: string): number => Number(/^\{"step":(\d+),/.exec(text)?.[1] ?? Number.NaN)

/** The text of a log up to a step, damaged lines among it as they are. */
export function logUntil(path: string, lastStep: number): string {
  const entries = readLog(path)
  const end = entries.findIndex(({ line }) => line && line.step > lastStep)
  const kept = end < 0 ? entries : entries.slice(0, end)
  // Damaged ones at the end may be of later steps too.
  while (stepIn(kept.at(-1)?.text ?? '') > lastStep) kept.pop()
  return kept.map(({ text }) => `${text}\n`).join('')
}
