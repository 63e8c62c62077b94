import { decodeSafetensors, encodeSafetensors } from '../../../src/serialization/safetensors.ts'
import { safetensors } from '../forms/safetensors.ts'
import type { Target } from '../target.ts'

const numbers = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i))

export const target: Target = {
  form: safetensors,
  words: [
    'F64',
    'F32',
    'F16',
    'BF16',
    'I64',
    'U8',
    'BOOL',
    'F8_E4M3',
    '__metadata__',
    'oxbow_crc32',
    'oxbow_checksum',
  ],
  errors: ['SafetensorsError'],
  share: 120_000,
  async open() {
    const tensors = {
      a: { shape: [2, 3], data: numbers(6) },
      b: { shape: [], data: Float64Array.of(1) },
      c: { shape: [0, 4], data: numbers(0) },
    }
    const corpus = [
      encodeSafetensors({ tensors, metadata: { format: 'oxbow', config: '{"steps":[1,2]}' } }),
      encodeSafetensors({ tensors: {}, metadata: {} }),
    ]
    return { corpus, read: input => decodeSafetensors(input, 'a.safetensors') }
  },
}
