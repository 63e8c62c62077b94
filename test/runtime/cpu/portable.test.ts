import { afterEach, expect, test, vi } from 'vitest'
import { simplify, spec, trace } from '../../../src/autodiff/index.ts'
import { chosenEngine } from '../../../src/runtime/cpu/native.ts'
import { compileScanPortable } from '../../../src/runtime/cpu/portable.ts'
import { compile, compileScan } from '../../../src/runtime/node.ts'
import { once } from './near.ts'
import { ofObjective, scannedFor, stepOf } from './steps.ts'

afterEach(() => vi.unstubAllEnvs())

test('OXBOW_ENGINE=wasm trains by WebAssembly, as the other engines do', async () => {
  const { graph, carried } = stepOf(ofObjective('psd'))
  const inputs = scannedFor(graph, carried, 3)
  const expected = await once(await compileScan(graph, carried), inputs)
  vi.stubEnv('OXBOW_ENGINE', 'wasm')
  expect(chosenEngine('cpu').name).toBe('wasm')
  const found = await once(await compileScan(graph, carried), inputs)
  found.forEach((values, i) => {
    values.forEach((value, j) => {
      expect(Math.abs(Number(value) - Number(expected[i][j]))).toBeLessThan(1e-4)
    })
  })
})

test('a graph of 64 bits is interpreted, once and over many steps', async () => {
  vi.stubEnv('OXBOW_ENGINE', 'wasm')
  const graph = simplify(
    trace(({ x, y }) => ({ state: x.add(y), square: y.mul(y) }), {
      x: spec([2], 'float64'),
      y: spec([2], 'float64'),
    }) as never,
  )
  const one = await once(await compile(graph), [Float64Array.of(1, 2), Float64Array.of(3, 4)])
  expect(one).toEqual([Float64Array.of(4, 6), Float64Array.of(9, 16)])
  const rows = Float64Array.of(1, 2, 3, 4, 5, 6)
  expect(await once(compileScanPortable(graph, 1), [Float64Array.of(0, 0), rows])).toEqual([
    Float64Array.of(9, 12),
    Float64Array.of(1, 4, 9, 16, 25, 36),
  ])
})

test('timers have their turn between two runs', async () => {
  vi.stubEnv('OXBOW_ENGINE', 'wasm')
  const program = await compile(simplify(trace(x => x.add(1), spec([2]))))
  let ticks = 0
  const timer = setInterval(() => ticks++, 0)
  for (let i = 0; i < 20; i++) await program.run([new Float32Array(2)])
  clearInterval(timer)
  await program.close()
  expect(ticks).toBeGreaterThan(3)
})
