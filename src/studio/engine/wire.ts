/**
 * Messages between the page and the machine that serves it as bytes: JSON, with arrays of numbers as they lie in memory.
 * A message is its JSON's length in 32 bits, the JSON, and the arrays one after another, each at a multiple of eight
 * bytes; numbers are little-endian.
 */

const ARRAYS = { Float32Array, Float64Array, Int32Array, Uint32Array, Uint8Array } as const
type ArrayName = keyof typeof ARRAYS
type Numbers = InstanceType<(typeof ARRAYS)[ArrayName]>

/** Stands in the JSON for what JSON has no word for. */
const MARK = '\u0000'
/** Most bytes of one message. */
export const LONGEST_MESSAGE = 64 << 20

const aligned = (length: number): number => 8 * Math.ceil(length / 8)

const asNumbers = (value: unknown): [ArrayName, Numbers] | undefined => {
  if (!ArrayBuffer.isView(value)) return undefined
  for (const name of Object.keys(ARRAYS) as ArrayName[]) {
    if (value instanceof ARRAYS[name]) return [name, value as Numbers]
  }
  throw new Error('a message holds an array of another kind')
}

/** A message of plain values and arrays of numbers. */
export function encodeMessage(message: unknown): Uint8Array {
  const arrays: Numbers[] = []
  const json = JSON.stringify(message, (_, value) => {
    const numbers = asNumbers(value)
    if (numbers) return { [MARK]: numbers[0], length: arrays.push(numbers[1]) && numbers[1].length }
    if (typeof value === 'number' && !Number.isFinite(value)) return { [MARK]: String(value) }
    return value
  })
  const text = new TextEncoder().encode(json)
  const start = aligned(4 + text.length)
  const bytes = new Uint8Array(arrays.reduce((total, { byteLength }) => total + aligned(byteLength), start))
  new DataView(bytes.buffer).setUint32(0, text.length, true)
  bytes.set(text, 4)
  let at = start
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at)
    at += aligned(byteLength)
  }
  return bytes
}

/** @throws Error when the bytes are cut short or are no message */
export function decodeMessage(bytes: Uint8Array): unknown {
  const broken = new Error('a message is damaged')
  if (bytes.length < 4) throw broken
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (4 + length > bytes.length) throw broken
  let at = aligned(4 + length)
  const take = (name: string, count: unknown): Numbers => {
    if (!Object.hasOwn(ARRAYS, name) || !Number.isSafeInteger(count) || (count as number) < 0) throw broken
    const kind = ARRAYS[name as ArrayName]
    const size = (count as number) * kind.BYTES_PER_ELEMENT
    if (at + size > bytes.length) throw broken
    const array = new kind(bytes.slice(at, at + size).buffer)
    at += aligned(size)
    return array
  }
  return restored(
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(4, 4 + length))),
    take,
  )
}

/** Puts back what `MARK` stands for, in the order in which it was taken out. */
function restored(value: unknown, take: (name: string, count: unknown) => Numbers): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(item => restored(item, take))
  const { [MARK]: mark, length } = value as Record<string, unknown>
  if (typeof mark === 'string') return length === undefined ? Number(mark) : take(mark, length)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restored(item, take)] as const))
}

/** A message behind its length in 32 bits, for a stream of many. An empty one says that the line is open. */
export function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + message.length)
  new DataView(frame.buffer).setUint32(0, message.length, true)
  frame.set(message, 4)
  return frame
}

/** Cuts a stream that arrives in pieces into messages. @throws Error for a frame that is too long */
export function unframer(receive: (message: Uint8Array) => void): (piece: Uint8Array) => void {
  let pieces: Uint8Array[] = []
  let held = 0
  const joined = (): Uint8Array => {
    if (pieces.length === 1) return pieces[0]
    const all = new Uint8Array(held)
    let at = 0
    for (const piece of pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }
  let needed = 4
  return piece => {
    pieces.push(piece)
    held += piece.length
    if (held < needed) return
    let bytes = joined()
    for (;;) {
      if (bytes.length < 4) {
        needed = 4
        break
      }
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
      if (length > LONGEST_MESSAGE) throw new Error('a message is too long')
      needed = 4 + length
      if (bytes.length < needed) break
      if (length > 0) receive(bytes.slice(4, needed))
      bytes = bytes.subarray(needed)
    }
    pieces = [bytes]
    held = bytes.length
  }
}
