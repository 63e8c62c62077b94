import { expect, test } from 'vitest'
import { checkGradients, jvp, printGraph, simplify, spec, trace, valueAndGrad, onesLike } from '../../src/autodiff/index.ts'
const v = (shape: number[], k = 1) => ({ shape, data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + k)) })
test('mlp', () => {
  checkGradients((x, w, b) => x.matmul(w).add(b).silu().gelu().sum(), [v([3, 2]), v([2, 4], 2), v([4], 3)], { order: 3 })
})
test('print', () => {
  const g = trace(({ x, w, t }) => valueAndGrad((p: { w: any }) => {
    const [, d] = jvp(tt => x.mul(tt).matmul(p.w).silu(), [t], [onesLike(t)])
    return d.square().mean()
  })({ w }), { x: spec([3, 2]), w: spec([2, 4]), t: spec([3, 1]) })
  console.log(printGraph(simplify(g)))
  expect(1).toBe(1)
})
