import type { Buffer } from '../program.ts'
import type { Native } from './native.ts'
import { RELAXED, SIMD } from './wasm-module.ts'

/** Bytes of a page of memory, and of a thread's stack. */
const PAGE = 65_536
/** What the modules are built for. */
const MOST_PAGES = 65_535
/** Places begin at whole vectors. */
const ALIGNED = 64

const align = (bytes: number): number => ALIGNED * Math.ceil(bytes / ALIGNED)

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), character => character.charCodeAt(0))

interface Exports {
  readonly __heap_base: { readonly value: number }
  readonly _initialize: () => void
  readonly run: (layout: number) => number
}

interface Memory {
  readonly buffer: ArrayBufferLike
  grow(pages: number): void
}

/** What is used of it: types of browsers and of Node have it in different places. */
interface Assembly {
  readonly Memory: new (size: {
    readonly initial: number
    readonly maximum: number
    readonly shared?: boolean
  }) => Memory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  validate(bytes: Uint8Array): boolean
}

const assembly = (): Assembly => (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly

/** What a thread takes part with, other than the one that asks for runs. */
export interface Part {
  readonly module: object
  readonly memory: object
  /** The end of its stack. */
  readonly stack: number
  readonly thread: number
}

/**
 * Takes part in a program's runs, in a worker that does nothing else: it does not return.
 *
 * @param ready  called before
 */
export function takePart({ module, memory, stack, thread }: Part, ready: () => void): void {
  const { exports } = new (assembly().Instance)(module, { env: { memory } })
  const own = exports as { readonly __stack_pointer: { value: number }; help(thread: number): void }
  own.__stack_pointer.value = stack
  ready()
  own.help(thread)
}

/** Threads beside the one that asks for runs. */
export interface Team {
  /** With that one. */
  readonly threads: number
  /** Starts a worker that calls `takePart`; resolves when that is ready. */
  start(part: Part): Promise<{ terminate(): void }>
}

/** Fewer rows are not worth waking others for. */
const WORTH_WAKING = 64

/** One program in a memory of its own. */
class Opened {
  private memory: Memory
  private exports: Exports | undefined
  /** What the program needs in every run, in the order of `Layout` in native/wasm.cpp. */
  private readonly fixed: readonly number[]
  private end: number
  private readonly free: number
  /** Those that take part; empty where one could not be started, and the program runs on one thread. */
  private readonly helpers: Promise<readonly { terminate(): void }[]>

  constructor(
    module: object,
    words: Int32Array,
    constants: Float32Array,
    arena: number,
    scratch: number,
    parts: number,
    team?: Team,
  ) {
    const threads = team ? Math.min(team.threads, parts) : 1
    const size = { initial: 2, maximum: MOST_PAGES }
    this.memory = new (assembly().Memory)(team ? { ...size, shared: true } : size)
    const { exports } = new (assembly().Instance)(module, { env: { memory: this.memory } })
    const own = exports as unknown as Exports
    this.exports = own
    own._initialize()
    this.end = align(own.__heap_base.value)
    const [, memory, part] = words
    const [arenaBytes, scratchBytes] = [align(4 * arena), align(4 * scratch)]
    this.fixed = [
      this.put(words),
      ...[arenaBytes, scratchBytes].map(bytes => this.place(threads * bytes)),
      ...[arenaBytes, scratchBytes].map(bytes => bytes / 4),
      ...[memory, part * parts].map(floats => this.place(4 * floats)),
      this.put(constants),
      part,
      parts,
    ]
    this.helpers = team ? this.start(module, team, threads) : Promise.resolve([])
    this.free = this.end
  }

  private async start(
    module: object,
    team: Team,
    threads: number,
  ): Promise<readonly { terminate(): void }[]> {
    const starting = Array.from({ length: threads - 1 }, (_, i) =>
      team.start({ module, memory: this.memory, stack: this.place(PAGE) + PAGE, thread: i + 1 }),
    )
    const started = await Promise.allSettled(starting)
    const helpers = started.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []))
    if (helpers.length === starting.length) return helpers
    for (const helper of helpers) helper.terminate()
    return []
  }

  /** @throws RangeError when there is no more memory */
  private place(bytes: number): number {
    const at = this.end
    this.end = align(at + bytes)
    const missing = Math.ceil((this.end - this.memory.buffer.byteLength) / PAGE)
    if (missing > 0) this.memory.grow(missing)
    return at
  }

  private put(values: Buffer | Int32Array): number {
    const at = this.place(values.byteLength)
    new Uint8Array(this.memory.buffer, at).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    )
    return at
  }

  private take(values: Float32Array, at: number): void {
    values.set(new Float32Array(this.memory.buffer, at, values.length))
  }

  async run(
    steps: number,
    carried: number,
    rows: number,
    inputs: readonly Buffer[],
    outputs: readonly Float32Array[],
    others: readonly Float32Array[],
  ): Promise<number> {
    const helpers = await this.helpers
    const { exports } = this
    if (!exports) throw new Error('engine: the program has been closed')
    this.end = this.free
    const isSmall = rows > 0 && rows < WORTH_WAKING
    const threads = isSmall ? 1 : helpers.length + 1
    const stepOf = (values: Buffer, i: number): number => (i < carried ? 0 : values.byteLength / 4 / steps)
    const from = inputs.map(values => this.put(values))
    const to = outputs.map(values => this.place(values.byteLength))
    const also = others.map((values, i) => (values === outputs[i] ? to[i] : this.place(values.byteLength)))
    const layout = [
      ...this.fixed,
      ...[threads, steps, carried, rows, inputs.length, outputs.length],
      this.put(Int32Array.from(from)),
      this.put(Int32Array.from(inputs, stepOf)),
      this.put(Int32Array.from(to)),
      this.put(Int32Array.from(also)),
      this.put(Int32Array.from(outputs, stepOf)),
      this.place(4 * inputs.length * threads),
      this.place(4 * outputs.length * threads),
    ]
    const isOutside = exports.run(this.put(Int32Array.from(layout))) !== 0
    if (isOutside) throw new Error('engine: an index is out of the bounds of its table')
    outputs.forEach((values, i) => {
      this.take(values, to[i])
    })
    others.forEach((values, i) => {
      if (values !== outputs[i]) this.take(values, also[i])
    })
    return (steps - 1) % 2
  }

  /** What it holds is collected, though it may be kept. */
  close(): void {
    this.exports = undefined
    this.memory = new (assembly().Memory)({ initial: 0, maximum: 0 })
    void this.helpers.then(helpers => {
      for (const helper of helpers) helper.terminate()
    })
  }
}

/** The engine by modules in base64, with fused products where the machine has them (relaxed SIMD). */
function engineOf(modules: { readonly SIMD: string; readonly RELAXED: string }, team?: Team): Native {
  const relaxed = bytesOf(modules.RELAXED)
  const isRelaxed = assembly().validate(relaxed)
  const module = new (assembly().Module)(isRelaxed ? relaxed : bytesOf(modules.SIMD))
  return {
    open: (words, constants, arena, scratch, parts) =>
      new Opened(module, words, constants, arena, scratch, parts, team),
    run: (program, ...given) => (program as Opened).run(...given),
    close: program => (program as Opened).close(),
    instructions: () => (isRelaxed ? 'wasm relaxed simd' : 'wasm simd'),
  }
}

/**
 * The engine in WebAssembly, on one thread.
 *
 * @throws WebAssembly.CompileError where there are no vectors of 128 bits
 */
export const wasmEngine = (): Native => engineOf({ SIMD, RELAXED })

/**
 * The same with threads, to the same bits, for a worker of a page that is cross-origin isolated, or for Node: whoever asks for a
 * run waits for the others, which the thread of a window must not.
 *
 * @throws WebAssembly.CompileError where there are no vectors of 128 bits
 */
export const wasmTeamEngine = async (team: Team): Promise<Native> =>
  engineOf(await import('./wasm-threads-module.ts'), team)
