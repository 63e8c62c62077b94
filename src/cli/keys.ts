import { existsSync, readFileSync, statSync } from 'node:fs'
import { parse, parseDocument } from 'yaml'
import { type DatasetSpec, withKeys } from '../data/catalogue.ts'
import { DataError } from '../data/error.ts'
import { nearest } from '../data/suggest.ts'
import { decodeText } from '../data/utf8.ts'
import { show } from '../data/validate.ts'
import { merge } from '../training/config.ts'
import { UsageError } from './failure.ts'

type Plain = Record<string, unknown>

/** Sets `a.b.c` in a nested record. */
function setPath(target: Plain, path: string, value: unknown): void {
  const keys = path.split('.')
  let block = target
  for (const key of keys.slice(0, -1)) {
    const next = block[key]
    block[key] = typeof next === 'object' && next !== null && !Array.isArray(next) ? next : {}
    block = block[key] as Plain
  }
  block[keys.at(-1)!] = value
}

/** A value as written in YAML: `1e-3`, `true`, `null`, `[0.2, 0.8]` or plain text. */
function scalar(text: string): unknown {
  try {
    return parse(text)
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
      throw new UsageError(`--${key} needs a value${flag ? ` (did you mean --${flag}?)` : ''}`)
    }
    setPath(result, key, scalar(value))
  }
  return result
}

const isBlock = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Records over each other, the last on top. Keys of a format over the path of a file are joined with it, so that
 * `--data animals.csv --data.csv.label species` is one block.
 *
 * @throws DataError when the path is one of another format
 */
export const layered = (...layers: readonly Plain[]): Plain =>
  layers.reduce((under, over) => {
    const merged = merge(under, over)
    const joins = typeof under.data === 'string' && isBlock(over.data)
    return joins ? { ...merged, data: withKeys(under.data as string, over.data as Plain) } : merged
  }, {})

/** What `--data` and options such as `--data.csv.label` name together; nothing where there are none. */
export function dataOption(flags: Readonly<Record<string, unknown>>): DatasetSpec | undefined {
  const keys = Object.entries(flags).filter(([key]) => key.startsWith('data.'))
  const dotted = parseKeys(keys.map(([key, value]) => `--${key}=${value}`))
  return layered(flags.data === undefined ? {} : { data: flags.data }, dotted).data as DatasetSpec | undefined
}

function parseYaml(text: string, path: string): unknown {
  const refuse = (message: string, line?: number): never => {
    const where = line === undefined ? '' : ` (line ${line})`
    throw new UsageError(`--config ${path}${where}: not valid YAML: ${message.split('\n')[0]}`)
  }
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error?.code === 'MULTIPLE_DOCS') refuse('expected one document, found several', error.linePos?.[0].line)
  if (error)
    refuse(
      error.message.replace(/ at line \d+, column \d+:?\s*/, ': ').replace(/: $/, ''),
      error.linePos?.[0].line,
    )
  try {
    return document.toJS()
  } catch (error) {
    // An alias without its anchor, or far too many of them.
    return refuse((error as Error).message)
  }
}

function configText(path: string): string {
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
  if (!existsSync(path)) throw new UsageError(`--config ${path}: no such file`)
  if (statSync(path).isDirectory())
    throw new UsageError(`--config ${path}: is a directory, expected a YAML file`)
  const value = parseYaml(configText(path), path)
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(`--config ${path}: expected keys and values, found ${show(value)}`)
  }
  return value as Plain
}
