import { DYNAMIC, jvp, simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import type { Runtime } from '../runtime/runtime.ts'

type Field = (x: Tensor, s: Tensor, t: Tensor) => Tensor

/** Runs a field on points `[n, D]` at one pair of times: values `[n, D]` and the Jacobian `[n, D, D]`, `[i, j] = d f_j/d x_i`. */
export interface Linearized {
  /** @param t  of a field of two times; default `s` */
  run(x: Float64Array, s: number, t?: number): Promise<{ values: Float64Array; jacobian: Float64Array }>
  close(): Promise<void>
}

/** Rows that go through a network at once. */
const ROWS = 16_384

/** Compiles a field with its Jacobian: a forward derivative along each coordinate, each point standing once for each. */
export async function linearize(runtime: Runtime, field: Field, dimension: number): Promise<Linearized> {
  const rows = spec([DYNAMIC, dimension], 'float64')
  const time = spec([DYNAMIC, 1], 'float64')
  const graph = trace(({ x, along, s, t }) => jvp((x: Tensor) => field(x, s, t), [x], [along]), {
    x: rows,
    along: rows,
    s: time,
    t: time,
  })
  const program = await runtime.compile(simplify(graph))
  const square = dimension * dimension
  const block = Math.max(1, Math.floor(ROWS / dimension))
  const some = async (x: Float64Array, s: number, t: number) => {
    const count = x.length / dimension
    const copies = new Float64Array(count * square)
    const along = new Float64Array(count * square)
    for (let i = 0; i < copies.length; i++) {
      const k = i % dimension
      copies[i] = x[Math.floor(i / square) * dimension + k]
      along[i] = Number(Math.floor(i / dimension) % dimension === k)
    }
    const times = [s, t].map(value => new Float64Array(count * dimension).fill(value))
    const [y, dy] = (await program.run([copies, along, ...times])) as Float64Array[]
    const values = x.map((_, i) => y[Math.floor(i / dimension) * square + (i % dimension)])
    return { values, jacobian: dy }
  }
  return {
    run: async (x, s, t = s) => {
      const count = x.length / dimension
      if (count <= block) return some(x, s, t)
      const values = new Float64Array(x.length)
      const jacobian = new Float64Array(count * square)
      for (let from = 0; from < count; from += block) {
        const part = await some(x.slice(from * dimension, (from + block) * dimension), s, t)
        values.set(part.values, from * dimension)
        jacobian.set(part.jacobian, from * square)
      }
      return { values, jacobian }
    },
    close: () => program.close(),
  }
}
