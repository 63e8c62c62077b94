import { simplify, spec, trace } from '../../../autodiff/index.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { RuntimeName } from './runtime-choice.ts'

/** Where the runtime's two files are. */
export interface RuntimeFiles {
  readonly wasm: string
  readonly mjs: string
}

/** What is to be done about a file that does not come. */
const UNREACHABLE =
  'ONNX Runtime, which trains in the page, could not be loaded. Check the connection, and that the server has all files of the page, then reload it.'

/** @throws Error in words, in place of the browser's own */
const inWords = <T>(loading: Promise<T>): Promise<T> =>
  loading.catch((error: Error) => {
    throw new Error(
      error.message.startsWith(UNREACHABLE) ? error.message : `${UNREACHABLE} (${error.message})`,
    )
  })

/** A file's bytes, and word of how many have arrived. */
async function download(url: string, tell: (received: number, total: number) => void): Promise<Uint8Array> {
  const response = await fetch(url).catch(() => {
    throw new Error(UNREACHABLE)
  })
  if (!response.ok || !response.body) throw new Error(`${UNREACHABLE} (${response.status})`)
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

/** The smallest graph: the first one starts the runtime. */
const smallest = () => simplify(trace(({ x }) => ({ y: x.neg() }), { x: spec([1]) }))

/** A runtime that is loaded, and what it is called. */
export interface Loaded {
  readonly engine: Runtime
  readonly name: string
}

/** What is known of the browser's graphics card; the types of WebGPU are not the library's. */
interface Graphics {
  readonly gpu?: { requestAdapter(): Promise<unknown> }
}

const hasAdapter = async (): Promise<boolean> =>
  Boolean(await (navigator as Graphics).gpu?.requestAdapter().catch(() => null))

/**
 * ONNX Runtime: its script and its files, loaded together. Where there is no adapter for WebGPU, the one for
 * WebAssembly.
 *
 * @throws Error when one does not come
 */
export async function loadRuntime(
  files: Readonly<Record<RuntimeName, RuntimeFiles>>,
  wanted: RuntimeName,
  tell: (received: number, total: number) => void,
): Promise<Loaded> {
  const graphics = wanted === 'webgpu' && (await hasAdapter())
  const own = files[graphics ? 'webgpu' : 'wasm']
  const [binary, { compile, compileScan, openModel, setRuntimeFiles }] = await inWords(
    Promise.all([
      download(own.wasm, tell),
      graphics ? import('../../../runtime/webgpu.ts') : import('../../../runtime/web.ts'),
    ]),
  )
  setRuntimeFiles(own, binary)
  await inWords(compile(smallest()).then(program => program.close()))
  const name = graphics ? 'WebGPU' : wanted === 'webgpu' ? 'WebAssembly: no WebGPU adapter' : 'WebAssembly'
  return { engine: { compile, compileScan, openModel }, name }
}
