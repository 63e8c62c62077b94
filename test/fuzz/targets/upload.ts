import { encodeNpy } from '../../../src/data/npy.ts'
import { readColumns } from '../../../src/studio/target/columns.ts'
import { imageSize } from '../../../src/studio/target/image.ts'
import { pointsTarget } from '../../../src/studio/target/points.ts'
import { encodePicture } from '../../data/files.ts'
import { bytes } from '../forms/bytes.ts'
import type { Target } from '../target.ts'
import { utf8 } from '../trained.ts'

const rows = Array.from({ length: 20 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i}`)
const numbers = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i))

export const target: Target = {
  form: bytes,
  words: [
    '\t',
    ';',
    ',',
    '"',
    '\n',
    'sep=;\n',
    "'shape': (",
    "'fortran_order': True",
    '<f8',
    '\xff\xd8\xff',
    'RIFF',
    'WEBP',
    'VP8X',
  ],
  errors: ['DataError'],
  share: 80_000,
  async open() {
    const pixels = Uint8Array.from({ length: 144 }, (_, i) => i)
    const pictures = await Promise.all(
      (['png', 'jpeg', 'webp'] as const).map(format => encodePicture([6, 8, 3], pixels, format)),
    )
    return {
      corpus: [
        utf8(`x,y,n\n${rows.join('\n')}\n`),
        utf8(rows.join('\n').replaceAll(',', '\t')),
        Buffer.from(`\ufeff${rows.join('\n')}`, 'utf16le'),
        encodeNpy({ shape: [20, 2], data: numbers }),
        ...pictures,
      ],
      read(input, drawn) {
        if (imageSize(input, 'x')) return
        const columns = readColumns(input, 'x')
        pointsTarget(columns, [0, 1], drawn.integer(2) === 0, 'x')
      },
    }
  },
}
