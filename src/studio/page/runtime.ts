import type { Engine } from '../engine/session.ts'

/** Where the runtime's two files are. */
export interface RuntimeFiles {
  readonly wasm: string
  readonly mjs: string
}

/** A file's bytes, and word of how many have arrived. */
async function download(url: string, tell: (received: number, total: number) => void): Promise<Uint8Array> {
  const response = await fetch(url)
  if (!response.ok || !response.body) throw new Error(`the runtime did not load (${response.status})`)
  // What is compressed on its way is longer in the end than its header says.
  const total = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length'))
  const parts: Uint8Array[] = []
  let received = 0
  let told = 0
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    received += value.length
    if (received - told < 1 << 20) continue
    told = received
    tell(received, total)
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer())
}

/** ONNX Runtime for WebAssembly: its script and its files, loaded together. @throws Error when one does not come */
export async function loadRuntime(
  { wasm, mjs }: RuntimeFiles,
  tell: (received: number, total: number) => void,
): Promise<Engine> {
  const [binary, { compile, compileScan, openModel, setRuntimeFiles }] = await Promise.all([
    download(wasm, tell),
    import('../../runtime/web.ts'),
  ])
  setRuntimeFiles({ mjs, wasm }, binary)
  return { compile, compileScan, openModel }
}
