import { UnknownRowError } from '../../objective/golden.ts'

/** The row of a table that a fixture names. @throws UnknownRowError when there is none */
export function namedRow<T>(what: string, table: Readonly<Record<string, T>>, name: string): T {
  if (Object.hasOwn(table, name)) return table[name]
  throw new UnknownRowError(`${what}: expected one of ${Object.keys(table).join(', ')}; found ${name}`)
}
