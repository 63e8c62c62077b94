import { DataError } from './error.ts'

const MARKS = { utf8: [0xef, 0xbb, 0xbf], utf16le: [0xff, 0xfe], utf16be: [0xfe, 0xff] } as const

const startsWith = (bytes: Uint8Array, mark: readonly number[]): boolean =>
  mark.every((byte, i) => bytes[i] === byte)

/** The encoding of UTF-16 that a byte order mark tells. */
export const utf16Of = (bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined =>
  startsWith(bytes, MARKS.utf16le) ? 'utf-16le' : startsWith(bytes, MARKS.utf16be) ? 'utf-16be' : undefined

/** The bytes that a first byte announces after it, -1 for one that begins no character. */
function following(first: number): number {
  if (first < 0x80) return 0
  if (first >= 0xc2 && first <= 0xdf) return 1
  if (first >= 0xe0 && first <= 0xef) return 2
  return first >= 0xf0 && first <= 0xf4 ? 3 : -1
}

/** Least and greatest second byte: overlong forms, surrogates and what is beyond Unicode are no UTF-8. RFC 3629, section 4 */
const SECOND: Readonly<Record<number, readonly [number, number]>> = {
  224: [0xa0, 0xbf],
  237: [0x80, 0x9f],
  240: [0x90, 0xbf],
  244: [0x80, 0x8f],
}

/** The place of the first byte that is not UTF-8, -1 where all are. */
export function wrongByte(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) {
    const more = following(bytes[at])
    if (more < 0) return at
    const [low, high] = SECOND[bytes[at]] ?? [0x80, 0xbf]
    for (let i = 1; i <= more; i++) {
      const byte = bytes[at + i]
      const fits = i === 1 ? byte >= low && byte <= high : byte >= 0x80 && byte <= 0xbf
      if (!fits) return at
    }
    at += more + 1
  }
  return -1
}

const LINE_END = 10

export const linesIn = (bytes: Uint8Array): number => {
  let count = 0
  for (let at = bytes.indexOf(LINE_END); at >= 0; at = bytes.indexOf(LINE_END, at + 1)) count++
  return count
}

/**
 * What to tell of bytes that are not UTF-8.
 *
 * @param file  its name in messages
 * @param before  lines and bytes that were read before these
 */
export function notUtf8(
  bytes: Uint8Array,
  file: string,
  before: { readonly lines: number; readonly bytes: number } = { lines: 0, bytes: 0 },
): DataError {
  const at = Math.max(0, wrongByte(bytes))
  const row = before.lines + linesIn(bytes.subarray(0, at)) + 1
  const byte = `0x${bytes[at].toString(16).padStart(2, '0')}`
  return new DataError(
    `${file}: row ${row}, byte ${before.bytes + at} (${byte}): not UTF-8, perhaps Latin-1 or Windows-1252; save the file as UTF-8`,
  )
}

/**
 * Text of UTF-8, or of UTF-16 with a byte order mark; marks are left out.
 *
 * @param file  its name in messages
 * @throws {DataError} naming the first byte that is none
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  const utf16 = utf16Of(bytes)
  try {
    return new TextDecoder(utf16 ?? 'utf-8', { fatal: true }).decode(bytes)
  } catch {
    if (utf16) throw new DataError(`${file}: its text is not valid UTF-16; save the file as UTF-8`)
    throw notUtf8(bytes, file)
  }
}
