/** What is to be done about a file that does not come. */
export const UNREACHABLE =
  'ONNX Runtime could not be loaded. Check the connection, and that the server has all files of the page, then reload the page.'

/**
 * A file's bytes, and word of how many have arrived. Two workers may ask for it at once: where the browser's cache fails the
 * one while it keeps the file for the other, it is fetched past the cache.
 */
export async function download(
  url: string,
  tell: (received: number, total: number) => void,
  cache: RequestCache = 'default',
): Promise<Uint8Array> {
  const response = await fetch(url, { cache }).catch(() => {
    throw new Error(UNREACHABLE)
  })
  if (!response.ok || !response.body) throw new Error(`${UNREACHABLE} (${response.status})`)
  // What is compressed on its way is longer in the end than its header says.
  const total = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length'))
  const parts: Uint8Array[] = []
  let received = 0
  let told = 0
  for (const reader = response.body.getReader(); ; ) {
    const next = await reader.read().catch((error: Error) => {
      if (cache === 'no-store') throw error
    })
    if (!next) return download(url, tell, 'no-store')
    const { done, value } = next
    if (done) break
    parts.push(value)
    received += value.length
    if (received - told < 1 << 20) continue
    told = received
    tell(received, total)
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer())
}
