import { isWeights, WEIGHTS_FORM } from '../config/weights-name.ts'
import type { DatasetSpec } from '../data/catalogue.ts'
import type { GuidanceApplied } from '../importing/guidance.ts'
import { UsageError } from './failure.ts'
import { parseYaml } from './yaml.ts'

/** A whole number of at least `least`. @throws UsageError */
export function wholeNumber(
  name: string,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return text => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
      const isOpen = most === Number.MAX_SAFE_INTEGER && !(value > most)
      const range = isOpen ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`
      throw new UsageError(`${name}: expected ${range}, found "${text}"`)
    }
    return value
  }
}

/** The name of weights, or another word. @throws UsageError */
export const weightsName =
  (other?: string) =>
  (text: string): string => {
    if (text === other || isWeights(text)) return text
    throw new UsageError(
      `--weights: expected ${WEIGHTS_FORM}${other ? `, or ${other}` : ''}; found "${text}"`,
    )
  }

/** A dataset's name or path, or a block such as `{csv: {path: a.csv}}`. @throws UsageError */
export function dataSpec(text: string): DatasetSpec {
  if (!/^\s*\{/.test(text)) return text
  try {
    return parseYaml(text) as DatasetSpec
  } catch {
    throw new UsageError(
      `--data: expected a name, a path or a block such as {csv: {path: a.csv}}, found "${text}"`,
    )
  }
}

/** A list such as `1,2,4,8`, without repeats, in rising order. @throws UsageError */
export function stepList(name: string): (text: string) => number[] {
  const one = wholeNumber(name, 1, 10_000)
  return text => [...new Set(text.split(',').map(part => one(part)))].sort((a, b) => a - b)
}

/** Numbers of parts such as `0,1`, without repeats, in rising order. @throws UsageError */
export function partList(name: string): (text: string) => number[] {
  const one = wholeNumber(name, 0, 65_535)
  return text => [...new Set(text.split(',').map(part => one(part)))].sort((a, b) => a - b)
}

/** One of a few words. @throws UsageError */
export function oneOf<T extends string>(name: string, choices: readonly T[]): (text: string) => T {
  return text => {
    if (!(choices as readonly string[]).includes(text)) {
      const expected = choices.length > 8 ? `one of ${choices.join(', ')}` : choices.join(' or ')
      throw new UsageError(`${name}: expected ${expected}, found "${text}"`)
    }
    return text as T
  }
}

/** A finite number above 0. @throws UsageError */
export function positiveNumber(name: string): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value > 0 && Number.isFinite(value)) return value
    throw new UsageError(`${name}: expected a number above 0, found "${text}"`)
  }
}

/** `none`, `input`, or `baked:W` with a scale. @throws UsageError */
export function guidanceApplied(name: string): (text: string) => GuidanceApplied {
  return text => {
    if (text === 'none' || text === 'input') return text
    const [, scale = ''] = /^baked:(.*)$/.exec(text) ?? []
    const baked = scale.trim() === '' ? Number.NaN : Number(scale)
    if (baked > 0 && Number.isFinite(baked)) return { baked }
    throw new UsageError(
      `${name}: expected none, input or baked:W with a scale W above 0, e.g. baked:2.5; found "${text}"`,
    )
  }
}

/** A finite number of at least 0. @throws UsageError */
export function scale(name: string): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (value >= 0 && Number.isFinite(value)) return value
    throw new UsageError(`${name}: expected a number of at least 0, found "${text}"`)
  }
}

/** Two times such as `0.2,0.8`. @throws UsageError */
export function interval(name: string): (text: string) => readonly [number, number] {
  return text => {
    const [low, high, ...more] = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
    if (low >= 0 && low < high && high <= 1 && more.length === 0) return [low, high]
    throw new UsageError(
      `${name}: expected two times from 0 to 1 in rising order such as 0.2,0.8, found "${text}"`,
    )
  }
}

/** Numbers such as `0.5,-2`. @throws UsageError */
export function numberList(name: string): (text: string) => number[] {
  return text =>
    text.split(',').map(part => {
      if (part.trim() !== '' && Number.isFinite(Number(part))) return Number(part)
      throw new UsageError(`${name}: expected numbers such as 0.5,-2, found "${part}"`)
    })
}

/** Some of a few words, each once, such as `x,s,t`. @throws UsageError */
export function wordList<T extends string>(name: string, choices: readonly T[]): (text: string) => T[] {
  return text => {
    const words = text.split(',')
    const wrong = words.find(
      (word, i) => !(choices as readonly string[]).includes(word) || words.indexOf(word) < i,
    )
    if (wrong === undefined) return words as T[]
    throw new UsageError(`${name}: expected ${choices.join(', ')}, each at most once, found "${wrong}"`)
  }
}

/** Some of a few words, each once, or `all`. @throws UsageError */
export function wordsOrAll<T extends string>(
  name: string,
  choices: readonly T[],
): (text: string) => readonly T[] | 'all' {
  const some = wordList(name, choices)
  return text => (text === 'all' ? text : some(text))
}

/** Names of metrics such as `slicedWasserstein,recall`, or `all`; the names are checked with the data. @throws UsageError */
export function metricList(name: string): (text: string) => readonly string[] | 'all' {
  return text => {
    if (text.trim() === 'all') return 'all'
    const names = text.split(',').map(part => part.trim())
    if (names.includes('')) {
      throw new UsageError(`${name}: expected names such as slicedWasserstein,recall, found "${text}"`)
    }
    return [...new Set(names)]
  }
}
