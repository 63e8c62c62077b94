import type { Random } from '../../../src/random/random.ts'
import { type Form, pick } from './form.ts'

const NUMBERS = [
  ...[0, 1, -1, 2, 7, 8, 16, 127, 128, 255, 256, 32767, 32768, 65535, 65536],
  ...[2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53, -(2 ** 31)],
]
const NUMERALS = [
  ...[
    '0',
    '1',
    '-1',
    '2',
    '3',
    '1e9',
    '1e308',
    '1e999',
    '-0',
    '0.5',
    '1e-320',
    '4294967296',
    '9007199254740993',
  ],
  ...['NaN', 'Infinity', '-Infinity', 'null', 'true', '""', '1_000', '0x10', '99999999999999999999999999'],
]
const TEXTS = [
  ...[
    '../',
    '..\\',
    '/etc/passwd',
    '../secret.txt',
    '%2e%2e%2f',
    '\0',
    '\r\n',
    '\u2028',
    '\ufeff',
    '\ud800',
    '__proto__',
  ],
  ...[
    'constructor',
    'prototype',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    ',',
    ':',
    '\n',
    '\t',
    '#',
    '&a',
    '*a',
    '!!js/function',
    '$(',
  ],
]

type Change = (bytes: Buffer, drawn: Random, words: readonly string[]) => Buffer

/** A place, mostly near the beginning or the end, which say most about the rest. */
function place(bytes: Buffer, drawn: Random): number {
  const { length } = bytes
  const where = drawn.integer(4)
  if (where < 2) return drawn.integer(length + 1)
  const near = Math.min(length, drawn.integer(200))
  return where === 2 ? near : length - near
}

function span(bytes: Buffer, drawn: Random): [number, number] {
  const from = place(bytes, drawn)
  const size = drawn.integer(3) > 0 ? 1 + drawn.integer(8) : drawn.integer(bytes.length + 1)
  return [from, Math.min(bytes.length, from + size)]
}

const spliced = (bytes: Buffer, from: number, to: number, put: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)])

/** A number in the place of so many bytes. */
const numberAt: Change = (bytes, drawn) => {
  const size = pick([1, 2, 4, 8], drawn)
  if (bytes.length < size) return bytes
  const at = Math.min(place(bytes, drawn), bytes.length - size)
  const value = BigInt.asUintN(8 * size, BigInt(pick(NUMBERS, drawn)))
  const changed = Buffer.from(bytes)
  const isLittle = drawn.integer(2) === 0
  for (let i = 0; i < size; i++) {
    const shift = 8n * BigInt(isLittle ? i : size - 1 - i)
    changed[at + i] = Number((value >> shift) & 0xffn)
  }
  return changed
}

const flips: Change = (bytes, drawn) => {
  const changed = Buffer.from(bytes)
  for (let left = 1 + drawn.integer(8); left > 0 && bytes.length > 0; left--) {
    const at = Math.min(place(bytes, drawn), bytes.length - 1)
    changed[at] ^= 1 << drawn.integer(8)
  }
  return changed
}

/** A number as it is written, in the place of another. */
const numeral: Change = (bytes, drawn) => {
  const text = bytes.toString('latin1')
  const start = place(bytes, drawn)
  const found = /-?\d+(\.\d+)?(e[+-]?\d+)?/.exec(text.slice(start, start + 4000))
  if (!found) return flips(bytes, drawn, [])
  const from = start + found.index
  return spliced(bytes, from, from + found[0].length, Buffer.from(pick(NUMERALS, drawn)))
}

const CHANGES: readonly Change[] = [
  flips,
  flips,
  numberAt,
  numberAt,
  numeral,
  (bytes, drawn) => spliced(bytes, ...span(bytes, drawn), Buffer.alloc(0)),
  (bytes, drawn) => bytes.subarray(0, place(bytes, drawn)),
  (bytes, drawn) => {
    const at = place(bytes, drawn)
    const put = Buffer.from(Array.from({ length: 1 + drawn.integer(20) }, () => drawn.integer(256)))
    return spliced(bytes, at, at, put)
  },
  (bytes, drawn) => {
    // What stands in one place once more in another.
    const [from, to] = span(bytes, drawn)
    const at = place(bytes, drawn)
    return spliced(bytes, at, at, bytes.subarray(from, Math.min(to, from + 5000)))
  },
  (bytes, drawn, words) => {
    const at = place(bytes, drawn)
    const all = words.length > 0 && drawn.integer(2) === 0 ? words : TEXTS
    return spliced(
      bytes,
      at,
      drawn.integer(2) === 0 ? at : Math.min(bytes.length, at + 1),
      Buffer.from(pick(all, drawn)),
    )
  },
  (bytes, drawn) => {
    const at = place(bytes, drawn)
    return spliced(
      bytes,
      at,
      at,
      Buffer.from(pick(['[', '{"a":', '(', '- ', '"', ' '], drawn).repeat(drawn.integer(3000))),
    )
  },
]

export const changedBytes = (input: Uint8Array, drawn: Random, words: readonly string[]): Uint8Array =>
  pick(CHANGES, drawn)(Buffer.from(input), drawn, words)

/** Bytes that nothing is known of. */
export const bytes: Form = { change: changedBytes }
