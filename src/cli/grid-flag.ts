import { existsSync } from 'node:fs'
import { printable } from '../data/show.ts'
import { checkGrid } from '../sampler/grid.ts'
import type { GridRequest } from '../sampler/named-grids.ts'
import { GRIDS, type GridName } from '../sampler/names.ts'
import { readText } from '../serialization/read-file.ts'
import { UsageError } from './failure.ts'
import { wholeNumber } from './options.ts'

/** What `--grid` asks for: times, or a grid by its name, which is laid out when the path is known. */
export type AskedGrid = readonly number[] | GridRequest

const isName = (text: string): text is GridName => (GRIDS as readonly string[]).includes(text)

/** `key=value` pairs such as `shift=3,spacing=karras`; values that are numbers are numbers. @throws UsageError */
export function optionPairs(name: string, text: string): Record<string, unknown> {
  const pairs = text.split(',').map(pair => {
    const [key, value = '', ...more] = pair.split('=')
    if (key.trim() === '' || value.trim() === '' || more.length > 0) {
      throw new UsageError(`${name}: expected options such as eta=0.5,scale=2, found "${pair}"`)
    }
    const number = Number(value)
    return [key.trim(), Number.isNaN(number) ? value.trim() : number] as const
  })
  return Object.fromEntries(pairs)
}

/** Times in a file: numbers apart by commas, blanks or lines; what follows a `#` in a line is a comment. @throws UsageError */
function timesIn(name: string, file: string): readonly number[] {
  const words = readText(file)
    .replace(/#.*/g, '')
    .replace(/[[\],]/g, ' ')
    .split(/\s+/)
    .filter(word => word !== '')
  if (words.length < 2) {
    throw new UsageError(`${name}: ${file}: expected at least two times, found ${words.length}`)
  }
  const wrong = words.find(word => Number.isNaN(Number(word)))
  if (wrong !== undefined)
    throw new UsageError(`${name}: ${file}: expected times, found "${printable(wrong.slice(0, 40))}"`)
  return checkGrid(words.map(Number))
}

const partsOf = (text: string): string[] => text.split(',').map(part => part.trim())
const isTime = (part: string): boolean => part !== '' && !Number.isNaN(Number(part))

/** Times such as `1,0.6,0.2,0`. @throws UsageError or GridError */
export function timeList(name: string): (text: string) => readonly number[] {
  return text => {
    const parts = partsOf(text)
    const wrong = parts.find(part => !isTime(part))
    if (wrong !== undefined) throw new UsageError(`${name}: expected times such as 1,0.5,0, found "${wrong}"`)
    return checkGrid(parts.map(Number))
  }
}

/**
 * Times such as `1,0.6,0.2,0`, a grid by its name such as `karras:10,rho=5`, or a file of times.
 *
 * @throws UsageError or GridError
 */
export function askedGrid(name: string): (text: string) => AskedGrid {
  return text => {
    const [kind, rest = ''] = text.split(':')
    if (isName(kind)) {
      const [steps, ...pairs] = rest.split(',')
      if (!/^\s*\d/.test(steps)) {
        throw new UsageError(
          `${name} ${kind}: expected a number of steps, e.g. ${kind}:10${steps.trim() && `, found "${printable(steps)}"`}`,
        )
      }
      const options = pairs.length > 0 ? optionPairs(`${name} ${kind}`, pairs.join(',')) : {}
      return {
        name: kind,
        steps: wholeNumber(`${name} ${kind}`, 1, 10_000)(steps),
        options,
      }
    }
    const parts = partsOf(text)
    const wrong = parts.find(part => !isTime(part))
    if (wrong === undefined) return checkGrid(parts.map(Number))
    if (parts.length === 1 && existsSync(text)) return timesIn(name, text)
    throw new UsageError(
      `${name}: expected times such as 1,0.5,0, a file that is there, or a grid such as karras:10 (${GRIDS.join(', ')}), found "${wrong}"`,
    )
  }
}
