import type { z } from 'zod'
import { DataError } from './error.ts'

/**
 * Checks a config block against its schema.
 *
 * @param where  the block's name in messages, e.g. `mixture`
 * @throws {DataError} naming the first wrong key, what was expected and what was found
 */
export function validate<S extends z.ZodType>(schema: S, block: unknown, where: string): z.output<S> {
  const result = schema.safeParse(block)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]
  const key = path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  const found = path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown>)?.[part], block)
  throw new DataError(`${where}${key}: ${message}; found ${show(found)}`)
}

/** A value as a user would write it, cut to 60 characters. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : textOf(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** What is nested very deeply, or holds itself, has no text. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Array.isArray(value) ? 'lists within lists without end' : 'blocks within blocks without end'
  }
}

/** Text of a file as it may stand in a message: on one line, without control characters. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?').slice(0, 300)
