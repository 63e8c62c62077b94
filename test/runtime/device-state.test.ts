import { expect, test } from 'vitest'
import { evaluate, type Graph, simplify, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import { type DeviceTensor, type StepSession, stepByStep } from '../../src/runtime/device-state.ts'

/** `a <- a + x`, `b <- 2 b`, and their sum. */
const graph = simplify(
  trace(
    inputs => {
      const { a, b, x } = inputs as Record<string, Tensor>
      return { a: a.add(x), b: b.mul(2), sum: a.add(x).sum().reshape([1]) }
    },
    { a: spec([2]), b: spec([2]), x: spec([2]) },
  ),
)

/** A device that counts what is brought to it, and what is on it. */
function device() {
  const counts = { uploads: 0, alive: 0 }
  const memory = new Map<unknown, Float32Array>()
  const tensor = (data: Float32Array): DeviceTensor => {
    const gpuBuffer = {}
    memory.set(gpuBuffer, data)
    counts.alive++
    let gone = false
    return {
      gpuBuffer,
      getData: async () => data.slice(),
      dispose: () => {
        expect(gone).toBe(false)
        gone = true
        counts.alive--
        memory.delete(gpuBuffer)
      },
    }
  }
  const session: StepSession = {
    outputNames: ['a', 'b', 'sum'],
    run: async feeds => {
      const inputs = ['a', 'b', 'x'].map(name => {
        const value = (feeds as Record<string, { gpuBuffer: unknown; data?: Float32Array }>)[name]
        const data = value.data ?? memory.get(value.gpuBuffer)
        expect(data, name).toBeDefined()
        return { shape: [2], data: Float64Array.from(data!) }
      })
      const found = evaluate(graph as Graph, inputs)
      return Object.fromEntries(
        ['a', 'b', 'sum'].map((name, i) => [name, tensor(Float32Array.from(found[i].data))]),
      )
    },
    release: async () => {},
    onDevice: buffer => ({ gpuBuffer: buffer }),
  }
  const upload = (_: unknown, data: unknown) => {
    counts.uploads++
    return { data }
  }
  return { counts, program: stepByStep(session, graph, 2, ['a', 'b', 'x'], upload) }
}

test('the state stays on the device between runs, and the numbers are those of one step after another', async () => {
  const { counts, program } = device()
  const x = Float32Array.of(1, 2, 3, 4)
  const first = await program.run([Float32Array.of(0, 0), Float32Array.of(1, 1), x])
  expect(first.map(each => [...each])).toEqual([
    [4, 6],
    [4, 4],
    [3, 10],
  ])
  // Two arrays of state, and a row for each of two steps.
  expect(counts).toEqual({ uploads: 4, alive: 2 })
  const second = await program.run([first[0], first[1], x.slice(0, 2)])
  expect([...second[0]]).toEqual([5, 8])
  expect(counts).toEqual({ uploads: 5, alive: 2 })
  // Other arrays are another state.
  const third = await program.run([Float32Array.of(0, 0), second[1], x.slice(0, 2)])
  expect([...third[0]]).toEqual([1, 2])
  expect(counts).toEqual({ uploads: 8, alive: 2 })
  await program.close()
  expect(counts.alive).toBe(0)
})
