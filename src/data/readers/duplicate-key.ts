/** A string, or a character that decides the depth. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/**
 * A key that an object of JSON has twice, of which `JSON.parse` keeps the last alone.
 *
 * @param text  of a valid document
 */
export function duplicateKey(text: string): string | undefined {
  const keys = new Set<string>()
  let depth = 0
  let last = ''
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (token !== ':') last = token
    else if (depth === 1) {
      const key = JSON.parse(last) as string
      if (keys.has(key)) return key
      keys.add(key)
    }
  }
  return undefined
}
