/** A value as a user would write it, cut to 60 characters. */
export function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : typeof value === 'number' ? String(value) : textOf(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** What is nested very deeply, or holds itself, has no text. */
function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Array.isArray(value) ? 'lists within lists without end' : 'blocks within blocks without end'
  }
}

/** Text of a file as it may stand in a message: on one line, without control characters. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?').slice(0, 300)
