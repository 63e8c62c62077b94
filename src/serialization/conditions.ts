import { ArgumentError } from '../data/arguments.ts'

/** What a map can be told. */
export interface KnownClasses {
  readonly names: readonly string[]
  /** Whether it also knows the data as a whole. */
  readonly none: boolean
}

/** A class by its name or number, `null` for none, or one for each point: numbers `0 ... classes - 1`. */
export type ClassChoice = string | number | null | ArrayLike<number>

const list = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(', ')}, ... (${names.length})` : names.join(', ')

/** The numbers of classes for points `from ... from + count - 1`. */
export type ClassesOf = (from: number, count: number) => BigInt64Array

/**
 * The classes that a choice stands for, as a map's graph takes them.
 *
 * @param what  names the choice in messages, such as `given: class`
 * @throws ArgumentError when there is no such class, or none is chosen where a map must be told one
 */
export function classesOf(what: string, choice: ClassChoice, { names, none }: KnownClasses): ClassesOf {
  const refuse = (found: unknown): never => {
    throw new ArgumentError(
      `${what}: expected one of ${list(names)}${none ? ', or none' : ''}, found ${found}`,
    )
  }
  const numberOf = (value: unknown): bigint => {
    if (value === null) return none ? BigInt(names.length) : refuse('none')
    const index = typeof value === 'string' ? names.indexOf(value) : value
    return Number.isInteger(index) && (index as number) >= 0 && (index as number) < names.length
      ? BigInt(index as number)
      : refuse(typeof value === 'string' ? JSON.stringify(value) : value)
  }
  if (choice === null || typeof choice === 'string' || typeof choice === 'number') {
    const one = numberOf(choice)
    return (_, count) => new BigInt64Array(count).fill(one)
  }
  const all = BigInt64Array.from(Array.from(choice), numberOf)
  return (from, count) => {
    if (from + count <= all.length) return all.subarray(from, from + count)
    throw new ArgumentError(`${what}: expected one for each point, found ${all.length}`)
  }
}
