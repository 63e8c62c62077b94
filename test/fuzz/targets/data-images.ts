import { dirname } from 'node:path'
import { encodePicture } from '../../data/files.ts'
import { bytes } from '../forms/bytes.ts'
import { dataTarget, pixels } from '../read-data.ts'

/** By its content it is whatever it is, as in any folder of pictures. */
export const target = dataTarget(
  'x.png',
  bytes,
  4000,
  () =>
    Promise.all(
      (['png', 'jpeg', 'webp'] as const).map(format => encodePicture([6, 8, 3], pixels(144), format)),
    ),
  {
    words: ['IHDR', 'IDAT', 'IEND', 'tRNS', 'VP8X', 'JFIF'],
    spec: path => ({ images: { path: dirname(path), size: 4 } }),
  },
)
