import { z } from 'zod'
import { show } from '../data/show.ts'
import { nearest } from '../data/suggest.ts'
import { expectation } from '../data/validate.ts'
import { networks } from '../model/index.ts'
import { spelledOut } from '../objective/index.ts'
import { named } from './aliases.ts'
import type { Plain } from './plain.ts'
import { networkSchema, schema } from './schema.ts'

/** A refusal of the schema in one line. */
export function describe(issue: z.core.$ZodIssue, input: unknown): string {
  const key = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const name = [...issue.path, issue.keys[0]].join('.')
    return `unknown key ${name}${suggest(name)}`
  }
  const found = issue.path.reduce<unknown>(
    (value, step) => ((typeof step === 'number' ? spelledOut(value) : value) as Plain)?.[step as string],
    input,
  )
  return `${key || 'config'}: ${expectation(issue)}${asList(issue, found)}, found ${show(found)}`
}

/** How what was found is written as a list, where one was expected. */
function asList(issue: z.core.$ZodIssue, found: unknown): string {
  const isList = issue.code === 'invalid_type' && ['array', 'tuple'].includes(issue.expected)
  const isItems = typeof found === 'number' || (typeof found === 'string' && /^[^[\]]{1,50}$/.test(found))
  return isList && isItems ? ` such as [${found}]` : ''
}

/** Whether a key's value is true or false. */
export function isSwitch(key: string): boolean {
  const found = key
    .split('.')
    .reduce<unknown>((type, name) => (type instanceof z.ZodObject ? type.shape[name] : undefined), schema)
  return found instanceof z.ZodBoolean
}

/** Every key of a resolved configuration, nested ones joined by dots. */
export const configKeys = (): readonly string[] =>
  keysOf(schema).flatMap(key => (key === 'network' ? networkKeys() : [key]))

/** Keys of networks of all kinds. */
const networkKeys = (): string[] => [
  ...new Set([...networks.keys()].flatMap(kind => keysOf(networkSchema(kind), 'network'))),
]

function keysOf(type: z.ZodType, path = ''): string[] {
  if (!(type instanceof z.ZodObject)) return [path]
  return childrenOf(type, path, keysOf)
}

const childrenOf = ({ shape }: z.ZodObject, path: string, of: typeof keysOf): string[] =>
  Object.entries(shape).flatMap(([key, child]) => of(child as z.ZodType, path ? `${path}.${key}` : key))

/** The same, and the keys of blocks that may be left out. */
const allKeysOf = (type: z.ZodType, path = ''): string[] => {
  const block = type instanceof z.ZodNullable ? type.unwrap() : type
  return block instanceof z.ZodObject ? childrenOf(block, path, allKeysOf) : [path]
}

function suggest(name: string): string {
  // A key of another kind of network is one too, and is not what was meant.
  const keys = [...configKeys(), ...allKeysOf(schema), 'seed'].filter(key => key !== name)
  const leaf = name.split('.').at(-1)!
  const near =
    named(name, ours => keys.includes(ours)) ??
    named(leaf, ours => keys.includes(ours)) ??
    keys.find(key => key.endsWith(`.${leaf}`)) ??
    nearest(name, keys)
  return near ? ` (did you mean ${near}?)` : ''
}
