import type { Buffer } from '../program.ts'
import type { Native } from './native.ts'
import { RELAXED, SIMD } from './wasm-module.ts'

/** Bytes of a page of memory. */
const PAGE = 65_536
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
  readonly buffer: ArrayBuffer
  grow(pages: number): void
}

/** What is used of it: types of browsers and of Node have it in different places. */
interface Assembly {
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => Memory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  validate(bytes: Uint8Array): boolean
}

const assembly = (): Assembly => (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly

/** One program in a memory of its own. */
class Opened {
  private memory = new (assembly().Memory)({ initial: 2, maximum: PAGE })
  private exports: Exports | undefined
  /** What the program needs in every run, in the order of `Layout` in native/wasm.cpp. */
  private readonly fixed: readonly number[]
  private end: number
  private readonly free: number

  constructor(
    module: object,
    words: Int32Array,
    constants: Float32Array,
    arena: number,
    scratch: number,
    parts: number,
  ) {
    const { exports } = new (assembly().Instance)(module, { env: { memory: this.memory } })
    const own = exports as unknown as Exports
    this.exports = own
    own._initialize()
    this.end = align(own.__heap_base.value)
    const [, memory, part] = words
    this.fixed = [
      this.put(words),
      ...[arena, scratch, memory, part * parts].map(floats => this.place(4 * floats)),
      this.put(constants),
      part,
      parts,
    ]
    this.free = this.end
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

  run(
    steps: number,
    carried: number,
    rows: number,
    inputs: readonly Buffer[],
    outputs: readonly Float32Array[],
    others: readonly Float32Array[],
  ): number {
    const { exports } = this
    if (!exports) throw new Error('engine: the program has been closed')
    this.end = this.free
    const stepOf = (values: Buffer, i: number): number => (i < carried ? 0 : values.byteLength / 4 / steps)
    const from = inputs.map(values => this.put(values))
    const to = outputs.map(values => this.place(values.byteLength))
    const also = others.map((values, i) => (values === outputs[i] ? to[i] : this.place(values.byteLength)))
    const layout = [
      ...this.fixed,
      ...[steps, carried, rows, inputs.length, outputs.length],
      this.put(Int32Array.from(from)),
      this.put(Int32Array.from(inputs, stepOf)),
      this.put(Int32Array.from(to)),
      this.put(Int32Array.from(also)),
      this.put(Int32Array.from(outputs, stepOf)),
      this.place(4 * inputs.length),
      this.place(4 * outputs.length),
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
  }
}

/**
 * The engine in WebAssembly, on one thread: with fused products where the machine that runs it has them (relaxed SIMD).
 *
 * @throws WebAssembly.CompileError where there are no vectors of 128 bits
 */
export function wasmEngine(): Native {
  const relaxed = bytesOf(RELAXED)
  const isRelaxed = assembly().validate(relaxed)
  const module = new (assembly().Module)(isRelaxed ? relaxed : bytesOf(SIMD))
  return {
    open: (words, constants, arena, scratch, parts) =>
      new Opened(module, words, constants, arena, scratch, parts),
    run: async (program, ...given) => (program as Opened).run(...given),
    close: program => (program as Opened).close(),
    instructions: () => (isRelaxed ? 'wasm relaxed simd' : 'wasm simd'),
  }
}
