import { parquetWriteBuffer } from 'hyparquet-writer'
import sharp from 'sharp'

/** The bytes of an IDX file of unsigned bytes. */
export function encodeIdx(shape: readonly number[], data: ArrayLike<number>, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header[2] = type
  header[3] = shape.length
  shape.forEach((n, i) => {
    header.writeUInt32BE(n, 4 + 4 * i)
  })
  return Buffer.concat([header, Buffer.from(Array.from(data))])
}

/** The bytes of CIFAR-10 records; `pixels` are `[n, 32, 32, 3]`. */
export function encodeCifar(labels: readonly number[], pixels: Uint8Array): Buffer {
  return Buffer.concat(
    labels.map((label, n) => {
      const planes = [0, 1, 2].map(channel =>
        Buffer.from(Array.from({ length: 1024 }, (_, i) => pixels[3072 * n + 3 * i + channel])),
      )
      return Buffer.concat([Buffer.of(label), ...planes])
    }),
  )
}

/** A picture file of these pixels, `[height, width, channels]`. */
export function encodePicture(
  [height, width, channels]: readonly [number, number, 1 | 3 | 4],
  pixels: Uint8Array,
  format: 'png' | 'jpeg' | 'webp' = 'png',
): Promise<Buffer> {
  const options = { lossless: true, quality: 100 }
  return sharp(pixels, { raw: { width, height, channels } }).toFormat(format, options).toBuffer()
}

/** The bytes of a Parquet file. */
export const encodeParquet = (
  columns: readonly { readonly name: string; readonly data: unknown[]; readonly type?: string }[],
  options: object = {},
): Buffer =>
  Buffer.from(parquetWriteBuffer({ columnData: columns as never, ...options }) as unknown as ArrayBuffer)
