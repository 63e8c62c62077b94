import { half } from '../../data/half.ts'

/** Numbers of 16 bits (IEEE 754 binary16) as numbers, little-endian. */
export function fromHalves(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.length >> 1 }, (_, i) => half(view.getUint16(2 * i, true)))
}

/** The nearest numbers of 16 bits; those smaller than 2^-14 lose digits. @throws RangeError above 65504 */
export function toHalves(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(2 * values.length)
  const view = new DataView(bytes.buffer)
  values.forEach((value, i) => {
    const size = Math.abs(value)
    if (!(size <= 65504)) throw new RangeError(`${value} is no number of 16 bits`)
    const exponent = Math.max(-14, Math.floor(Math.log2(size)))
    // A fraction that is rounded up to the next power of two carries into the exponent by itself.
    const units = Math.round(size / 2 ** (exponent - 10))
    const bits = units + (exponent + 14) * 1024
    view.setUint16(2 * i, size === 0 ? 0 : bits | (value < 0 ? 0x8000 : 0), true)
  })
  return bytes
}
