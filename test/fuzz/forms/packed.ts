import { gunzipSync, gzipSync } from 'node:zlib'
import { unzipSync, zipSync } from 'fflate'
import { changedBytes } from './bytes.ts'
import { type Form, pick } from './form.ts'

/** A file in gzip. */
export const gzip: Form = {
  change(input, drawn, words) {
    try {
      const inner = gunzipSync(input, { maxOutputLength: 1 << 22 })
      return gzipSync(changedBytes(inner, drawn, words), { level: 1 })
    } catch {
      return undefined
    }
  },
}

/** Files in zip. */
export const zip: Form = {
  change(input, drawn, words) {
    try {
      const entries: [string, Uint8Array][] = Object.entries(
        unzipSync(input, { filter: ({ originalSize }) => originalSize < 1 << 22 }),
      )
      const at = drawn.integer(entries.length)
      const [name, content] = entries[at]
      const names = [name, `../${name}`, '__proto__.npy', `${name}/x.npy`, 'x.txt', ...words]
      entries[at] =
        drawn.integer(4) > 0 ? [name, changedBytes(content, drawn, words)] : [pick(names, drawn), content]
      const files = Object.create(null) as Record<string, Uint8Array>
      for (const [key, value] of entries) files[key] = value
      return zipSync(files, { level: drawn.integer(2) === 0 ? 0 : 6 })
    } catch {
      return undefined
    }
  },
}
