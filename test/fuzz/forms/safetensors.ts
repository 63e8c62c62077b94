import { DIGITS, writeChecksum } from '../../../src/runtime/checksum.ts'
import type { Form } from './form.ts'
import { json } from './json.ts'

/** Length of the header, header and data, as long as there are any. */
function partsOf(input: Uint8Array): { header: Uint8Array; data: Uint8Array } | undefined {
  if (input.length < 8) return undefined
  const length = Number(new DataView(input.buffer, input.byteOffset).getBigUint64(0, true))
  if (length > input.length - 8) return undefined
  return { header: input.subarray(8, 8 + length), data: input.subarray(8 + length) }
}

/** The bytes with the digits of their checksum right, wherever they stand. */
export function repaired(input: Uint8Array, mark: string, beyond: number): Uint8Array {
  const at = Buffer.from(input).indexOf(mark)
  if (at < 0 || at + mark.length + beyond + 8 > input.length) return input
  const bytes = Uint8Array.from(input)
  writeChecksum(bytes, at + mark.length + beyond)
  return bytes
}

export const safetensors: Form = {
  change(input, drawn, words) {
    const parts = partsOf(input)
    const header = parts && json.change(parts.header, drawn, words)
    if (!header) return undefined
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    return Buffer.concat([length, header, parts.data])
  },
  repair: input => repaired(input, `"${DIGITS}":"`, 0),
}
