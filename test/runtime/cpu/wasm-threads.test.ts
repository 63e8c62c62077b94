import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, test } from 'vitest'
import { DYNAMIC, type Graph, simplify, spec, trace } from '../../../src/autodiff/index.ts'
import { openOnce, openScan } from '../../../src/runtime/cpu/engine.ts'
import { type Part, type Team, wasmEngine, wasmTeamEngine } from '../../../src/runtime/cpu/wasm.ts'
import { once } from './near.ts'
import { ofObjective, scannedFor, stepOf, transformers } from './steps.ts'

// Threads of Node, whose modules are those that are published: `npm run build:cli` makes them.
const SCRIPT = `
  const { parentPort, workerData } = require('node:worker_threads')
  import('${pathToFileURL(resolve('dist/runtime/cpu/wasm.js'))}').then(({ takePart }) =>
    takePart(workerData, () => parentPort.postMessage('ready')))`

const running = new Set<Worker>()
const start = (part: Part): Promise<Worker> =>
  new Promise((done, fail) => {
    const worker = new Worker(SCRIPT, { eval: true, workerData: part })
    running.add(worker)
    worker.once('message', () => done(worker))
    worker.once('error', fail)
    worker.once('exit', () => running.delete(worker))
  })
const teamOf = (threads: number): Team => ({ threads, start })
afterAll(() => Promise.all([...running].map(worker => worker.terminate())))

const one = wasmEngine()
const steps = {
  psd: stepOf(ofObjective('psd', { batch: 101 })),
  meanflow: stepOf(ofObjective('meanflow')),
  'a transformer': stepOf(transformers.psd),
}

test.each(Object.entries(steps))('%s trains to the same bits with threads', async (_, { graph, carried }) => {
  const inputs = scannedFor(graph, carried, 3)
  const expected = await once(openScan(one, graph, carried, { threads: 1 }), inputs)
  for (const threads of [2, 3]) {
    const engine = await wasmTeamEngine(teamOf(threads))
    const program = openScan(engine, graph, carried, { threads })
    for (let again = 0; again < 3; again++) expect(await program.run(inputs)).toEqual(expected)
    await program.close()
  }
})

const chosen = simplify(
  trace(({ table, i, x }) => ({ y: table.gather(i).add(x).exp() }), {
    table: spec([5, 3]),
    i: spec([DYNAMIC], 'int64'),
    x: spec([DYNAMIC, 3]),
  }) as Graph<never>,
)
const inputsOf = (rows: number, index: (row: number) => number) => [
  Float32Array.from({ length: 15 }, (_, k) => 0.1 * k),
  BigInt64Array.from({ length: rows }, (_, row) => BigInt(index(row))),
  Float32Array.from({ length: 3 * rows }, (_, k) => Math.sin(k)),
]

test('an open batch may be small or large, and an index outside is refused in whatever thread', async () => {
  const engine = await wasmTeamEngine(teamOf(2))
  const program = openOnce(engine, chosen, { threads: 2 })
  for (const rows of [1000, 5, 64, 3000]) {
    const inputs = inputsOf(rows, row => row % 5)
    expect(await program.run(inputs)).toEqual(await once(openOnce(one, chosen, { threads: 1 }), inputs))
  }
  for (const bad of [0, 999]) {
    await expect(program.run(inputsOf(1000, row => (row === bad ? 5 : 0)))).rejects.toThrow(
      /out of the bounds/,
    )
  }
  const good = inputsOf(1000, () => 4)
  expect(await program.run(good)).toEqual(await once(openOnce(one, chosen, { threads: 1 }), good))
  await program.close()
})

test('threads end with their program; where one does not start, it runs alone', async () => {
  const engine = await wasmTeamEngine(teamOf(3))
  await expect.poll(() => running.size).toBe(0)
  const program = openOnce(engine, chosen, { threads: 3 })
  const inputs = inputsOf(500, row => row % 5)
  const expected = await program.run(inputs)
  expect(running.size).toBe(2)
  await program.close()
  await expect.poll(() => running.size).toBe(0)

  let calls = 0
  const failing: Team = {
    threads: 3,
    start: part => (++calls === 2 ? Promise.reject(new Error('no')) : start(part)),
  }
  const alone = openOnce(await wasmTeamEngine(failing), chosen, { threads: 3 })
  expect(await alone.run(inputs)).toEqual(expected)
  expect(calls).toBe(2)
  await expect.poll(() => running.size).toBe(0)
  await alone.close()
})
