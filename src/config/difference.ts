const isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A key of two records, and both values. */
export type Difference = readonly [key: string, a: unknown, b: unknown]

/** The keys in which two records differ, in their order. */
export function differences(a: unknown, b: unknown, path = ''): Difference[] {
  if (!isBlock(a) || !isBlock(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [[path, a, b]]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap(key =>
    differences(a[key], b[key], path === '' ? key : `${path}.${key}`),
  )
}

/** The first of them. */
export const difference = (a: unknown, b: unknown, path = ''): Difference | undefined =>
  differences(a, b, path)[0]
