import { checkGrid } from '../sampler/grid.ts'
import { UsageError } from './failure.ts'

/** A whole number of at least `least`. @throws UsageError */
export function wholeNumber(
  name: string,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
      const range =
        most === Number.MAX_SAFE_INTEGER
          ? `a whole number of at least ${least}`
          : `a whole number from ${least} to ${most}`
      throw new UsageError(`${name}: expected ${range}, found "${text}"`)
    }
    return value
  }
}

/** A list such as `1,2,4,8`, without repeats, in rising order. @throws UsageError */
export function stepList(name: string): (text: string) => number[] {
  const one = wholeNumber(name, 1, 10_000)
  return text => [...new Set(text.split(',').map(part => one(part)))].sort((a, b) => a - b)
}

/** Times such as `1,0.6,0.2,0`. @throws UsageError or GridError */
export function timeGrid(name: string): (text: string) => readonly number[] {
  return text => {
    const parts = text.split(',').map(part => part.trim())
    const wrong = parts.find(part => part === '' || Number.isNaN(Number(part)))
    if (wrong !== undefined) {
      throw new UsageError(`${name}: expected times such as 1,0.5,0, found "${wrong}"`)
    }
    return checkGrid(parts.map(Number))
  }
}

/** One of a few words. @throws UsageError */
export function oneOf<T extends string>(name: string, choices: readonly T[]): (text: string) => T {
  return text => {
    if (!(choices as readonly string[]).includes(text)) {
      throw new UsageError(`${name}: expected ${choices.join(' or ')}, found "${text}"`)
    }
    return text as T
  }
}
