import { simplify, spec, trace } from '../../../autodiff/index.ts'
import type { Part, Team } from '../../../runtime/cpu/wasm.ts'
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

type Tell = (received: number, total: number) => void

/** ONNX Runtime: its script and its files, loaded together. @throws Error when one does not come */
async function loadOnnx(own: RuntimeFiles, graphics: boolean, tell: Tell): Promise<Runtime> {
  const [binary, { compile, compileScan, openModel, setRuntimeFiles }] = await inWords(
    Promise.all([
      download(own.wasm, tell),
      graphics ? import('../../../runtime/webgpu.ts') : import('../../../runtime/web.ts'),
    ]),
  )
  setRuntimeFiles(own, binary)
  await inWords(compile(smallest()).then(program => program.close()))
  return { compile, compileScan, openModel }
}

/** More are not worth it for networks of a page's size. */
const MOST_THREADS = 4

/** A thread of the engine in a worker of its own. */
const startThread = (part: Part): Promise<Worker> =>
  new Promise((done, fail) => {
    const worker = new Worker(new URL('../thread.ts', import.meta.url), { type: 'module', name: 'thread' })
    worker.onmessage = () => done(worker)
    worker.onerror = fail
    worker.postMessage(part)
  })

/** Threads, where memory can be shared: in a page that is cross-origin isolated. */
function teamHere(): Team | undefined {
  const threads = Math.min(MOST_THREADS, navigator.hardwareConcurrency)
  return self.crossOriginIsolated && threads > 1 ? { threads, start: startThread } : undefined
}

/**
 * What runs graphs: the engine of our own in WebAssembly, which takes ONNX Runtime for what it does not run; or that on WebGPU,
 * where it is wanted and there is an adapter.
 *
 * @throws Error when a file does not come
 */
export async function loadRuntime(
  files: Readonly<Record<RuntimeName, RuntimeFiles>>,
  wanted: RuntimeName,
  tell: Tell,
): Promise<Loaded> {
  if (wanted === 'webgpu' && (await hasAdapter())) {
    return { engine: await loadOnnx(files.webgpu, true, tell), name: 'WebGPU' }
  }
  const { pageRuntime } = await inWords(import('../../../runtime/in-page.ts'))
  const team = teamHere()
  const name = team ? `WebAssembly, ${team.threads} threads` : 'WebAssembly'
  return {
    engine: pageRuntime(() => loadOnnx(files.wasm, false, tell), team),
    name: wanted === 'webgpu' ? `${name}: no WebGPU adapter` : name,
  }
}
