/** The end of a zip archive's table of contents, one entry of it, and what is before a file itself: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
const END = 0x06054b50
const ENTRY = 0x02014b50
const END_BYTES = 22
const ENTRY_BYTES = 46
const LOCAL_BYTES = 30
/** Stands for an offset that is in a longer field, which is needed beyond 4 GiB only. */
const ELSEWHERE = 0xffffffff
const LONGEST_COMMENT = 0xffff

/** Where the table of contents ends; -1 where there is none. */
function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_BYTES - LONGEST_COMMENT)
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) === END) return at
  }
  return -1
}

/** What tells whether a file of an archive is as it was written. */
interface ZipEntry {
  readonly crc32: number
  /** The name that is written a second time, before the file itself; absent where that place is not known. */
  readonly secondName?: string
}

/**
 * The files of a zip archive by their names, with what the library that inflates them does not look at.
 *
 * @throws RangeError when the table of contents is cut short, or leads out of the archive
 */
export function zipEntries(bytes: Uint8Array): Map<string, ZipEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries = new Map<string, ZipEntry>()
  const end = endOf(view)
  if (end < 0) return entries
  const textAt = (at: number, length: number) => new TextDecoder().decode(bytes.subarray(at, at + length))
  // Entries stand right before the end, or before the longer one of large archives.
  let at = view.getUint32(end + 16, true)
  while (at + ENTRY_BYTES <= bytes.length && view.getUint32(at, true) === ENTRY) {
    const [name, extra, comment] = [28, 30, 32].map(offset => view.getUint16(at + offset, true))
    const local = view.getUint32(at + 42, true)
    entries.set(textAt(at + ENTRY_BYTES, name), {
      crc32: view.getUint32(at + 16, true),
      ...(local !== ELSEWHERE && {
        secondName: textAt(local + LOCAL_BYTES, view.getUint16(local + 26, true)),
      }),
    })
    at += ENTRY_BYTES + name + extra + comment
  }
  return entries
}
