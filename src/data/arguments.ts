import type { Dataset } from './dataset.ts'
import { show } from './show.ts'

/** An argument of a function that cannot be used. The message is one line: its name, what was expected and what was found. */
export class ArgumentError extends RangeError {
  override readonly name = 'ArgumentError'
}

/** Numbers that one array may hold: 4 GiB of 32-bit ones. */
export const MOST_NUMBERS = 2 ** 30

/** What was found, as it is written in code. */
function found(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `a ${value.constructor.name}`
  if (value instanceof Promise) return 'a promise (await it)'
  const isPlain = value === null || ['string', 'object', 'undefined'].includes(typeof value)
  return isPlain ? show(value) : typeof value === 'function' ? 'a function' : String(value)
}

/** @throws ArgumentError always */
export function refuseArgument(name: string, expected: string, value: unknown): never {
  throw new ArgumentError(`${name}: expected ${expected}, found ${found(value)}`)
}

/** @throws ArgumentError unless it is a whole number in a range */
export function checkWhole(name: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return
  refuseArgument(name, `a whole number from ${least} to ${most}`, value)
}

/** @throws ArgumentError unless it is a whole number that a seed can be */
export function checkSeed(name: string, value: unknown): void {
  if (!Number.isSafeInteger(value)) refuseArgument(name, 'a whole number', value)
}

/** @throws ArgumentError unless it is a finite number above 0 */
export function checkPositive(name: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value < Infinity) return
  refuseArgument(name, 'a number above 0', value)
}

/** @throws ArgumentError unless it is a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') refuseArgument(name, 'a function', value)
}

/**
 * @param keys  that there are, `key?` for one that may be left out
 * @throws ArgumentError unless it is an object of these keys and no others
 */
export function checkOptions(name: string, value: unknown, keys: readonly string[]): void {
  const expected = `options { ${keys.join(', ')} }`
  const isBlock = typeof value === 'object' && value !== null
  if (!isBlock || Array.isArray(value) || ArrayBuffer.isView(value)) refuseArgument(name, expected, value)
  const unknown = Object.keys(value).find(key => !keys.includes(key) && !keys.includes(`${key}?`))
  if (unknown !== undefined) refuseArgument(name, expected, unknown)
}

/** @throws ArgumentError unless it is something that can be drawn from */
export function checkDataset(name: string, value: unknown): void {
  const { dimension, shape, sample, fingerprint, ...rest } = (value ?? {}) as Partial<Dataset>
  const isNamed = typeof rest.name === 'string' && typeof fingerprint?.sha256 === 'string'
  const isShaped = Array.isArray(shape) && shape.reduce((product, n) => product * n, 1) === dimension
  if (isNamed && isShaped && dimension! > 0 && typeof sample === 'function') return
  refuseArgument(name, 'a dataset, such as openDataset or pointsDataset gives', value)
}

/** @throws ArgumentError unless it is a time from 0 (data) to 1 (noise) */
export function checkTime(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0 && value <= 1) return
  refuseArgument(name, 'a time from 0 (data) to 1 (noise)', value)
}

/** @throws ArgumentError unless it is one of the words */
export function checkWord(name: string, value: unknown, words: readonly string[]): void {
  if (!words.includes(value as string)) refuseArgument(name, words.join(' or '), value)
}

/** @throws ArgumentError unless it is a number of threads, or nothing */
export function checkThreads(name: string, value: unknown): void {
  if (value !== undefined) checkWhole(name, value, 1, 1024)
}

/** @throws ArgumentError unless it is text that can be a path */
export function checkPath(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) refuseArgument(name, 'a path', value)
}

/** @throws ArgumentError unless it is an array of 32-bit or 64-bit floats */
export function checkFloats(name: string, value: unknown): void {
  if (value instanceof Float32Array || value instanceof Float64Array) return
  refuseArgument(name, 'points in a Float32Array or Float64Array', value)
}

/** @throws ArgumentError where one of the numbers of points is NaN or an infinity */
export function checkFinite(name: string, values: Float32Array | Float64Array): void {
  const wrong = values.findIndex(value => !Number.isFinite(value))
  if (wrong < 0) return
  throw new ArgumentError(`${name}: expected finite numbers, found ${values[wrong]} at [${wrong}]`)
}

/** @throws ArgumentError unless it is points `[n, dimension]`, row after row, in an array of 32-bit floats */
export function checkPoints(name: string, value: unknown, dimension: number): void {
  if (!(value instanceof Float32Array)) refuseArgument(name, 'points in a Float32Array', value)
  if (value.length % dimension === 0) return
  throw new ArgumentError(
    `${name}: expected points of ${dimension} coordinates, row after row, found ${value.length} numbers`,
  )
}
