/** Bytes of a header, and what contents are filled up to. */
const BLOCK = 512
const REGULAR = ['0', '\0']

/**
 * The regular files of a tar archive by their names, links and folders left out.
 * POSIX.1-1988 (ustar): https://www.gnu.org/software/tar/manual/html_node/Standard.html
 *
 * @throws {RangeError} when it is cut short or no such archive
 */
export function tarFiles(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const text = (from: number, length: number): string =>
      archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(text(124, 12), 8)
    const from = at + BLOCK
    if (!(size >= 0) || from + size > archive.length) throw new RangeError('a tar archive that is damaged')
    const prefix = text(345, 155)
    const name = `${prefix === '' ? '' : `${prefix}/`}${text(0, 100)}`
    if (REGULAR.includes(archive.toString('latin1', at + 156, at + 157)))
      files.set(name, archive.subarray(from, from + size))
    at = from + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}
