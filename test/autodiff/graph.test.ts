import { describe, expect, test } from 'vitest'
import {
  checkGraph,
  concat,
  constant,
  countOperations,
  DYNAMIC,
  evaluate,
  type Graph,
  GraphError,
  grad,
  jvp,
  onesLike,
  printGraph,
  scatterAdd,
  select,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../src/autodiff/index.ts'
import { apply } from '../../src/autodiff/tensor.ts'
import { applyMlp } from '../../src/model/mlp.ts'
import { value } from './values.ts'

const input = {
  x: spec([2, 3]),
  y: spec([4]),
  p: spec([2, 3], 'float64'),
  i: spec([5], 'int64'),
  c: spec([2, 3], 'bool'),
  n: spec([]),
  open: spec([DYNAMIC, 3]),
  tokens: spec([DYNAMIC, 4, 3]),
}
type Inputs = Record<keyof typeof input, Tensor>
const build = (fn: (inputs: Inputs) => unknown): Graph => trace(inputs => fn(inputs as Inputs), input)

describe('a graph that cannot be built', () => {
  const wrong: [what: string, fn: (inputs: Inputs) => unknown, message: RegExp][] = [
    ['sizes', ({ x, y }) => x.add(y), /^add: shapes \[2, 3\] and \[4\] do not broadcast \(axis 1\), at/],
    ['types', ({ x, p }) => x.mul(p), /^mul: operands have different types: float32 and float64/],
    ['booleans', ({ c }) => c.add(c), /^add: arithmetic on booleans; cast first/],
    ['integers in a function', ({ i }) => i.exp(), /^exp: expected a floating-point operand, found int64/],
    ['integer division', ({ i }) => i.div(i), /^div: expected a floating-point operand, found int64/],
    ['types compared', ({ x, i }) => x.less(i), /^less: operands have different types: float32 and int64/],
    ['a condition', ({ x }) => select(x, 1, x), /^select: the condition must be bool, found float32/],
    ['branches', ({ c, x, p }) => select(c, x, p), /^select: operands have different types/],
    ['an axis', ({ x }) => x.sum(2), /^sum: axis 2 is outside of shape \[2, 3\]/],
    ['a negative axis', ({ x }) => x.max(-3), /^max: axis -3 is outside/],
    ['an axis twice', ({ x }) => x.mean([0, -2]), /^mean: an axis is named twice in \[0,-2\]/],
    ['a fractional axis', ({ x }) => x.cumsum(0.5), /^cumsum: axis 0.5 is outside/],
    ['integers summed', ({ i }) => i.sum(), /^sum: expected a floating-point operand, found int64/],
    [
      'inner sizes',
      ({ x }) => x.matmul(x),
      /^matmul: shapes \[2, 3\] and \[2, 3\] do not agree: inner sizes 3 and 2/,
    ],
    [
      'transposed inner sizes',
      ({ x, y }) => x.matmul(y.reshape([4, 1]), { transposeB: true }),
      /^matmul: shapes \[2, 3\] and \[4, 1\]ᵀ do not agree: inner sizes 3 and 1/,
    ],
    [
      'a vector in a product',
      ({ x, y }) => x.matmul(y),
      /^matmul: operands \[2, 3\] and \[4\] need at least two axes/,
    ],
    ['softmax of a number', ({ n }) => n.softmax(), /^softmax: expected at least one axis/],
    ['reshape', ({ x }) => x.reshape([4, 2]), /^reshape: cannot reshape \[2, 3\] to \[4, 2\]/],
    ['broadcast', ({ x }) => x.broadcastTo([2, 4]), /^broadcastTo: cannot broadcast \[2, 3\] to \[2, 4\]/],
    ['fewer axes', ({ x }) => x.broadcastTo([3]), /^broadcastTo: cannot broadcast \[2, 3\] to \[3\]/],
    [
      'a permutation',
      ({ x }) => x.transpose([0, 0]),
      /^transpose: \[0, 0\] is not a permutation of the axes of \[2, 3\]/,
    ],
    ['its length', ({ x }) => x.transpose([0]), /^transpose: the permutation has 1 entries .* of rank 2/],
    ['a range', ({ x }) => x.slice(1, 2, 5), /^slice: range 2..5 is outside of axis 1 of \[2, 3\]/],
    ['a range upside down', ({ x }) => x.slice(1, 2, 1), /^slice: range 2..1 is outside/],
    ['negative padding', ({ x }) => x.pad([0, -1], [0, 0]), /^pad: padding must not be negative/],
    ['padding of another rank', ({ x }) => x.pad([1], [1]), /^pad: low has 1 entries for shape \[2, 3\]/],
    ['nothing', () => concat([]), /^concat: nothing to join/],
    [
      'parts',
      ({ x, y }) => concat([x, y.reshape([2, 2])], 0),
      /^concat: shapes \[2, 3\], \[2, 2\] differ beside axis 0/,
    ],
    ['an axis of a concat', ({ x }) => concat([x, x], 2), /^concat: axis 2 is outside/],
    ['float indices', ({ x, y }) => x.gather(y), /^gather: indices must be int64, found float32/],
    ['a table', ({ n, i }) => n.gather(i), /^gather: the table needs at least one axis/],
    [
      'updates',
      ({ x, i }) => scatterAdd(i, x, 3),
      /^scatterAdd: updates \[2, 3\] do not start with the indices' \[5\]/,
    ],
    ['values', () => constant([1, 2, 3], [2]), /^constant: 3 values for shape \[2\]/],
    [
      'an open mean',
      ({ open }) => open.mean(0),
      /^mean: the size of \[batch\] is known only when the graph runs/,
    ],
    ['an open slice', ({ open }) => open.slice(0, 1, 2), /^slice: a dynamic axis can only be taken whole/],
    ['open padding', ({ open }) => open.pad([1, 0], [0, 0]), /^pad: a dynamic axis cannot be padded/],
    ['open parts', ({ open }) => concat([open, open], 0), /^concat: the dynamic axis cannot be concatenated/],
    [
      'an open axis from nothing',
      ({ n }) => n.broadcastTo([DYNAMIC, 3]),
      /^broadcastTo: cannot broadcast \[\] to \[batch, 3\]: its size/,
    ],
    [
      'a known size for an open one',
      ({ x, open }) => x.add(open),
      /^add: shapes \[2, 3\] and \[batch, 3\] do not broadcast \(axis 0\)/,
    ],
  ]

  test.each(wrong)('%s', (_, fn, message) => {
    let error: unknown
    try {
      build(fn)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(GraphError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toMatch(/graph\.test\.ts:\d+:\d+$/)
  })

  test('names the very line, also inside of a derivative', () => {
    const line = Number(/graph\.test\.ts:(\d+)/.exec(new Error().stack!)![1]) + 1
    const mistake = ({ x, y }: Inputs) => jvp(x => x.add(y), [x], [onesLike(x)])
    expect(() => build(mistake)).toThrow(new RegExp(`graph\\.test\\.ts:${line}:`))
  })

  test('names the line that called into the package, not the one inside it', () => {
    const network = applyMlp(
      {
        dimension: 2,
        hidden: 3,
        layers: 1,
        activation: 'silu',
        embedding: 'raw',
        frequencies: 0,
        conditioning: 's',
      },
      [{ weight: constant(0, [7, 3]), bias: constant(0, [3]) }],
    )
    const line = Number(/graph\.test\.ts:(\d+)/.exec(new Error().stack!)![1]) + 1
    expect(() => build(({ x }) => network(x, x, x))).toThrow(
      new RegExp(`^matmul: .*graph\\.test\\.ts:${line}:`),
    )
  })

  test('a function that returns no tensor', () => {
    expect(() => build(() => [])).toThrow(/trace: the function returns no tensor/)
    expect(() => build(() => ({ a: { b: 3 } }))).toThrow(/a\.b: number is not a leaf of the tree/)
    expect(() => build(() => undefined)).toThrow(/the value: undefined is not a leaf/)
  })
})

test('a primitive without its parameters is refused by the type checker', () => {
  // Compiled, never run.
  const misuse = (x: Tensor) => {
    // @ts-expect-error a gate needs its order
    apply('silu', [x])
    // @ts-expect-error a reduction needs its axes
    apply('sum', [x], {})
    // @ts-expect-error no such primitive
    apply('tan', [x])
  }
  expect(misuse).toBeTypeOf('function')
})

describe('tracing', () => {
  test('names inputs and outputs by their paths, in order', () => {
    const graph = trace(({ layers, pair }) => ({ loss: layers[0].w.sum(), parts: [pair[1], layers[1].w] }), {
      layers: [{ w: spec([2]) }, { w: spec([3]) }],
      pair: [spec([]), spec([1])] as const,
    })
    expect(graph.inputs.map(i => i.params.name)).toEqual(['layers.0.w', 'layers.1.w', 'pair.0', 'pair.1'])
    expect(graph.outputNames).toEqual(['loss', 'parts.0', 'parts.1'])
    expect(graph.outputs.map(o => o.shape)).toEqual([[], [1], [3]])
  })

  test('keeps only what the outputs need', () => {
    const graph = build(({ x, y }) => {
      y.exp()
      return x.sin()
    })
    expect(graph.nodes.map(n => n.op)).toEqual(['sin'])
    expect(graph.inputs).toHaveLength(Object.keys(input).length)
  })

  test('of a single input', () => {
    const graph = trace(x => (x as Tensor).neg(), spec([2]))
    expect(graph.inputs).toHaveLength(1)
    expect(graph.outputNames).toEqual([''])
  })
})

describe('a dynamic axis', () => {
  const rows = (n: number) =>
    value(
      Array.from({ length: 3 * n }, (_, i) => i / 4),
      [n, 3],
    )
  const weight = (x: Tensor) => constant([1, 2, 3, 4, 5, 6], [3, 2], x.dtype)

  test.each([1, 2, 5])('of size %i runs', n => {
    const graph = trace(
      ({ x }) =>
        x
          .matmul(weight(x))
          .add(1)
          .softmax()
          .mul(x.slice(1, 0, 2)),
      { x: spec([DYNAMIC, 3]) },
    )
    expect(graph.outputs[0].shape).toEqual([DYNAMIC, 2])
    for (const g of [graph, simplify(graph)]) {
      checkGraph(g)
      expect(evaluate(g, [rows(n)])[0].shape).toEqual([n, 2])
    }
  })

  test('before other axes: tokens times a matrix', () => {
    const graph = build(({ tokens }) => tokens.matmul(weight(tokens)))
    expect(graph.outputs[0].shape).toEqual([DYNAMIC, 4, 2])
  })

  test('can be summed over, and both derivatives keep it', () => {
    const x = { x: spec([DYNAMIC, 3], 'float64') }
    const backward = trace(({ x }) => grad((x: Tensor) => x.square().sum(0).square().sum())(x), x)
    const forward = trace(
      ({ x }) =>
        jvp(c => x.mul(c).sum(0), [constant([1, 2, 3], [1, 3], x.dtype)], [constant(1, [1, 3], x.dtype)])[1],
      x,
    )
    // A tangent that has to be stretched over the batch before it is summed.
    const stretched = trace(
      ({ x }) => jvp(c => x.add(c).sum(0), [constant(2, [1, 3], x.dtype)], [constant(1, [1, 3], x.dtype)])[1],
      x,
    )
    const at = value([1, 2, 3, 4, 5, 6], [2, 3])
    for (const pass of [(g: Graph) => g, simplify]) {
      const [gradient] = evaluate(pass(backward), [at])
      expect(gradient.shape).toEqual([2, 3])
      expect([...gradient.data]).toEqual([1, 2, 3, 4, 5, 6].map((v, i) => 4 * v * [17, 29, 45][i % 3]))
      expect([...evaluate(pass(forward), [at])[0].data]).toEqual([5, 7, 9])
      expect([...evaluate(pass(stretched), [at])[0].data]).toEqual([2, 2, 2])
    }
  })

  test('ones take its size from the value', () => {
    const graph = build(({ open }) => onesLike(open).sum())
    const only = trace(({ open }) => onesLike(open).sum(), { open: spec([DYNAMIC, 3]) })
    expect(graph.outputs[0].shape).toEqual([])
    expect(evaluate(simplify(only), [rows(4)])[0].data[0]).toBe(12)
    expect(evaluate(only, [value([Number.NaN, 1, 2], [1, 3])])[0].data[0]).toBe(3)
  })

  test('has no cost before its size is known', () => {
    expect(() => countOperations(build(({ open }) => open.exp()))).toThrow(RangeError)
  })
})

describe('the evaluator', () => {
  const graph = trace(({ x }) => x.sum(0), { x: spec([2, 3]) })
  test('refuses other inputs', () => {
    expect(() => evaluate(graph, [])).toThrow('the graph has 1 inputs, 0 values were given')
    expect(() => evaluate(graph, [value([1, 2, 3], [3])])).toThrow('input x: expected [2, 3], found [3]')
    expect(() => evaluate(graph, [value([1], [2, 3])])).toThrow('input x: expected [2, 3]')
  })
  test('refuses indices outside of a table, naming the line', () => {
    const lookup = trace(({ t }) => t.gather(constant([0, 3], [2], 'int64')), { t: spec([3, 2]) })
    const at = [value([1, 2, 3, 4, 5, 6], [3, 2])]
    expect(() => evaluate(lookup, at)).toThrow(
      /gather: index 3 is outside of a table of 3 rows, at .*graph\.test\.ts/,
    )
  })
  test('passes values that are not numbers through a maximum', () => {
    const top = trace(({ x }) => [x.max(), x.maximum(0).sum()], { x: spec([2]) })
    expect(evaluate(top, [value([Number.NaN, 1])]).map(v => v.data[0])).toEqual([Number.NaN, Number.NaN])
  })
})

describe('checkGraph', () => {
  const graph = build(({ x }) => x.sin().add(1).sum())
  const [sine, one, sum, total] = graph.nodes

  test('accepts what trace makes', () => {
    expect(() => checkGraph(graph)).not.toThrow()
  })
  test('refuses an operand after its use', () => {
    expect(() => checkGraph({ ...graph, nodes: [one, sum, sine, total] })).toThrow(
      /add .* uses sin .* before it is defined/,
    )
  })
  test('refuses a node twice', () => {
    expect(() => checkGraph({ ...graph, nodes: [sine, sine, one, sum, total] })).toThrow(
      /sin .*: defined twice/,
    )
  })
  test('refuses an input of another graph', () => {
    expect(() => checkGraph({ ...graph, inputs: [] })).toThrow(/uses input float32\[2, 3\]/)
  })
  test('refuses an output that is not there', () => {
    expect(() => checkGraph({ ...graph, nodes: [sine] })).toThrow(/output .* is not in the graph/)
  })
  test('refuses a wrong type', () => {
    const forged = Object.assign(Object.create(Object.getPrototypeOf(sine)), sine, { shape: [3, 2] })
    expect(() => checkGraph({ ...graph, nodes: [forged], outputs: [forged] })).toThrow(
      /sin float32\[3, 2\] .*: should be float32\[2, 3\]/,
    )
  })
  test('names the node whose operands do not fit', () => {
    const product = apply('matmul', [graph.inputs[0], graph.inputs[0]], {
      transposeA: true,
      transposeB: false,
    })
    const forged = Object.assign(Object.create(Object.getPrototypeOf(product)), product, {
      params: { transposeA: false, transposeB: false },
    })
    expect(() => checkGraph({ ...graph, nodes: [forged], outputs: [forged] })).toThrow(
      /^matmul float32\[3, 3\] \(node \d+\): shapes/,
    )
  })
})

describe('the printer', () => {
  test('is readable', () => {
    const graph = trace(
      ({ x, w }) => ({
        y: x
          .matmul(w, { transposeB: true })
          .add(constant([1, 2]))
          .mul(0.5)
          .silu(),
      }),
      { x: spec([DYNAMIC, 3]), w: spec([2, 3]) },
    )
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "input x: float32[batch, 3]
      input w: float32[2, 3]
      %0: float32[batch, 2] = matmul x w transposeB=true
      %1: float32[2] = constant {2 values}
      %2: float32[batch, 2] = add %0 %1
      %3: float32[] = constant 0.5
      %4: float32[batch, 2] = mul %2 %3
      %5: float32[batch, 2] = silu %4 order=0
      return y=%5"
    `)
  })

  test('gives the line of each node when asked', () => {
    const graph = trace(x => (x as Tensor).neg(), spec([]))
    expect(printGraph(graph, { sites: true })).toMatch(/= neg in0 {2}# .*graph\.test\.ts:\d+:\d+$/m)
  })
})

describe('countOperations', () => {
  const count = (fn: (inputs: { a: Tensor; b: Tensor; i: Tensor }) => Tensor) =>
    countOperations(
      trace(inputs => fn(inputs), { a: spec([5, 4, 3]), b: spec([4, 3]), i: spec([7], 'int64') }),
    )
  const known: [string, (inputs: { a: Tensor; b: Tensor; i: Tensor }) => Tensor, number][] = [
    ['A Bᵀ, rows flattened: 2 mnk', ({ a, b }) => a.matmul(b, { transposeB: true }), 2 * 20 * 4 * 3],
    ['Aᵀ B, batched', ({ a, b }) => a.matmul(b, { transposeA: true }), 2 * 5 * 3 * 3 * 4],
    ['broadcasting', ({ a, b }) => a.add(b), 60],
    ['a sum: one for each operand', ({ a }) => a.sum(), 60],
    ['a mean of rows', ({ a }) => a.mean(-1), 60 + 20],
    ['layout', ({ a }) => a.transpose().reshape([60]).slice(0, 3).pad([1], [1]), 0],
    ['lookup', ({ b, i }) => b.gather(i), 0],
    ['its adjoint', ({ b, i }) => scatterAdd(i, b.gather(i), 9), 21],
    ['a gate', ({ b }) => b.silu(), 24],
    ['a softmax', ({ b }) => b.softmax(), 48],
  ]
  test.each(known)('%s', (_, fn, expected) => {
    expect(count(fn)).toBe(expected)
  })
})
