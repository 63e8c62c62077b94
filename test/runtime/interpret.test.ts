import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DYNAMIC, evaluate, simplify, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { interpret } from '../../src/runtime/interpret.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'

const compare = async (run: (x: Tensor, y: Tensor) => Tensor, a: number[], b: number[]): Promise<void> => {
  const graph = simplify(trace(({ x, y }) => run(x, y), { x: spec(a, 'float64'), y: spec(b, 'float64') }))
  const size = (shape: number[]) => shape.reduce((product, n) => product * n, 1)
  const [x, y] = [a, b].map((shape, i) => Float64Array.from(drawNoise(size(shape), 1, i)))
  const [{ data }] = evaluate(graph, [
    { shape: a, data: x },
    { shape: b, data: y },
  ])
  const [found] = await interpret(graph).run([x, y])
  expect(found.length).toBe(data.length)
  data.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 12)
  })
}

const axis = fc.constantFrom(1, 2, 3)
const shapes = fc
  .tuple(fc.array(axis, { maxLength: 3 }), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), fc.nat(3))
  .map(([shape, ones, cut]): [number[], number[]] => [
    shape,
    shape.map((n, i) => (ones[i] ? 1 : n)).slice(Math.min(cut, shape.length)),
  ])

test('operands of all shapes are paired as the oracle pairs them', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, async ([large, small]) => {
      await compare((x, y) => x.sub(y), large, small)
      await compare((x, y) => y.div(x), large, small)
    }),
    { seed: 1, numRuns: 200 },
  )
})

test.each<[string, (x: Tensor, y: Tensor) => Tensor, number[], number[]]>([
  ['both stretched', (x, y) => x.sub(y), [4, 1], [1, 3]],
  ['a product', (x, y) => x.matmul(y), [3, 5], [5, 2]],
  ['a product of batches', (x, y) => x.matmul(y), [2, 3, 5], [2, 5, 2]],
  ['gates', (x, y) => x.silu().add(y.gelu()), [3], [3]],
  ['a sum', (x, y) => x.sum([0]).add(y), [3, 2], [2]],
])('%s', (_, run, a, b) => compare(run, a, b))

test('an open axis is filled by the number of elements; others are refused', async () => {
  const graph = simplify(trace(({ x }) => x.mul(2), { x: spec([DYNAMIC, 2]) }))
  expect(await interpret(graph).run([Float32Array.of(1, 2, 3, 4)])).toEqual([Float32Array.of(2, 4, 6, 8)])
  await expect(interpret(graph).run([Float32Array.of(1, 2, 3)])).rejects.toThrow('3 elements do not fill')
})
