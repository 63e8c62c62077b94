import { zipSync } from 'fflate'

/** A dense array to be written. */
export interface NpyArray {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array
}

/** The header of a `.npy` file, version 1.0, and its numbers: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
export function npyPieces({ shape, data }: NpyArray): [header: Uint8Array, numbers: Uint8Array] {
  const descr = data instanceof Float32Array ? '<f4' : '<f8'
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${dims}), }`
  const prefix = 10
  // Padded with spaces so that the data starts at a multiple of 64 bytes.
  const length = Math.ceil((prefix + fields.length + 1) / 64) * 64 - prefix
  const header = new Uint8Array(prefix + length)
  header.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 0xff, length >> 8])
  header.set(new TextEncoder().encode(`${fields.padEnd(length - 1)}\n`), prefix)
  return [header, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]
}

/** The bytes of a `.npy` file. */
export function encodeNpy(array: NpyArray): Uint8Array {
  const [header, numbers] = npyPieces(array)
  const bytes = new Uint8Array(header.length + numbers.length)
  bytes.set(header)
  bytes.set(numbers, header.length)
  return bytes
}

/** The bytes of a `.npz` file: one `.npy` for each array, not compressed, with a fixed date so that bytes repeat. */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const)
  return zipSync(Object.fromEntries(files), { level: 0, mtime: '1980-01-02' })
}
