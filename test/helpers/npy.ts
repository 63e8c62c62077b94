import { unzipSync } from 'fflate'

export interface Dense {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array
}

/** Reads a `.npy` file as its format is written down, apart from the code that writes it. */
export function decodeNpy(bytes: Uint8Array): Dense {
  if (Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== '\x93NUMPY\x01\x00')
    throw new Error('no .npy 1.0')
  const start = 10 + bytes[8] + 256 * bytes[9]
  if (start % 64 !== 0) throw new Error('the data is not aligned')
  const header = Buffer.from(bytes.subarray(10, start)).toString('latin1')
  const match = /^\{'descr': '<f([48])', 'fortran_order': False, 'shape': \(([\d, ]*)\), \} *\n$/.exec(header)
  if (!match) throw new Error(`another header: ${header}`)
  const shape = match[2].split(',').flatMap(part => (part.trim() === '' ? [] : [Number(part)]))
  const data = Uint8Array.from(bytes.subarray(start)).buffer
  return { shape, data: match[1] === '4' ? new Float32Array(data) : new Float64Array(data) }
}

export const decodeNpz = (bytes: Uint8Array): Record<string, Dense> =>
  Object.fromEntries(
    Object.entries(unzipSync(bytes)).map(([name, file]) => [name.replace(/\.npy$/, ''), decodeNpy(file)]),
  )
