import { simplify, spec, trace } from '../autodiff/index.ts'
import type { Products } from '../metric/products.ts'
import type { Program } from '../runtime/program.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Products of matrices by a runtime, a program for each size. Close them when done. */
export function runtimeProducts(runtime: Runtime): Products & { close(): Promise<void> } {
  const programs = new Map<string, Promise<Program>>()
  const multiply = async <T extends Float32Array | Float64Array>(a: T, b: T, inner: number): Promise<T> => {
    const dtype = a instanceof Float64Array ? 'float64' : 'float32'
    const [rows, columns] = [a, b].map(({ length }) => length / inner)
    const key = [dtype, rows, columns, inner].join(' ')
    const specs = { a: spec([rows, inner], dtype), b: spec([columns, inner], dtype) }
    const compiled =
      programs.get(key) ??
      runtime.compile(simplify(trace(({ a, b }) => a.matmul(b, { transposeB: true }), specs)))
    programs.set(key, compiled)
    return (await (await compiled).run([a, b]))[0] as T
  }
  return {
    precise: multiply,
    rough: multiply,
    close: async () => {
      for (const program of programs.values()) await (await program).close()
    },
  }
}
