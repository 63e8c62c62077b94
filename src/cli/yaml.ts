import { createRequire } from 'node:module'
import type { Document, LineCounter, YAMLError } from 'yaml'

/** Loaded when there is some to read: it takes as long as all else that `oxbow --help` needs. */
const library = (): typeof import('yaml') => createRequire(import.meta.url)('yaml')

/** YAML that is refused: what is wrong, and the line where that is known. */
export class YamlProblem extends Error {
  constructor(
    message: string,
    readonly line?: number,
  ) {
    super(message)
  }
}

/** Deeper blocks are no configuration, and would exhaust whatever walks through them. */
const DEEPEST = 64
const TOO_DEEP = `nested deeper than ${DEEPEST} levels`

const REASONS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  ALIAS_PROPS: 'an alias (*name) cannot have an anchor or a tag',
  BAD_ALIAS: 'an alias (*name) without a valid name',
  BAD_DIRECTIVE: 'a line that starts with % is not a valid directive',
  BAD_DQ_ESCAPE: 'an unknown escape after \\ in double quotes; single quotes keep \\ as it is',
  BAD_INDENT: 'wrong indentation',
  BAD_SCALAR_START: 'a value cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a block where a key is expected; is a value with ": " missing its quotes?',
  BLOCK_IN_FLOW: 'an indented block within [ ] or { }',
  KEY_OVER_1024_CHARS: 'a key of over 1024 characters',
  MISSING_CHAR: 'something is missing here: a comma, a colon, a closing bracket or a closing quote',
  MULTILINE_IMPLICIT_KEY: 'a key over several lines; is a ":" missing?',
  MULTIPLE_DOCS: 'expected one document, found several (a line ---)',
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAB_AS_INDENT: 'indented with a tab; use spaces',
  TAG_RESOLVE_FAILED: 'an unknown tag (!name)',
  UNEXPECTED_TOKEN: 'something that is not allowed here',
  BAD_COLLECTION_TYPE: 'a tag (!name) that does not fit its value',
}

/** The library calls a bracket that is never closed wrongly indented, too. */
const OPEN_BRACKET = /^Flow (sequence|map) in block collection/

function reasonOf({ code, message }: YAMLError): string {
  if (OPEN_BRACKET.test(message)) return 'a [ or { that is not closed, or not indented as far as its key'
  return REASONS[code] ?? 'not as YAML is written'
}

/** Refuses a key that is there twice; the library's own check is slow for many keys. */
function checkKeys(document: Document, lines: LineCounter): void {
  const { isScalar, visit } = library()
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) {
          const text = JSON.stringify(String(key.value).slice(0, 60))
          throw new YamlProblem(`the key ${text} is there twice`, lines.linePos(key.range?.[0] ?? 0).line)
        }
        seen.add(key.value)
      }
    },
  })
}

/** Refuses what holds itself, by an alias, or is nested very deeply. */
function checkDepth(value: unknown, above: readonly unknown[] = []): void {
  if (typeof value !== 'object' || value === null) return
  if (above.includes(value)) throw new YamlProblem('a block that holds itself, by an alias (*name)')
  if (above.length > DEEPEST) throw new YamlProblem(TOO_DEEP)
  for (const inner of Object.values(value)) checkDepth(inner, [...above, value])
}

function toValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    const [, name] = /Unresolved alias[^:]*: (.*)$/.exec((error as Error).message) ?? []
    throw new YamlProblem(
      name === undefined
        ? 'its aliases (*name) repeat too much'
        : `the alias *${name} has no anchor &${name} before it`,
    )
  }
}

/**
 * The value of a YAML document.
 *
 * @throws YamlProblem when it is none, or holds what no configuration is: a block within itself, aliases that grow without end
 */
export function parseYaml(text: string): unknown {
  const { LineCounter, parseDocument } = library()
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, { uniqueKeys: false, lineCounter: lines, prettyErrors: false })
    // A tag that is not known is only a warning, and its value something else than was meant.
    const [error] = [...document.errors, ...document.warnings]
    if (error) {
      throw new YamlProblem(reasonOf(error), lines.linePos(error.pos[0]).line)
    }
    checkKeys(document, lines)
    const value = toValue(document)
    checkDepth(value)
    return value
  } catch (error) {
    if (error instanceof YamlProblem) throw error
    // The library calls itself for each level.
    if (error instanceof RangeError) throw new YamlProblem(TOO_DEEP)
    throw new YamlProblem('not as YAML is written')
  }
}
