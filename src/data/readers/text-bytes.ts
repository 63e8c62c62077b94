import { isUtf8 } from 'node:buffer'
import { DataError } from '../error.ts'
import { kindOf, named } from '../sniff.ts'
import { linesIn, notUtf8, utf16Of } from '../utf8.ts'
import { wholeLines } from './lines.ts'

/**
 * The UTF-8 of a text in pieces of whole lines, made of UTF-16 where a byte order mark says so.
 *
 * @param expected  what it should be, in messages
 * @param longest  bytes of a line
 * @throws {DataError} naming the row and the byte, where it is in another encoding
 */
export async function* utf8Lines(
  bytes: AsyncIterable<Buffer>,
  path: string,
  expected: string,
  longest: number,
): AsyncGenerator<Buffer> {
  const before = { lines: 0, bytes: 0 }
  for await (const piece of wholeLines(asUtf8(bytes, path), path, longest)) {
    if (before.lines === 0 && !['text', 'json'].includes(kindOf(piece))) {
      throw new DataError(`${path}: expected ${expected}, found ${named(piece)}`)
    }
    if (!isUtf8(piece)) throw notUtf8(piece, path, before)
    before.lines += linesIn(piece)
    before.bytes += piece.length
    yield piece
  }
}

async function* asUtf8(bytes: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let isFirst = true
  const decode = (chunk?: Buffer): Buffer => {
    try {
      return Buffer.from(decoder!.decode(chunk, { stream: chunk !== undefined }))
    } catch {
      throw new DataError(`${path}: its text is not valid UTF-16; save the file as UTF-8`)
    }
  }
  for await (const chunk of bytes) {
    const encoding = isFirst ? utf16Of(chunk) : undefined
    if (encoding) decoder = new TextDecoder(encoding, { fatal: true })
    isFirst = false
    yield decoder ? decode(chunk) : chunk
  }
  if (decoder) yield decode()
}
