import { encodeNpy } from '../../../src/data/npy.ts'
import { bytes } from '../forms/bytes.ts'
import { dataTarget, numbers } from '../read-data.ts'

export const target = dataTarget(
  'x.npy',
  bytes,
  25_000,
  async () => [
    encodeNpy({ shape: [20, 3], data: numbers }),
    encodeNpy({ shape: [5, 3, 2, 2], data: numbers }),
  ],
  {
    words: [
      "'descr': '",
      "'<f8'",
      "'>f4'",
      "'|u1'",
      "'fortran_order': True",
      "'shape': (",
      '(0, 3)',
      '(-1, 3)',
      'L',
      ', )',
    ],
  },
)
