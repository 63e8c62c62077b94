import { afterEach, describe, expect, test } from 'vitest'
import {
  concat,
  constant,
  DYNAMIC,
  evaluate,
  grad,
  jvp,
  onesLike,
  scatterAdd,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../src/autodiff/index.ts'
import { compile, compileScan, openModel } from '../../src/runtime/node.ts'
import { lower, lowerScan } from '../../src/runtime/onnx.ts'
import type { Buffer, Program } from '../../src/runtime/program.ts'
import { value } from '../autodiff/values.ts'

const f32 = (...numbers: number[]) => Float32Array.from(numbers)
const open: Program[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(program => program.close()))
})

async function build<S>(fn: Parameters<typeof trace<S>>[0], specs: S): Promise<Program> {
  const program = await compile(simplify(trace(fn, specs)))
  open.push(program)
  return program
}

const lists = (results: readonly Buffer[]) => results.map(result => Array.from(result as Float32Array))

describe('outputs', () => {
  test('may be an input, a constant, one node twice, and the operand of another', async () => {
    const program = await build(
      ({ x }) => {
        const y = x.mul(2)
        return { same: x, fixed: constant([7, 8]), y, again: y, next: y.add(1) }
      },
      { x: spec([2]) },
    )
    expect(lists(await program.run([f32(1, 2)]))).toEqual([
      [1, 2],
      [7, 8],
      [2, 4],
      [2, 4],
      [3, 5],
    ])
  })

  test('may have the names of inputs', async () => {
    const program = await build(({ w, x }) => ({ x: w.add(x), w: x.sub(w) }), { w: spec([1]), x: spec([1]) })
    expect(lists(await program.run([f32(3), f32(5)]))).toEqual([[8], [2]])
  })

  test('may have the name of an input that is handed through', async () => {
    const program = await build(({ a, b }) => ({ b: a, a: b, c: a.add(b) }), { a: spec([1]), b: spec([1]) })
    expect(lists(await program.run([f32(3), f32(5)]))).toEqual([[3], [5], [8]])
  })

  test('may have no names, or names like those of the lowering', async () => {
    const list = await build(([x, y]) => [x.add(y), x.sub(y)], [spec([1]), spec([1])])
    expect(lists(await list.run([f32(3), f32(5)]))).toEqual([[8], [-2]])
    const one = await build(x => (x as Tensor).neg(), spec([1]))
    expect(lists(await one.run([f32(3)]))).toEqual([[-3]])
    const tricky = await build(
      ({ c0, v0_mul, n0_MatMul, n0_Transpose }) => ({
        c1: c0.mul(2).add(constant([5])),
        v1_add: v0_mul.sum(0, true).reshape([1]),
        n0_Reshape: n0_Transpose
          .reshape([1, 1, 1])
          .matmul(n0_MatMul.reshape([1, 1, 1]), { transposeB: true }),
      }),
      { c0: spec([1]), v0_mul: spec([2, 1]), n0_MatMul: spec([1]), n0_Transpose: spec([1]) },
    )
    expect(lists(await tricky.run([f32(3), f32(5, 6), f32(7), f32(2)]))).toEqual([[11], [11], [14]])
  })

  test('may follow an input with the name of a node', async () => {
    const program = await build(({ v0_exp }) => v0_exp.exp().log(), { v0_exp: spec([1]) })
    expect(lists(await program.run([f32(0)]))).toEqual([[0]])
  })

  test('of a graph without inputs', async () => {
    const program = await build(
      () =>
        constant(2, [2])
          .add(constant([1, 2]))
          .sin(),
      {},
    )
    const [[a, b]] = lists(await program.run([]))
    expect([a, b]).toEqual([Math.fround(Math.sin(3)), Math.fround(Math.sin(4))])
  })

  test('of every type', async () => {
    const program = await build(({ x, i }) => [x.less(1), i.add(2), x.cast('float64'), x.cast('int64')], {
      x: spec([2]),
      i: spec([2], 'int64'),
    })
    const [less, sum, wide, whole] = await program.run([f32(0.5, 1.5), BigInt64Array.of(1n, 2n)])
    expect([...(less as Uint8Array)]).toEqual([1, 0])
    expect(sum).toEqual(BigInt64Array.of(3n, 4n))
    expect(wide).toEqual(Float64Array.of(0.5, 1.5))
    expect(whole).toEqual(BigInt64Array.of(0n, 1n))
  })
})

describe('a program', () => {
  const specs = { x: spec([2, 3]), n: spec([], 'int64'), c: spec([2], 'bool') }
  const ok = [new Float32Array(6), BigInt64Array.of(3n), new Uint8Array(2)] as const
  const add = () => build(({ x, n, c }) => [x.sum(), n.add(1), c.cast('float32')], specs)

  test.each<[string, readonly unknown[], RegExp]>([
    ['too few elements', [new Float32Array(5), ok[1], ok[2]], /input x: 5 elements do not fill \[2, 3\]/],
    ['too many elements', [new Float32Array(12), ok[1], ok[2]], /input x: 12 elements do not fill \[2, 3\]/],
    [
      'another type',
      [new Float64Array(6), ok[1], ok[2]],
      /input x: expected Float32Array, found Float64Array/,
    ],
    ['numbers for integers', [ok[0], f32(3), ok[2]], /input n: expected BigInt64Array, found Float32Array/],
    ['a plain array', [[1, 2, 3, 4, 5, 6], ok[1], ok[2]], /input x: expected Float32Array, found Array/],
    ['too few inputs', [ok[0]], /expected 3 inputs, found 1/],
    ['too many inputs', [...ok, ok[0]], /expected 3 inputs, found 4/],
  ])('refuses %s', async (_, inputs, message) => {
    const program = await add()
    await expect(program.run(inputs as Buffer[])).rejects.toThrow(message)
    expect(await program.run(ok)).toHaveLength(3)
  })

  test('does not reuse its results', async () => {
    const program = await build(x => (x as Tensor).mul(2), spec([2]))
    const [first] = await program.run([f32(1, 2)])
    await program.run([f32(5, 6)])
    expect([...(first as Float32Array)]).toEqual([2, 4])
  })

  test('gives the same bits in every run and with one or two threads', async () => {
    const graph = simplify(
      trace(([x, w]) => x.matmul(w).silu().matmul(w).sum(0), [spec([64, 128]), spec([128, 128])]),
    )
    const data = [new Float32Array(64 * 128), new Float32Array(128 * 128)].map(a =>
      a.map((_, i) => Math.sin(i)),
    )
    const results: Buffer[] = []
    for (const threads of [1, 2, 2]) {
      const program = await compile(graph, { threads })
      open.push(program)
      results.push((await program.run(data))[0], (await program.run(data))[0])
    }
    for (const result of results) expect(result).toEqual(results[0])
  })
})

describe('a dynamic batch axis', () => {
  const weight = constant([1, 2, 3, 4, 5, 6], [3, 2])

  test('a number is as long as the open axis', async () => {
    const graph = simplify(
      trace(
        ({ x, s }) => {
          const column = s.reshape([DYNAMIC, 1])
          return concat([x, onesLike(column).mul(3), column])
        },
        { x: spec([DYNAMIC, 1]), s: spec([DYNAMIC]) },
      ),
    )
    const program = await compile(graph)
    open.push(program)
    const [x, s] = [
      [7, 8],
      [0.5, 0.25],
    ]
    const rows = [7, 3, 0.5, 8, 3, 0.25]
    expect(lists(await program.run([f32(...x), f32(...s)]))).toEqual([rows])
    const [found] = evaluate(graph, [value(x, [2, 1]), value(s)])
    expect([found.shape, [...found.data]]).toEqual([[2, 3], rows])
  })

  test('takes its size from each run', async () => {
    const program = await build(
      ({ x, s }) =>
        x
          .mul(s.reshape([DYNAMIC, 1]))
          .matmul(weight)
          .add(1),
      { x: spec([DYNAMIC, 3]), s: spec([DYNAMIC]) },
    )
    expect(lists(await program.run([f32(1, 2, 3), f32(2)]))).toEqual([[45, 57]])
    expect(lists(await program.run([f32(1, 0, 0, 0, 1, 0, 0, 0, 1), f32(1, 2, 3)]))).toEqual([
      [2, 3, 7, 9, 16, 19],
    ])
    await expect(program.run([f32(1, 2, 3, 4), f32(1)])).rejects.toThrow(
      /4 elements do not fill \[batch, 3\]/,
    )
  })

  test('of tokens, of a sum over it and of both derivatives agrees with the evaluator', async () => {
    const graph = trace(
      ({ x, c }) => {
        const f = (x: Tensor) => x.matmul(weight).sin().sum([0, 1]).square().sum()
        const tangent = jvp(c => x.add(c).cos().sum([0, 1]), [c], [onesLike(c)])[1]
        return [grad(f)(x), tangent, x.matmul(weight)]
      },
      { x: spec([DYNAMIC, 2, 3]), c: spec([1, 1, 3]) },
    )
    const program = await compile(simplify(graph))
    open.push(program)
    for (const n of [1, 3]) {
      const x = value(
        Array.from({ length: 6 * n }, (_, i) => Math.sin(i)),
        [n, 2, 3],
      )
      const c = value([0.1, 0.2, 0.3], [1, 1, 3])
      const found = await program.run([Float32Array.from(x.data), Float32Array.from(c.data)])
      evaluate(graph, [x, c]).forEach(({ data }, k) => {
        expect(found[k]).toHaveLength(data.length)
        data.forEach((e, i) => {
          expect(Number(found[k][i])).toBeCloseTo(e, 4)
        })
      })
    }
  })

  test('is kept by a file that is read back', async () => {
    const bytes = lower(
      simplify(trace(({ x, s }) => ({ y: x.mul(s) }), { x: spec([DYNAMIC, 2]), s: spec([]) })),
    )
    const { program, inputs } = await openModel(bytes)
    open.push(program)
    expect(inputs).toEqual([
      { name: 'x', shape: [DYNAMIC, 2], dtype: 'float32' },
      { name: 's', shape: [], dtype: 'float32' },
    ])
    expect(lists(await program.run([f32(1, 2, 3, 4), f32(2)]))).toEqual([[2, 4, 6, 8]])
  })
})

describe('a scan', () => {
  const step = ({ w, m, x }: { w: Tensor; m: Tensor; x: Tensor }) => {
    const momentum = m.mul(0.9).add(w.sub(x))
    return { w: w.sub(momentum.mul(0.1)), m: momentum, loss: w.sub(x).square().sum(), seen: x }
  }
  const graph = simplify(trace(step, { w: spec([2]), m: spec([2]), x: spec([2]) }))

  test.each([1, 2, 5])('of %i steps is a loop', async steps => {
    const scan = await compileScan(graph, 2)
    const single = await compile(graph)
    open.push(scan, single)
    const rows = Array.from({ length: steps }, (_, i) => f32(Math.sin(i), Math.cos(i)))
    let state: Buffer[] = [f32(1, 2), f32(0, 0)]
    const losses: number[] = []
    for (const row of rows) {
      const [w, m, loss] = await single.run([...state, row])
      state = [w, m]
      losses.push(Number(loss[0]))
    }
    const all = f32(...rows.flatMap(row => [...row]))
    const [w, m, loss, seen] = await scan.run([f32(1, 2), f32(0, 0), all])
    expect([w, m]).toEqual(state)
    expect([...(loss as Float32Array)]).toEqual(losses)
    expect(seen).toEqual(all)
  })

  test('may hand a state through, give it back as an output and use large constants', async () => {
    const table = constant(
      Float32Array.from({ length: 1000 }, (_, i) => i),
      [1000],
    )
    const graph = simplify(
      trace(
        ({ n, fixed, x }) => ({
          n: n.add(1),
          fixed,
          value: x.add(table.slice(0, 998).sum()),
          before: n,
          one: constant(1),
        }),
        { n: spec([]), fixed: spec([2]), x: spec([]) },
      ),
    )
    const program = await compileScan(graph, 2)
    open.push(program)
    expect(lists(await program.run([f32(3), f32(7, 8), f32(1, 2)]))).toEqual([
      [5],
      [7, 8],
      [1998, 1999],
      [3, 4],
      [1, 1],
    ])
  })

  test('refuses a row that is cut off', async () => {
    const program = await compileScan(graph, 2)
    open.push(program)
    await expect(program.run([f32(1, 2), f32(0, 0), f32(1, 2, 3)])).rejects.toThrow(/input x: 3 elements/)
    await expect(program.run([f32(1, 2, 3, 4), f32(0, 0), f32(1, 2)])).rejects.toThrow(/input w: 4 elements/)
  })

  test('has the names of its inputs and outputs in the file', () => {
    const text = new TextDecoder('latin1').decode(lowerScan(graph, 2))
    for (const name of ['loss', 'seen', 'steps', 'Scan']) expect(text).toContain(name)
  })
})

describe('rows of a table', () => {
  test('are read by integers, in any shape', async () => {
    const program = await build(({ table, i }) => table.gather(i), {
      table: spec([4, 2]),
      i: spec([2, 2], 'int64'),
    })
    const out = await program.run([f32(0, 1, 10, 11, 20, 21, 30, 31), BigInt64Array.of(3n, 0n, 3n, 2n)])
    expect(lists(out)).toEqual([[30, 31, 0, 1, 30, 31, 20, 21]])
  })

  test('outside of it are refused', async () => {
    const program = await build(({ table, i }) => table.gather(i), {
      table: spec([2]),
      i: spec([1], 'int64'),
    })
    await expect(program.run([f32(1, 2), BigInt64Array.of(2n)])).rejects.toThrow(/out of .*bounds/i)
  })

  test('are added to by integers; many equal ones lose nothing with two threads', async () => {
    const n = 20_000
    const program = await build(
      ({ i, u }) => [scatterAdd(i, u, 3), scatterAdd(i, u.reshape([n, 1]).mul(constant([1, 2])), 3)],
      { i: spec([n], 'int64'), u: spec([n]) },
    )
    const i = BigInt64Array.from({ length: n }, (_, k) => BigInt(k % 2 ? 2 : 0))
    for (let run = 0; run < 3; run++) {
      const out = lists(await program.run([i, new Float32Array(n).fill(1)]))
      expect(out).toEqual([
        [n / 2, 0, n / 2],
        [n / 2, n, 0, 0, n / 2, n],
      ])
    }
  })
})

describe('large and special values', () => {
  test('a constant of a million numbers', async () => {
    const table = Float32Array.from({ length: 1_000_000 }, (_, i) => i % 97)
    const program = await build(({ x }) => constant(table, [1000, 1000]).matmul(x).sum(), {
      x: spec([1000, 1]),
    })
    const [[total]] = lists(await program.run([new Float32Array(1000).fill(1)]))
    expect(Math.abs(total / table.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-6)
  })

  test('constants keep infinity, not-a-number, denormals and large integers', async () => {
    const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e-42, -0]
    const program = await build(
      ({ x, i }) => [
        concat([constant(values), x]),
        i.add(constant(Number.MAX_SAFE_INTEGER, [], 'int64')),
        x.sum().add(constant(Number.POSITIVE_INFINITY)),
      ],
      { x: spec([1]), i: spec([], 'int64') },
    )
    const [floats, whole, sum] = await program.run([f32(1), BigInt64Array.of(0n)])
    expect([...(floats as Float32Array)]).toEqual([...values, 1].map(Math.fround))
    expect((whole as BigInt64Array)[0]).toBe(BigInt(Number.MAX_SAFE_INTEGER))
    expect((sum as Float32Array)[0]).toBe(Number.POSITIVE_INFINITY)
  })

  /** Whether a NaN in the input reaches the output. The exceptions are ONNX Runtime's; the evaluator passes all. */
  const reach: [string, (x: Tensor) => Tensor, boolean][] = [
    ['sum', x => x.sum(), true],
    ['columns summed by a product', x => x.reshape([2, 2]).sum(0), true],
    ['matmul', x => x.reshape([2, 2]).matmul(x.reshape([2, 2])), true],
    ['maximum', x => x.maximum(0), true],
    ['minimum', x => x.minimum(0), true],
    ['softmax', x => x.softmax(), true],
    ['cumsum', x => x.cumsum(0), true],
    ['a factor of zero', x => x.mul(0), true],
    ['silu', x => x.silu(), true],
    ['gelu', x => x.gelu(), true],
    ['max', x => x.max(), false],
  ]
  test.each(reach)('a NaN and %s', async (_, fn, reaches) => {
    const graph = trace(x => fn(x as Tensor), spec([4]))
    const at = [1, Number.NaN, 2, 3]
    const program = await compile(simplify(graph))
    open.push(program)
    const hasNaN = (data: Iterable<number>) => [...data].some(Number.isNaN)
    expect(hasNaN(evaluate(graph, [value(at)])[0].data)).toBe(true)
    expect(hasNaN((await program.run([f32(...at)]))[0] as Float32Array)).toBe(reaches)
  })
})

describe('the file', () => {
  test('carries its metadata, description and opset', () => {
    const graph = simplify(trace(({ x }) => ({ y: x.exp() }), { x: spec([DYNAMIC, 2]) }))
    const metadata = { objective: 'lsd', 'a key': 'grün' }
    const text = new TextDecoder().decode(lower(graph, { metadata, description: 'a flow map' }))
    for (const part of ['oxbow', 'a flow map', 'objective', 'lsd', 'a key', 'grün', 'batch'])
      expect(text).toContain(part)
    expect(new TextDecoder().decode(lower(graph))).not.toContain('lsd')
  })

  test('is the same for the same graph', () => {
    const bytes = () => lower(simplify(trace(({ x }) => x.mul(3).sin().sum(0), { x: spec([4, 2]) })))
    expect(bytes()).toEqual(bytes())
  })

  test('cannot be made from a graph that was not simplified', () => {
    const raw = trace(x => (x as Tensor).silu(), spec([2]))
    expect(() => lower(raw as never)).toThrow('silu has no ONNX form: simplify the graph before lowering it')
  })
})
