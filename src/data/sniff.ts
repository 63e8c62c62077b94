import { utf16Of } from './utf8.ts'

/** What the first bytes of a file tell about it. */
export type Kind = 'gzip' | 'npy' | 'zip' | 'parquet' | 'picture' | 'idx' | 'json' | 'text' | 'other'

interface Signature {
  readonly kind: Kind
  readonly name: string
  readonly starts: (bytes: Buffer) => boolean
}

const begins = (text: string, at = 0) => {
  const wanted = Buffer.from(text, 'latin1')
  return (bytes: Buffer): boolean => bytes.subarray(at, at + wanted.length).equals(wanted)
}

const isIdx = (bytes: Buffer): boolean =>
  bytes.length >= 8 &&
  bytes[0] === 0 &&
  bytes[1] === 0 &&
  bytes[2] >= 8 &&
  bytes[2] <= 14 &&
  bytes[3] >= 1 &&
  bytes[3] <= 8

/** Text of the usual encodings has no zero bytes. */
const isText = (bytes: Buffer): boolean =>
  utf16Of(bytes) !== undefined || !bytes.subarray(0, 4096).includes(0)

/** Whether each second byte is 0, as that of Latin letters and digits is. */
function isUnmarkedUtf16(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 64)
  const zeros = [0, 1].map(parity => start.filter((byte, i) => i % 2 === parity && byte === 0).length)
  const many = start.length >= 8 ? start.length / 2 - 1 : Number.POSITIVE_INFINITY
  return Math.max(...zeros) >= many && Math.min(...zeros) === 0
}

const startOf = (bytes: Buffer): string =>
  bytes
    .subarray(0, 256)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()

/** In this order; each only where none before it fits. */
const SIGNATURES: readonly Signature[] = [
  { kind: 'gzip', name: 'a file compressed by gzip', starts: begins('\x1f\x8b') },
  { kind: 'npy', name: 'an NPY array', starts: begins('\x93NUMPY') },
  { kind: 'zip', name: 'a ZIP archive', starts: begins('PK\x03\x04') },
  { kind: 'zip', name: 'an empty ZIP archive', starts: begins('PK\x05\x06') },
  { kind: 'parquet', name: 'a Parquet file', starts: begins('PAR1') },
  { kind: 'picture', name: 'a PNG picture', starts: begins('\x89PNG') },
  { kind: 'picture', name: 'a JPEG picture', starts: begins('\xff\xd8\xff') },
  { kind: 'picture', name: 'a WebP picture', starts: begins('WEBP', 8) },
  { kind: 'other', name: 'an HDF5 file', starts: begins('\x89HDF') },
  { kind: 'other', name: 'an Arrow file', starts: begins('ARROW1') },
  { kind: 'other', name: 'a PDF document', starts: begins('%PDF') },
  { kind: 'other', name: 'an SQLite database', starts: begins('SQLite format 3') },
  { kind: 'other', name: 'a GIF picture', starts: begins('GIF8') },
  { kind: 'other', name: 'a file compressed by Zstandard', starts: begins('\x28\xb5\x2f\xfd') },
  { kind: 'other', name: 'a file compressed by bzip2', starts: begins('BZh') },
  { kind: 'other', name: 'a file compressed by xz', starts: begins('\xfd7zXZ') },
  { kind: 'idx', name: 'an IDX array', starts: isIdx },
  {
    kind: 'other',
    name: 'text of UTF-16 without a byte order mark (save it as UTF-8)',
    starts: isUnmarkedUtf16,
  },
  { kind: 'other', name: 'a binary file', starts: bytes => !isText(bytes) },
  { kind: 'other', name: 'a web page', starts: bytes => /^<(!doctype|html|\?xml)/i.test(startOf(bytes)) },
  { kind: 'json', name: 'JSON', starts: bytes => /^(\{|\[)/.test(startOf(bytes)) },
  { kind: 'text', name: 'text', starts: () => true },
]

const signatureOf = (bytes: Buffer): Signature => SIGNATURES.find(({ starts }) => starts(bytes))!

/** What a file is, by its first bytes (some hundred will do). */
export const kindOf = (bytes: Buffer): Kind => signatureOf(bytes).kind

/** The same in words, e.g. `a ZIP archive`. */
export const named = (bytes: Buffer): string => signatureOf(bytes).name

export const isGzip = (bytes: Buffer): boolean => kindOf(bytes) === 'gzip'
