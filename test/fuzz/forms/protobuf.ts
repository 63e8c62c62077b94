import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { Random } from '../../../src/random/random.ts'
import { DIGITS } from '../../../src/runtime/checksum.ts'
import { changedBytes } from './bytes.ts'
import { type Form, pick } from './form.ts'
import { changedValue } from './json.ts'
import { repaired } from './safetensors.ts'

interface Field {
  readonly number: number
  readonly wire: WireType
  /** With its tag and its length. */
  readonly whole: Uint8Array
  /** Of a field with a length. */
  readonly content?: Uint8Array
}

function fieldsOf(bytes: Uint8Array): Field[] | undefined {
  const reader = new BinaryReader(bytes)
  const fields: Field[] = []
  try {
    while (reader.pos < reader.len) {
      const from = reader.pos
      const [number, wire] = reader.tag()
      const content = wire === WireType.LengthDelimited ? reader.bytes() : undefined
      if (content === undefined) reader.skip(wire, number)
      fields.push({ number, wire, whole: bytes.subarray(from, reader.pos), ...(content && { content }) })
    }
  } catch {
    return undefined
  }
  return fields
}

const VARINTS = [
  0n,
  1n,
  2n,
  7n,
  16n,
  127n,
  128n,
  65_536n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 62n,
  -1n,
  -(2n ** 31n),
]

function changedContent(
  content: Uint8Array,
  drawn: Random,
  words: readonly string[],
  depth: number,
): Uint8Array {
  const inner =
    depth < 20 && content.length > 1 ? changedMessage(content, drawn, words, depth + 1) : undefined
  if (inner && drawn.integer(6) > 0) return inner
  const text = Buffer.from(content).toString()
  if (/^[[{]/.test(text)) {
    try {
      return Buffer.from(JSON.stringify(changedValue(JSON.parse(text), drawn, words)))
    } catch {
      // Of bytes, as below.
    }
  }
  if (words.length > 0 && drawn.integer(4) === 0) return Buffer.from(pick(words, drawn))
  return changedBytes(content, drawn, words)
}

/** A message with one field of it changed, lengths around it right. */
function changedMessage(
  bytes: Uint8Array,
  drawn: Random,
  words: readonly string[],
  depth = 0,
): Uint8Array | undefined {
  const fields = fieldsOf(bytes)
  if (!fields || fields.length === 0) return undefined
  const at = drawn.integer(fields.length)
  const { number, wire, whole, content } = fields[at]
  const around = (put: readonly Uint8Array[]) =>
    Buffer.concat([
      ...fields.slice(0, at).map(field => field.whole),
      ...put,
      ...fields.slice(at + 1).map(field => field.whole),
    ])
  const kind = drawn.integer(10)
  if (kind === 0) return around([])
  if (kind === 1) return around([whole, whole])
  if (kind === 2) return around([fields[drawn.integer(fields.length)].whole])
  if (content) {
    const changed = changedContent(content, drawn, words, depth)
    return around([new BinaryWriter().tag(number, wire).bytes(changed).finish()])
  }
  if (wire !== WireType.Varint) return around([changedBytes(whole, drawn, [])])
  const value = new BinaryWriter().tag(kind === 3 ? 1 + drawn.integer(20) : number, wire)
  return around([value.int64(pick(VARINTS, drawn)).finish()])
}

/** Protocol buffers, whatever their schema, such as ONNX. */
export const protobuf: Form = {
  change: (input, drawn, words) => changedMessage(input, drawn, words),
  // Behind the key come the tag of the value and its length.
  repair: input => repaired(input, DIGITS, 2),
}
