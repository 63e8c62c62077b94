import { expect, test } from 'vitest'
import { evaluate, jvp, simplify, spec, trace, valueAndGrad, onesLike, grad, DYNAMIC, Tensor } from '../../src/autodiff/index.ts'
import { compile, compileScan } from '../../src/runtime/node.ts'
const v = (shape: number[], k = 1) => ({ shape, data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i * 1.7 + k)) })
for (const dtype of ['float32', 'float64'] as const)
test('step ' + dtype, async () => {
  const g = simplify(trace(({ x, w, t }) => valueAndGrad((p: { w: Tensor }) => {
    const [, d] = jvp(tt => x.mul(tt).matmul(p.w).silu(), [t], [onesLike(t)])
    return d.square().mean()
  })({ w }), { x: spec([3, 2], dtype), w: spec([2, 4], dtype), t: spec([3, 1], dtype) }))
  const ins = [v([3, 2]), v([2, 4], 2), v([3, 1], 3)]
  const want = evaluate(g, ins)
  const p = await compile(g)
  const got = await p.run(ins.map(i => dtype === 'float32' ? Float32Array.from(i.data) : i.data))
  got.forEach((o, i) => want[i].data.forEach((w, j) => expect(Number(o[j])).toBeCloseTo(w, dtype === 'float32' ? 5 : 12)))
})
test('scan + dynamic', async () => {
  const g = simplify(trace(({ w, x }) => { const gw = grad((w: Tensor) => x.matmul(w).silu().square().mean())(w); return [w.sub(gw), gw.square().sum()] }, { w: spec([2, 1]), x: spec([3, 2]) }))
  const p = await compileScan(g, 1)
  const xs = v([4 * 6]).data
  const [w, n] = await p.run([Float32Array.from([1, 2]), Float32Array.from(xs)])
  let cur = v([2, 1]); cur.data.set([1, 2]); const ns: number[] = []
  for (let k = 0; k < 4; k++) { const [a, b] = evaluate(g, [cur, { shape: [3, 2], data: xs.slice(k * 6, k * 6 + 6) }]); cur = a; ns.push(b.data[0]) }
  expect(n.length).toBe(4)
  ns.forEach((x, i) => expect(Number(n[i])).toBeCloseTo(x, 4))
  expect(Number(w[0])).toBeCloseTo(cur.data[0], 4)
  const d = simplify(trace(({ x, s }) => x.mul(s).add(1), { x: spec([DYNAMIC, 2]), s: spec([DYNAMIC, 1]) }))
  const q = await compile(d)
  expect(Array.from((await q.run([Float32Array.from([1, 2, 3, 4]), Float32Array.from([1, 2])]))[0] as Float32Array)).toEqual([2, 3, 7, 9])
})
