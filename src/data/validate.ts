import { z } from 'zod'
import { DataError } from './error.ts'
import { show } from './show.ts'
import { nearest } from './suggest.ts'

/**
 * Checks a config block against its schema.
 *
 * @param where  the block's name in messages, e.g. `mixture`
 * @throws {DataError} naming the first wrong key, what was expected and what was found
 */
export function validate<S extends z.ZodType>(schema: S, block: unknown, where: string): z.output<S> {
  const result = schema.safeParse(block)
  if (result.success) return result.data
  const { issues } = result.error
  // A key that is missing may be there under a name that is wrong.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  const { path } = issue
  const key = path.map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  if (issue.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject && path.length === 0 ? Object.keys(schema.shape) : []
    throw new DataError(
      `${where}${key}: unknown key ${show(issue.keys[0])}${knownKeys(issue.keys[0], known)}`,
    )
  }
  const found = path.reduce<unknown>((value, part) => (value as Record<PropertyKey, unknown>)?.[part], block)
  throw new DataError(`${where}${key}: ${expectation(issue)}; found ${show(found)}`)
}

function knownKeys(name: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const meant = nearest(name, known)
  return meant === undefined ? `; known: ${known.join(', ')}` : `; did you mean ${meant}?`
}

/** Kinds of values, for a user. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a block of keys',
  record: 'a block of keys',
}

/** What a schema expected, without the library's own judgement of what it found. */
export function expectation(issue: z.core.$ZodIssue): string {
  const own = issue.message.replace(/^(Invalid \w+|Too (small|big)): /, '').replace(/, received .*$/, '')
  // A schema's own message says it best.
  if (own === issue.message && own !== 'Invalid input') return own
  return `expected ${expectedKind(issue) ?? own.replace(/^expected /, '')}`
}

function expectedKind(issue: z.core.$ZodIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected]
    case 'too_small':
      return expectedLength(issue.origin, `${issue.exact ? '' : 'at least '}${issue.minimum}`)
    case 'too_big':
      return expectedLength(issue.origin, `${issue.exact ? '' : 'at most '}${issue.maximum}`)
    case 'invalid_union': {
      const ways = issue.errors.map(([first]) => expectation(first).replace(/^expected /, ''))
      return [...new Set(ways)].join(' or ')
    }
    default:
      return undefined
  }
}

/** How long a text or a list should be; nothing of a number. */
function expectedLength(origin: string, size: string): string | undefined {
  const plural = /^1$| 1$/.test(size) ? '' : 's'
  if (origin === 'string') return `${size} character${plural}`
  return origin === 'array' ? `a list of ${size} item${plural}` : undefined
}
