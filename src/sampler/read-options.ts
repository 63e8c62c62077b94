import type { z } from 'zod'
import { GridError } from './grid.ts'

/** The names of a schema's options. */
export const optionNames = (schema: z.ZodType): string[] =>
  Object.keys((schema as unknown as { readonly shape: object }).shape)

/**
 * Options as the row of a solver or a grid reads them.
 *
 * @param name  of the row
 * @throws GridError when one is none of its own or out of range
 */
export function readOptions<O>(name: string, schema: z.ZodType<O>, options: object): O {
  const { data, error } = schema.safeParse(options)
  if (!error) return data
  const known = optionNames(schema)
  const has = known.length > 0 ? `its options are ${known.join(', ')}` : 'it has no options'
  const [issue] = error.issues
  if (issue.code === 'unrecognized_keys')
    throw new GridError(`${name}: has no option "${issue.keys[0]}"; ${has}`)
  const found = (options as Record<string, unknown>)[String(issue.path[0])]
  const message = issue.message.charAt(0).toLowerCase() + issue.message.slice(1)
  throw new GridError(`${name}: ${issue.path.join('.')}: ${message}, found ${found}`)
}
