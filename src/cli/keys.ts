import { readFileSync, statSync } from 'node:fs'
import { withSpaceInData } from '../config/dataset.ts'
import { isSwitch, merge, spelledOut } from '../config/index.ts'
import { type DatasetSpec, withKeys } from '../data/catalogue.ts'
import { DataError } from '../data/error.ts'
import { show } from '../data/show.ts'
import { nearest } from '../data/suggest.ts'
import { decodeText } from '../data/utf8.ts'
import { UsageError } from './failure.ts'
import { parseYaml, type YamlProblem } from './yaml.ts'

type Plain = Record<string, unknown>

const isBlock = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Sets `a.b.c` in a nested record; a text that stands for a block is one, whichever of the two comes first. */
function setPath(target: Plain, path: string, value: unknown): void {
  const keys = path.split('.')
  const last = keys.pop()!
  let block = target
  for (const key of keys) {
    const next = spelledOut(key, block[key])
    block[key] = isBlock(next) ? next : {}
    block = block[key] as Plain
  }
  const whole = spelledOut(last, value)
  block[last] =
    whole !== value && isBlock(block[last]) ? { ...(block[last] as Plain), ...(whole as Plain) } : whole
}

/** How YAML writes a list, a block and a text in quotes on one line, and nothing. */
const WRITTEN = /^\s*([[{"']|[\w.-]+:\s|null\s*$)/i

/**
 * A value as written in YAML: `1e-3`, `true`, `null`, `[0.2, 0.8]` or plain text. What is neither is the text itself: a shell
 * has taken the quotes of `:`, `|`, `#` and a space, which mean something else to YAML, or nothing.
 */
function scalar(text: string): unknown {
  try {
    const value = parseYaml(text)
    const isPlain = typeof value === 'number' || typeof value === 'boolean'
    return isPlain || WRITTEN.test(text) ? value : text
  } catch {
    return text
  }
}

/**
 * Reads `--key value` and `--key=value` pairs that name keys of the configuration.
 *
 * @param flags  the command's options without a value, one of which may have been meant
 * @throws UsageError for anything else
 */
export function parseKeys(rest: readonly string[], flags: readonly string[] = []): Plain {
  const result: Plain = {}
  for (let i = 0; i < rest.length; i++) {
    const argument = rest[i]
    const match = /^--([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(argument)
    if (!match) throw new UsageError(`unexpected argument "${argument}"; options look like --key value`)
    const [, key, inline] = match
    if (key.split('.').some(part => ['', '__proto__', 'constructor', 'prototype'].includes(part))) {
      throw new UsageError(`unknown option --${key}`)
    }
    const value = inline ?? rest[++i]
    if (value === undefined || (inline === undefined && /^--[A-Za-z]/.test(value))) {
      const flag = nearest(key, flags)
      const values = isSwitch(key) ? ': true or false' : ''
      throw new UsageError(`--${key} needs a value${values}${flag ? ` (did you mean --${flag}?)` : ''}`)
    }
    setPath(result, key, scalar(value))
  }
  return result
}

/**
 * Records over each other, the last on top. Keys of a format over the path of a file are joined with it, so that
 * `--data animals.csv --data.csv.label species` is one block.
 *
 * @throws DataError when the path is one of another format
 */
export const layered = (...layers: readonly Plain[]): Plain =>
  withSpaceInData(
    layers.reduce((under, over) => {
      const merged = merge(under, over)
      const joins = typeof under.data === 'string' && isBlock(over.data)
      return joins ? { ...merged, data: withKeys(under.data as string, over.data as Plain) } : merged
    }, {}),
  )

/** What `--data` and options such as `--data.csv.label` name together; nothing where there are none. */
export function dataOption(flags: Readonly<Record<string, unknown>>): DatasetSpec | undefined {
  const keys = Object.entries(flags).filter(([key]) => key.startsWith('data.'))
  const dotted = parseKeys(keys.map(([key, value]) => `--${key}=${value}`))
  return layered(flags.data === undefined ? {} : { data: flags.data }, dotted).data as DatasetSpec | undefined
}

/** A longer file is no configuration. */
const LARGEST = 2 ** 24

/** The text of a configuration file. @throws UsageError */
function readText(path: string): string {
  const refuse = (message: string): never => {
    throw new UsageError(`--config ${path}: ${message}`)
  }
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return refuse('no such file')
  if (stats.isDirectory()) refuse('is a directory, expected a YAML file')
  if (stats.size > LARGEST) refuse(`is larger than ${LARGEST >> 20} MiB, expected a YAML file`)
  try {
    return decodeText(readFileSync(path), `--config ${path}`)
  } catch (error) {
    throw error instanceof DataError ? new UsageError(error.message) : error
  }
}

/**
 * Reads a YAML (or JSON) file of keys and values.
 *
 * @throws UsageError naming the file and the line
 */
export function readConfigFile(path: string): Plain {
  const text = readText(path)
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (error) {
    const { message, line } = error as YamlProblem
    throw new UsageError(
      `--config ${path}${line === undefined ? '' : ` (line ${line})`}: not valid YAML: ${message}`,
    )
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(`--config ${path}: expected keys and values, found ${show(value)}`)
  }
  return value as Plain
}
