import { describe, expect, test } from 'vitest'
import { simplify, spec, trace } from '../../src/autodiff/index.ts'
import { adaptive } from '../../src/runtime/adaptive.ts'
import { compileScan } from '../../src/runtime/node.ts'
import type { Program } from '../../src/runtime/program.ts'

/** A program that takes `cost()` milliseconds of a pretended clock for each unit of work. */
function pretend(name: string, cost: () => number, clock: { now: number }, log: string[]): Program {
  return {
    run: async ([work]) => {
      log.push(name)
      clock.now += cost() * work.length
      return []
    },
    close: async () => {
      log.push(`${name} closed`)
    },
  }
}

function setUp(costs: { a: number; b: number }) {
  const [clock, log] = [{ now: 0 }, [] as string[]]
  const [a, b] = [pretend('a', () => costs.a, clock, log), pretend('b', () => costs.b, clock, log)]
  const program = adaptive(
    a,
    b,
    ([work]) => work.length,
    () => clock.now,
  )
  const share = async (runs: number) => {
    log.length = 0
    for (let i = 0; i < runs; i++) await program.run([new Float32Array(1 + (i % 5))])
    return log.filter(name => name === 'a').length / runs
  }
  return { program, log, costs, share }
}

describe('a program with two ways', () => {
  test('keeps to the faster one', async () => {
    expect(await setUp({ a: 1, b: 2 }).share(400)).toBeGreaterThan(0.9)
    expect(await setUp({ a: 2, b: 1 }).share(400)).toBeLessThan(0.1)
  })

  test('changes its mind when the machine does', async () => {
    const { share, costs } = setUp({ a: 1, b: 2 })
    await share(200)
    costs.a = 4
    await share(80)
    expect(await share(200)).toBeLessThan(0.15)
  })

  test('does not change for a hair', async () => {
    expect(await setUp({ a: 1, b: 0.98 }).share(400)).toBeGreaterThan(0.9)
  })

  test('closes both', async () => {
    const { program, log } = setUp({ a: 1, b: 1 })
    await program.close()
    expect(log).toEqual(['a closed', 'b closed'])
  })
})

test('both sessions of a scan give the same bits', async () => {
  const step = trace(
    ({ w, x }) => {
      const y = x.matmul(w).silu()
      return [w.sub(x.matmul(y, { transposeA: true }).mul(0.01)), y.square().sum()]
    },
    { w: spec([64, 64]), x: spec([300, 64]) },
  )
  const program = await compileScan(simplify(step), 1, { threads: 2 })
  const w = Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i))
  const x = Float32Array.from({ length: 2 * 300 * 64 }, (_, i) => Math.cos(1.7 * i))
  // Enough runs that both ways have had their turn.
  const results = []
  for (let i = 0; i < 8; i++) results.push(await program.run([w, x]))
  await program.close()
  for (const result of results) expect(result).toEqual(results[0])
})
