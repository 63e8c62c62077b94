/** The end of a zip archive's table of contents, and one entry of it: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
const END = 0x06054b50
const ENTRY = 0x02014b50
const END_BYTES = 22
const ENTRY_BYTES = 46
const LONGEST_COMMENT = 0xffff

/** Where the table of contents ends; -1 where there is none. */
function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - LONGEST_COMMENT)
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) === END) return at
  }
  return -1
}

/**
 * The CRC-32 of each file in a zip archive by its name, which the library that inflates them does not look at.
 *
 * @throws RangeError when the table of contents is cut short
 */
export function zipChecksums(bytes: Uint8Array): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const checksums = new Map<string, number>()
  const end = endOf(view)
  if (end < 0) return checksums
  // Entries stand right before the end, or before the longer one of large archives.
  let at = view.getUint32(end + 16, true)
  while (at + ENTRY_BYTES <= bytes.length && view.getUint32(at, true) === ENTRY) {
    const [name, extra, comment] = [28, 30, 32].map(offset => view.getUint16(at + offset, true))
    const text = new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + name))
    checksums.set(text, view.getUint32(at + 16, true))
    at += ENTRY_BYTES + name + extra + comment
  }
  return checksums
}
