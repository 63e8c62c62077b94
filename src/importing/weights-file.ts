import { existsSync, statSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { unzipSync } from 'fflate'
import { DataError } from '../data/error.ts'
import { INFLATE_LIMITS, mostInflated } from '../data/file.ts'
import { decodeNpy } from '../data/npy-reader.ts'
import { readBytes } from '../serialization/read-file.ts'
import { RunError } from '../serialization/run.ts'
import { type Container, decodeSafetensors, SafetensorsError } from '../serialization/safetensors.ts'
import { zipEntries } from './zip-entries.ts'

/** Bytes: far more than a perceptron of the largest size that a configuration allows. */
const MOST_UNPACKED = 2 ** 31
const MOST_ARRAYS = 1000

/** A name from a file, whatever is in it, on one line. */
const shown = (name: string): string => JSON.stringify(name.slice(0, 80))

/** The arrays of floats, and the rest. */
function sorted(
  arrays: readonly (readonly [string, ReturnType<typeof decodeNpy>])[],
): Omit<Container, 'metadata'> {
  const isFloat = ([, { typeName }]: (typeof arrays)[number]) => typeName.startsWith('f')
  const others = arrays
    .filter(each => !isFloat(each))
    .map(([name, { shape, typeName }]) => [name, { shape, dtype: typeName }])
  return {
    tensors: Object.fromEntries(
      arrays.filter(isFloat).map(([name, { shape, data }]) => [name, { shape, data }]),
    ),
    ...(others.length > 0 && { others: Object.fromEntries(others) }),
  }
}

/**
 * Reads the arrays of a `.npz` file.
 *
 * @param file  its name, for messages
 * @throws RunError when it is none, is damaged, or unpacks to far more than it holds
 */
export function decodeNpzWeights(bytes: Uint8Array, file: string): Omit<Container, 'metadata'> {
  let [unpacked, count] = [0, 0]
  const refuse = (message: string): never => {
    throw new RunError(`${file}: ${message}`)
  }
  const most = Math.min(MOST_UNPACKED, mostInflated(bytes.length))
  const open = () => {
    try {
      const arrays = unzipSync(bytes, {
        filter: ({ name, originalSize }) => {
          unpacked += originalSize
          if (++count > MOST_ARRAYS) refuse(`holds more than ${MOST_ARRAYS} arrays`)
          // Before anything is inflated: the sizes are in the table of contents.
          if (unpacked > most) {
            refuse(
              `inflates to more than ${most} bytes, over ${INFLATE_LIMITS.ratio} times its size; not read`,
            )
          }
          return name.endsWith('.npy') || refuse(`expected arrays (.npy), found ${shown(name)}`)
        },
      })
      const entries = zipEntries(bytes)
      // How many there are is written apart from them.
      return entries.size === Object.keys(arrays).length
        ? { arrays, entries }
        : refuse('is damaged (it holds more arrays, or fewer, than it says)')
    } catch (error) {
      if (error instanceof RunError) throw error
      return refuse('not an NPZ file, or cut short')
    }
  }
  const checked = (): Record<string, Uint8Array> => {
    const { arrays, entries } = open()
    for (const [name, array] of Object.entries(arrays)) {
      const { crc32: written, secondName = name } = entries.get(name) ?? {}
      if (crc32(array) !== written) refuse(`${shown(name)}: is damaged (its checksum differs)`)
      if (secondName !== name)
        refuse(`${shown(name)}: is damaged (its name is written twice, the other is ${shown(secondName)})`)
    }
    return arrays
  }
  try {
    return sorted(
      Object.entries(checked()).map(
        ([name, array]) => [name.slice(0, -4), decodeNpy(array, `${file}, ${shown(name)}`)] as const,
      ),
    )
  } catch (error) {
    if (error instanceof DataError) return refuse(error.message.replace(`${file}, `, '').replace(/\s+/g, ' '))
    throw error
  }
}

/**
 * Reads the tensors of a `.safetensors` or `.npz` file, and what the first kind says of them.
 *
 * @throws RunError when there is no such file, or it is something else or damaged
 */
export function readWeights(path: string): Container {
  if (!existsSync(path)) throw new RunError(`${path}: no such file`)
  const isKnown = /\.(safetensors|npz)$/.test(path)
  if (!isKnown || statSync(path).isDirectory()) {
    throw new RunError(`${path}: expected weights in a .safetensors or .npz file`)
  }
  const bytes = readBytes(path)
  if (path.endsWith('.npz')) return { ...decodeNpzWeights(bytes, path), metadata: {} }
  try {
    return decodeSafetensors(bytes, path)
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(error.message)
    throw error
  }
}
