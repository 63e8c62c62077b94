import { expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/index.ts'
import { compile } from '../../src/runtime/node.ts'
import { buildStep } from '../../src/training/step.ts'
import { plane } from '../helpers/plane.ts'

/** The loss of one step whose averaged parameters are not the student's. */
async function lossOf(target: 'ema' | 'student', ema: number): Promise<number> {
  const user = { objective: 'psd', target, batch: 16, network: { hidden: 8, frequencies: 2 } }
  const { graph, state } = buildStep(resolveConfig(user), plane)
  const inputs = graph.inputs.map(({ shape, params: { name } }) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const scale = name === 'state.map.average' ? ema : 0.4
    const times: Record<string, number> = { s: 0.9, t: 0.2, m: 0.5 }
    const time = times[name.split('.').at(-1)!]
    return Float32Array.from({ length: size }, (_, i) =>
      state.includes(name.slice(6) as never) || time === undefined ? scale * Math.abs(Math.sin(i)) : time,
    )
  })
  const program = await compile(graph)
  const outputs = await program.run(inputs)
  await program.close()
  return Number(outputs.at(-1)![0])
}

test('theta- is the averaged parameters, or the student where that is asked for', async () => {
  expect(await lossOf('ema', 0.4)).not.toBeCloseTo(await lossOf('ema', 0.1), 4)
  expect(await lossOf('student', 0.4)).toBe(await lossOf('student', 0.1))
  expect(await lossOf('student', 0.1)).toBeCloseTo(await lossOf('ema', 0.4), 5)
})
