import { ConfigError } from './error.ts'

/** Keys and values, as they are written. */
export type Plain = Record<string, unknown>
export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Blocks that stand for one value, so that a user's block replaces the default whole. */
const WHOLE = new Set(['data', 'options', 'gap'])

/** Keys of which a text stands for a block with this key. */
const SHORT: Readonly<Record<string, string>> = { condition: 'kind', guidance: 'rule', network: 'kind' }

/** A value of a key as a block, where a text stands for one: `condition: class` is `condition: { kind: class }`. */
export const spelledOut = (key: string, value: unknown): unknown =>
  Object.hasOwn(SHORT, key) && typeof value === 'string' ? { [SHORT[key]]: value } : value

/** `over` on top of `under`, block by block. */
export function merge(under: Plain, over: Plain): Plain {
  const result = { ...under }
  for (const [key, given] of Object.entries(over)) {
    if (key === '__proto__') throw new ConfigError('unknown key __proto__')
    const [below, value] = [spelledOut(key, result[key]), spelledOut(key, given)]
    result[key] = isPlain(below) && isPlain(value) && !WHOLE.has(key) ? merge(below, value) : value
  }
  return result
}
