import { DataError } from '../../../data/error.ts'
import type { Columns } from '../../target/columns.ts'
import { densityOf, imageSize, placeOf } from '../../target/image.ts'
import { SIDE } from '../../target/raster.ts'
import { lazyChunk } from '../connection/lazy-chunks.ts'

/** Bytes of a file that is read. */
const LARGEST = 32 << 20

/** The pixels of an image, whole on a square. */
async function pixelsOf(file: File): Promise<Uint8ClampedArray> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new DataError(
      `${file.name}: the image is damaged, or in a format that this browser does not support`,
    )
  })
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d', { willReadFrequently: true })!
  context.imageSmoothingQuality = 'high'
  // Turned as the camera was held, which its header's size is not.
  const { x, y, width, height } = placeOf(bitmap)
  context.drawImage(bitmap, x, y, width, height)
  bitmap.close()
  return context.getImageData(0, 0, SIDE, SIDE).data
}

const tables = lazyChunk(() => import('../../target/columns.ts'))

/** What a file holds: the columns of a table, or the cells of an image. @throws DataError with one line */
export async function openTargetFile(
  file: File,
  lightIsInk: boolean,
): Promise<{ readonly columns: Columns } | { readonly cells: Uint8Array }> {
  if (file.size > LARGEST) {
    throw new DataError(`${file.name}: expected at most 32 MB, found ${Math.ceil(file.size / (1 << 20))} MB`)
  }
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (imageSize(bytes, file.name)) {
    return { cells: densityOf(await pixelsOf(file), lightIsInk, file.name) }
  }
  const { readColumns } = await tables()
  return { columns: readColumns(bytes, file.name) }
}
