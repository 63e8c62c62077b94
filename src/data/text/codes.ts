import type { TextUnit } from '../dataset.ts'
import { DataError } from '../error.ts'
import { type Content, openContent } from '../file.ts'
import { kindOf, named } from '../sniff.ts'
import { decodeText, utf16Of } from '../utf8.ts'

/** Code points of characters, or bytes. */
export type Codes = Uint32Array | Uint8Array

export const LINE_END = 10
const RETURN = 13

const MOST_BYTES = 2 ** 27

/**
 * The symbols of a text file, as numbers. Of characters all line ends are line feeds, and byte order marks are left out; bytes are as
 * they are.
 *
 * @throws {DataError} in one line, when it is no text, or too large
 */
export async function readCodes(path: string, unit: TextUnit): Promise<{ codes: Codes; sha256: string }> {
  const content = openContent(path)
  const bytes = await wholeContent(content, path)
  const codes = unit === 'byte' ? new Uint8Array(bytes) : codePoints(textOf(bytes, path))
  return { codes, sha256: content.sha256() }
}

async function wholeContent({ bytes }: Content, path: string): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of bytes) {
    pieces.push(piece)
    size += piece.length
    if (size > MOST_BYTES) throw new DataError(`${path}: expected at most ${MOST_BYTES >> 20} MiB of text`)
  }
  return Buffer.concat(pieces)
}

/** Whether the first bytes are those of text, though it may begin like something else. */
const isReadable = (start: Buffer): boolean =>
  utf16Of(start) !== undefined || ['text', 'json'].includes(kindOf(start)) || named(start) === 'a web page'

function textOf(bytes: Buffer, path: string): string {
  const start = bytes.subarray(0, 4096)
  if (!isReadable(start)) {
    throw new DataError(
      `${path}: expected text, found ${named(start)}; any file can be read by its bytes, {text: {path: ..., unit: byte}}`,
    )
  }
  const text = decodeText(bytes, path)
  const zero = text.indexOf('\0')
  if (zero < 0) return text
  const row = text.slice(0, zero).split(/\r\n|\n|\r/).length
  throw new DataError(
    `${path}: row ${row}: expected text, found the character NUL; read it by its bytes, {text: {path: ..., unit: byte}}`,
  )
}

function codePoints(text: string): Uint32Array {
  const codes = new Uint32Array(text.length)
  let count = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!
    // A pair of surrogates is one character.
    if (code > 0xffff) at++
    if (code === RETURN && text.charCodeAt(at + 1) === LINE_END) continue
    codes[count++] = code === RETURN ? LINE_END : code
  }
  return codes.slice(0, count)
}
