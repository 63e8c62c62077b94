import { DataError } from '../error.ts'
import { linesIn } from '../utf8.ts'

const LINE_END = 10

/**
 * The bytes of a text in pieces of whole lines; only the last may lack its end.
 *
 * @param longest  bytes of a line
 * @throws {DataError} on a longer line, naming it
 */
export async function* wholeLines(
  bytes: AsyncIterable<Buffer>,
  path: string,
  longest: number,
): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  let length = 0
  let lines = 0
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(LINE_END) + 1
    const first = end === 0 ? chunk.length : chunk.indexOf(LINE_END)
    if (length + first > longest) {
      throw new DataError(`${path}: row ${lines + 1}: longer than ${longest} bytes`)
    }
    if (end > 0) {
      const piece = Buffer.concat([...rest, chunk.subarray(0, end)])
      lines += linesIn(piece)
      yield piece
      rest = []
      length = 0
    }
    rest.push(chunk.subarray(end))
    length += chunk.length - end
  }
  if (length > 0) yield Buffer.concat(rest)
}
