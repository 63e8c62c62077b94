import { type FileHandle, open } from 'node:fs/promises'

/** Bytes that are read at a time. */
const PIECE = 256 << 10

/** A file as the body of a response, read as fast as it is taken: a slow reader holds a piece of it, not the whole. */
export function fileBody(path: string): ReadableStream<Uint8Array> {
  let file: FileHandle | undefined
  const close = async () => {
    await file?.close()
    file = undefined
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async controller => {
        try {
          file ??= await open(path)
          const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE), 0, PIECE)
          if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead))
          await close()
          controller.close()
        } catch (error) {
          await close()
          throw error
        }
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  )
}
