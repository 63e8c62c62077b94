import { ConfigError } from './error.ts'

/** Keys and values, as they are written. */
export type Plain = Record<string, unknown>
export const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Blocks that stand for one value, so that a user's block replaces the default whole. */
const WHOLE = new Set(['data', 'options', 'gap'])

/** `over` on top of `under`, block by block. */
export function merge(under: Plain, over: Plain): Plain {
  const result = { ...under }
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') throw new ConfigError('unknown key __proto__')
    const below = result[key]
    result[key] = isPlain(below) && isPlain(value) && !WHOLE.has(key) ? merge(below, value) : value
  }
  return result
}
