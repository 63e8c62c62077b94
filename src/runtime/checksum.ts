/**
 * A checksum of a whole file that lies within the file: eight hexadecimal digits at a known place, made with zeros there.
 * A second mark says that there is one, so that no single damaged bit can make a file look as if it had none.
 */

const MARK = 'oxbow_checksum'
const METHOD = 'crc32'
/** Name of the entry that holds the digits. */
export const DIGITS = 'oxbow_crc32'
const ZEROS = '00000000'

export const DAMAGED = 'is damaged (its checksum differs)'

type Metadata = Readonly<Record<string, string>>

/** Metadata with room for a checksum, which `writeChecksum` fills in. */
export const withChecksum = (metadata: Metadata): Metadata => ({
  [MARK]: METHOD,
  ...metadata,
  [DIGITS]: ZEROS,
})

/** Metadata as it was before `withChecksum`. */
export function withoutChecksum(metadata: Metadata): Metadata {
  const { [MARK]: _, [DIGITS]: __, ...rest } = metadata
  return rest
}

/** Reflected polynomial of CRC-32, that of zip and of Node's own, which browsers lack. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

function update(crc: number, bytes: Uint8Array): number {
  let sum = crc
  for (let i = 0; i < bytes.length; i++) sum = TABLE[(sum ^ bytes[i]) & 0xff] ^ (sum >>> 8)
  return sum
}

/** CRC-32 of some pieces, one after another, as eight hexadecimal digits. */
export function crc32(...pieces: readonly Uint8Array[]): string {
  const sum = pieces.reduce(update, 0xffffffff)
  return (~sum >>> 0).toString(16).padStart(8, '0')
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Of all bytes, with zeros for the digits at `at`. */
const checksumOf = (bytes: Uint8Array, at: number): string =>
  crc32(bytes.subarray(0, at), ascii(ZEROS), bytes.subarray(at + ZEROS.length))

/** Puts the checksum in its place. */
export function writeChecksum(bytes: Uint8Array, at: number): void {
  bytes.set(ascii(checksumOf(bytes, at)), at)
}

/**
 * Whether a file is other than it was written; false for a file without a checksum, of another program or of version 0.1.0.
 *
 * @param at  where the digits stand, -1 where they are not found
 */
export function isDamaged(bytes: Uint8Array, metadata: Metadata, at: number): boolean {
  const [method, digits] = [metadata[MARK], metadata[DIGITS]]
  if (method === undefined && digits === undefined) return false
  return method !== METHOD || at < 0 || digits !== checksumOf(bytes, at)
}
