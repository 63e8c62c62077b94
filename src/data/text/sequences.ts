import { type Codes, LINE_END } from './codes.ts'

/** Where sequences stand among the symbols of a text. */
export interface Sequences {
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** Of a sequence, in messages: the line where it begins, from 1. */
  readonly lines: Uint32Array
}

const RETURN = 13

/** A sequence for each line; empty lines are left out. */
export function lineSequences(codes: Codes): Sequences {
  const [starts, ends, lines]: [number[], number[], number[]] = [[], [], []]
  let line = 1
  for (let start = 0; start < codes.length; line++) {
    const found = codes.indexOf(LINE_END, start)
    const stop = found < 0 ? codes.length : found
    // Of characters there is none any more.
    const end = codes[stop - 1] === RETURN && stop > start && found >= 0 ? stop - 1 : stop
    if (end > start) {
      starts.push(start)
      ends.push(end)
      lines.push(line)
    }
    start = stop + 1
  }
  return { starts: Uint32Array.from(starts), ends: Uint32Array.from(ends), lines: Uint32Array.from(lines) }
}

/** Windows of one length, each `step` symbols after the one before; what is left at the end belongs to none. */
export function streamSequences(codes: Codes, length: number, step: number): Sequences {
  const count = Math.max(0, Math.floor((codes.length - length) / step) + 1)
  const starts = Uint32Array.from({ length: count }, (_, i) => i * step)
  const lines = new Uint32Array(count)
  let [line, at] = [1, 0]
  starts.forEach((start, i) => {
    for (; at < start; at++) if (codes[at] === LINE_END) line++
    lines[i] = line
  })
  return { starts, ends: starts.map(start => start + length), lines }
}

/** The same sequences, none longer than `length`. */
export const cutSequences = ({ starts, ends, lines }: Sequences, length: number): Sequences => ({
  starts,
  ends: ends.map((end, i) => Math.min(end, starts[i] + length)),
  lines,
})

export const longest = ({ starts, ends }: Sequences): number =>
  ends.reduce((most, end, i) => Math.max(most, end - starts[i]), 0)
