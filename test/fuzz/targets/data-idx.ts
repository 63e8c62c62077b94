import { gzipSync } from 'node:zlib'
import { encodeIdx } from '../../data/files.ts'
import { bytes } from '../forms/bytes.ts'
import { dataTarget, pixels } from '../read-data.ts'

export const target = dataTarget('x.idx', bytes, 15_000, async () => [
  encodeIdx([20, 3, 3], pixels(180)),
  encodeIdx([20, 4], pixels(80)),
  gzipSync(encodeIdx([20, 3, 3], pixels(180))),
])
