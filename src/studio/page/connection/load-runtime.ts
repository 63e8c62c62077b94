import { simplify, spec, trace } from '../../../autodiff/index.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { download, UNREACHABLE } from './download.ts'
import type { RuntimeName } from './runtime-choice.ts'

/** Where the runtime's two files are. */
export interface RuntimeFiles {
  readonly wasm: string
  readonly mjs: string
}

/** @throws Error in words, in place of the browser's own */
const inWords = <T>(loading: Promise<T>): Promise<T> =>
  loading.catch((error: Error) => {
    throw new Error(
      error.message.startsWith(UNREACHABLE) ? error.message : `${UNREACHABLE} (${error.message})`,
    )
  })

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
