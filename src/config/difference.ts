const isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The first key in which two records differ, with both values. */
export function difference(
  a: unknown,
  b: unknown,
  path = '',
): [key: string, a: unknown, b: unknown] | undefined {
  if (!isBlock(a) || !isBlock(b)) return JSON.stringify(a) === JSON.stringify(b) ? undefined : [path, a, b]
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = difference(a[key], b[key], path === '' ? key : `${path}.${key}`)
    if (found) return found
  }
  return undefined
}
