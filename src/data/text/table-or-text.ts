import { constants, gunzipSync } from 'node:zlib'
import { firstBytes } from '../hash.ts'
import { isMeantAsNumber } from '../readers/cells.ts'
import { isGzip } from '../sniff.ts'
import { utf16Of } from '../utf8.ts'

/** Lines that are looked at. */
const LOOKED_AT = 20

/** Whether a line is numbers, or as many numbers as names between the usual delimiters. */
function isRow(line: string): boolean {
  const cells = line.split(/[\t;,]/).map(cell => cell.trim())
  const numbers = cells.filter(isMeantAsNumber).length
  const isDelimited = numbers === cells.length || (cells.length > 1 && 2 * numbers >= cells.length)
  return (
    isDelimited ||
    line
      .trim()
      .split(/[\s|:/]+/)
      .every(isMeantAsNumber)
  )
}

/** Whether a file whose name may stand for either is text, and no table of numbers: by its first lines but one, which may be names. */
export function isProse(path: string): boolean {
  const bytes = firstBytes(path)
  const text = new TextDecoder(utf16Of(bytes) ?? 'utf-8').decode(isGzip(bytes) ? inflatedStart(bytes) : bytes)
  const lines = text.split(/\r\n|\n|\r/).filter(line => line.trim() !== '')
  const [first = '', ...others] = lines.slice(0, LOOKED_AT)
  return !(others.length > 0 ? others.every(isRow) : isRow(first))
}

function inflatedStart(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch {
    return bytes
  }
}
