import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Container,
  decodeSafetensors,
  encodeSafetensors,
  SafetensorsError,
} from '../../src/serialization/safetensors.ts'

const tensor = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }), fc.boolean(), fc.integer())
  .map(([shape, wide, seed]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const values = Array.from({ length: size }, (_, i) => Math.fround(Math.sin(seed + i) * 10 ** (i % 7)))
    return { shape, data: wide ? Float64Array.from(values) : Float32Array.from(values) }
  })
const name = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('0.weight', '7', '__proto__', 'constructor', 'toString'),
)
const container: fc.Arbitrary<Container> = fc.record({
  tensors: fc.dictionary(
    name.filter(key => key !== '__metadata__'),
    tensor,
    { maxKeys: 5 },
  ),
  metadata: fc.dictionary(name, fc.string({ unit: 'grapheme' }), { maxKeys: 3 }),
})

const plain = ({ tensors, metadata }: Container) => ({
  tensors: Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)),
  metadata: Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
})

const example: Container = {
  tensors: {
    a: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    b: { shape: [], data: Float64Array.of(Math.PI) },
  },
  metadata: { format: 'test' },
}

/** A container's bytes with another header, which has no checksum. */
function withHeader(
  change: (header: Record<string, unknown>) => unknown,
  bytes = encodeSafetensors(example),
) {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  const { oxbow_checksum: _, oxbow_crc32: __, ...metadata } = header.__metadata__
  const text = new TextEncoder().encode(JSON.stringify(change({ ...header, __metadata__: metadata })))
  const result = new Uint8Array(8 + text.length + bytes.length - 8 - length)
  new DataView(result.buffer).setBigUint64(0, BigInt(text.length), true)
  result.set(text, 8)
  result.set(bytes.subarray(8 + length), 8 + text.length)
  return result
}

describe('safetensors', () => {
  test('any container survives writing and reading, from an array or a slice of a buffer', () => {
    fc.assert(
      fc.property(container, fc.integer({ min: 0, max: 9 }), (given, offset) => {
        const bytes = encodeSafetensors(given)
        expect(plain(decodeSafetensors(bytes, 'file'))).toEqual(plain(given))
        const pool = Buffer.alloc(bytes.length + offset + 5, 0xab)
        pool.set(bytes, offset)
        const slice = pool.subarray(offset, offset + bytes.length)
        expect(plain(decodeSafetensors(slice, 'file'))).toEqual(plain(given))
      }),
    )
  })

  test('is laid out as its specification says', () => {
    const bytes = encodeSafetensors(example)
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
    expect(length % 8).toBe(0)
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: {
        oxbow_checksum: 'crc32',
        format: 'test',
        oxbow_crc32: expect.stringMatching(/^[0-9a-f]{8}$/),
      },
      a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      b: { dtype: 'F64', shape: [], data_offsets: [24, 32] },
    })
    const data = new DataView(bytes.buffer, 8 + length)
    expect(data.getFloat32(4, true)).toBe(2)
    expect(data.getFloat64(24, true)).toBe(Math.PI)
    expect(bytes.length).toBe(8 + length + 32)
  })

  test('reads a header whose tensors stand in another order than their data', () => {
    const turned = withHeader(({ __metadata__, a, b }) => ({ b, __metadata__, a }))
    expect(plain(decodeSafetensors(turned, 'file'))).toEqual(plain(example))
  })

  test('a file cut anywhere is refused', () => {
    const bytes = encodeSafetensors(example)
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length), 'cut.safetensors')).toThrow(SafetensorsError)
    }
  })

  test('a file with any byte changed is refused, or read with one value or name changed', () => {
    const bytes = encodeSafetensors(example)
    const anyByte = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(anyByte, ([at, flip]) => {
        const damaged = bytes.slice()
        damaged[at] ^= flip
        try {
          const { tensors } = decodeSafetensors(damaged, 'file')
          for (const { shape, data } of Object.values(tensors)) {
            expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1))
          }
        } catch (error) {
          expect(error).toBeInstanceOf(SafetensorsError)
          expect((error as Error).message).toMatch(/^file: [^\n]+$/)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('random bytes are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        expect(() => decodeSafetensors(bytes, 'file')).toThrow(SafetensorsError)
      }),
    )
  })

  const tensorA = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] }
  test.each<[string, (header: Record<string, unknown>) => unknown, RegExp]>([
    [
      'another type',
      h => ({ ...h, a: { ...tensorA, dtype: 'F16' } }),
      /tensor a: bytes 0\.\.24 do not hold \[2, 3\] of F16/,
    ],
    [
      'a shape that is too large',
      h => ({ ...h, a: { ...tensorA, shape: [9, 9] } }),
      /tensor a: bytes 0\.\.24 do not hold/,
    ],
    ['a negative size', h => ({ ...h, a: { ...tensorA, shape: [-2, -3] } }), /tensor a: expected/],
    [
      'an overlap',
      h => ({ ...h, b: { dtype: 'F64', shape: [], data_offsets: [20, 28] } }),
      /tensor b: bytes 20\.\.28/,
    ],
    ['a hole', h => ({ a: h.a }), /8 bytes after the last tensor/],
    ['an entry that is no object', h => ({ ...h, a: 5 }), /tensor a: expected/],
    [
      'metadata that is no text',
      h => ({ ...h, __metadata__: { x: 1 } }),
      /__metadata__: expected texts by name/,
    ],
    ['metadata that is null', h => ({ ...h, __metadata__: null }), /__metadata__: expected texts by name/],
    ['a header that is a list', () => [1], /header is not a JSON object/],
  ])('%s is refused', (_, change, message) => {
    expect(() => decodeSafetensors(withHeader(change), 'file')).toThrow(message)
  })

  test('a header longer than the file is refused before it is read', () => {
    const bytes = encodeSafetensors(example)
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 63n, true)
    expect(() => decodeSafetensors(bytes, 'file')).toThrow(
      /a header of 9223372036854775808 bytes in a file of/,
    )
  })
})
