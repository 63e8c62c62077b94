const chunks: (() => Promise<unknown>)[] = []

/** Code of the page that is loaded when it is first asked for. */
export function lazyChunk<T>(load: () => Promise<T>): () => Promise<T> {
  chunks.push(load)
  return load
}

/** Loads what was not asked for yet, so that the page goes on where its host is out of reach. */
export async function prefetchChunks(): Promise<void> {
  // What does not come now is tried again when it is asked for.
  for (const load of chunks) await load().catch(() => {})
}
