import type { Random } from '../../../src/random/random.ts'
import { type Form, pick } from './form.ts'

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '',
  '0',
  'length',
  'then',
  'toJSON',
]

/** A JSON value in the place of another. */
function strange(drawn: Random, words: readonly string[]): unknown {
  const values: readonly unknown[] = [
    ...[null, true, false, 0, 1, -1, 0.5, 2 ** 31, 2 ** 53, 1e308, -1e308, 1e-320, 10_000, 1e6],
    ...['', 'x', '../secret.txt', '/etc/passwd', 'NaN', '\0', '\u2028', '\ud800', 'a'.repeat(5000)],
    ...[[], {}, [[]], [null], [1, 2], [0, 0, 0, 0], { a: 1 }],
    ...[own({ ['__proto__']: { polluted: true } }), own({ constructor: { prototype: { polluted: true } } })],
    ...words,
  ]
  return pick(values, drawn)
}

/** An object whose key may be `__proto__`, as JSON.parse makes them. */
function own(entries: Record<string, unknown> | readonly (readonly [string, unknown])[]): object {
  const made = {}
  for (const [key, value] of Array.isArray(entries) ? entries : Object.entries(entries)) {
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return made
}

const deep = (value: unknown, depth: number): unknown => {
  let found = value
  for (let i = 0; i < depth; i++) found = i % 2 === 0 ? [found] : { a: found }
  return found
}

/** A value with one place of it changed. */
export function changedValue(value: unknown, drawn: Random, words: readonly string[]): unknown {
  const again = (inner: unknown) => changedValue(inner, drawn, words)
  if (typeof value === 'string' && /^[[{]/.test(value) && drawn.integer(4) > 0) {
    // Of files that hold JSON in JSON.
    try {
      return JSON.stringify(again(JSON.parse(value)))
    } catch {
      return strange(drawn, words)
    }
  }
  if (typeof value === 'number' && drawn.integer(3) === 0) {
    return pick(
      [value + 1, value - 1, -value, 2 * value, value / 2, value + 0.5, 1000 * value, 2 ** 20 * value],
      drawn,
    )
  }
  if (typeof value !== 'object' || value === null) return strange(drawn, words)
  const entries = Object.entries(value)
  const make = (changed: readonly (readonly [string, unknown])[]): unknown =>
    Array.isArray(value) ? changed.map(([, item]) => item) : own(changed)
  const kind = drawn.integer(12)
  if (kind === 0) return strange(drawn, words)
  if (kind === 1) return deep(value, 1 + drawn.integer(drawn.integer(20) === 0 ? 4000 : 10))
  if (kind === 2) {
    const key = pick([...KEYS, ...words], drawn)
    return make([...entries, [key, strange(drawn, words)]])
  }
  if (entries.length === 0) return strange(drawn, words)
  const at = drawn.integer(entries.length)
  const with_ = (entry: readonly (readonly [string, unknown])[]) =>
    make([...entries.slice(0, at), ...entry, ...entries.slice(at + 1)])
  if (kind === 3) return with_([])
  if (kind === 4) return with_([[pick([...KEYS, ...words], drawn), entries[at][1]]])
  if (kind === 5)
    return with_([entries[at], [`${entries[at][0]} `, entries[drawn.integer(entries.length)][1]]])
  return with_([[entries[at][0], again(entries[at][1])]])
}

const encoder = new TextEncoder()

/** Text of JSON. */
export const json: Form = {
  change(input, drawn, words) {
    try {
      return encoder.encode(
        JSON.stringify(changedValue(JSON.parse(new TextDecoder().decode(input)), drawn, words)),
      )
    } catch {
      return undefined
    }
  },
}

/** Lines of JSON. */
export const jsonLines: Form = {
  change(input, drawn, words) {
    const lines = new TextDecoder().decode(input).split('\n')
    const at = drawn.integer(lines.length)
    const changed = json.change(encoder.encode(lines[at]), drawn, words)
    if (!changed) return undefined
    lines[at] = new TextDecoder().decode(changed)
    return encoder.encode(lines.join('\n'))
  },
}
