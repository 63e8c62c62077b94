import { expect } from 'vitest'
import type { Graph, Value } from '../../../src/autodiff/index.ts'
import type { Buffer, Program } from '../../../src/runtime/program.ts'

/** Values as a program takes them. */
export const buffers = (graph: Graph, values: readonly Value[]): Buffer[] =>
  values.map(({ data }, i) =>
    graph.inputs[i].dtype === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data),
  )

/** How far numbers are off at most, in units of the largest that is expected, or of 1 where that is less. */
export function offBy(found: Buffer, { data }: Value): number {
  const got = found as Float32Array
  expect(got.length).toBe(data.length)
  const scale = data.reduce((top, v) => Math.max(top, Math.abs(v)), 1)
  return data.reduce((top, v, k) => Math.max(top, Object.is(v, got[k]) ? 0 : Math.abs(v - got[k]) / scale), 0)
}

export function expectNear(
  graph: Graph,
  found: readonly Buffer[],
  expected: readonly Value[],
  most: number,
): void {
  expected.forEach((value, i) => {
    // Adam divides gradients by their size, noise of float32 among them.
    const tolerance = /\.(parameters|average)$/.test(graph.outputNames[i]) ? 40 * most : most
    expect(offBy(found[i], value), graph.outputNames[i]).toBeLessThan(tolerance)
  })
}

/** Runs a program a single time and gives back its memory and threads, of which hundreds of tests would take many. */
export async function once(program: Program, inputs: readonly Buffer[]): Promise<readonly Buffer[]> {
  try {
    return await program.run(inputs)
  } finally {
    await program.close()
  }
}
