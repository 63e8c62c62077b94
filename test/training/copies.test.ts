import { expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { compileScan } from '../../src/runtime/node.ts'
import type { Buffer, Program } from '../../src/runtime/program.ts'
import { buildStep } from '../../src/training/step.ts'
import { Trainer } from '../../src/training/trainer.ts'
import { plane } from '../helpers/plane.ts'
import { tiny } from '../helpers/training.ts'

test('a training hands its arrays to the runtime, and takes them from it, without copying them', async () => {
  const config = resolveConfig({ ...tiny, steps: 10, chunk: 2 })
  const step = buildStep(config, plane)
  const program = await compileScan(step.graph, step.state.length, { threads: 1 })
  const runs: { readonly inputs: readonly Buffer[]; readonly outputs: readonly Buffer[] }[] = []
  const watched: Program = {
    run: async inputs => {
      const outputs = await program.run(inputs)
      runs.push({ inputs, outputs })
      return outputs
    },
    close: program.close,
  }
  const trainer = new Trainer(config, generatedDataset('ring'), step, watched)
  const begun = trainer.state
  for (let i = 0; i < 3; i++) await trainer.advance()
  await program.close()
  step.state.forEach((name, i) => {
    expect(runs[0].inputs[i]).toBe(begun[name])
    expect(runs[1].inputs[i]).toBe(runs[0].outputs[i])
    expect(trainer.state[name]).toBe(runs[2].outputs[i])
  })
  // What is drawn is drawn into the same memory again.
  runs[1].inputs.slice(step.state.length).forEach((array, i) => {
    expect(array.buffer).toBe(runs[2].inputs[step.state.length + i].buffer)
  })
})

test('the runtime reads what it is handed in place', async () => {
  const config = resolveConfig({ ...tiny, network: { hidden: 1024, layers: 3 }, batch: 64 })
  const { graph, state } = buildStep(config, plane)
  const program = await compileScan(graph, state.length, { threads: 1 })
  const inputs = graph.inputs.map(({ shape }) =>
    new Float32Array(shape.reduce((size, n) => size * n, 1)).fill(0.1),
  )
  const average = state.indexOf('map.average')
  const running = program.run(inputs)
  // Read when the step ends, so that a copy made at its beginning would not show this.
  inputs[average].fill(7)
  const outputs = await running
  await program.close()
  expect((outputs[average] as Float32Array).every(value => value > 6)).toBe(true)
})
