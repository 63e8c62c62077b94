import { expect, test } from 'vitest'
import { pointOf } from '../../../src/config/index.ts'
import { parameterCount } from '../../../src/model/index.ts'
import { random } from '../../../src/random/random.ts'
import { interpret } from '../../../src/runtime/interpret.ts'
import { drawNoise } from '../../../src/sampler/sampler.ts'
import { mapGraph } from '../../../src/studio/engine/map-graph.ts'
import { configOf } from '../../../src/studio/engine/session.ts'
import { targetDataset } from '../../../src/studio/engine/target.ts'
import { graphData, graphOf } from '../../../src/studio/page/one-file/graph.ts'
import { freshPlan, type Plan } from '../../../src/studio/plan.ts'

const COUNT = 50

test.each([
  ['jump', undefined],
  ['velocity', undefined],
  ['jump', 'class'],
] as const)('a %s (condition: %s) computes the same after it was JSON', async (value, condition) => {
  const plan: Plan = { ...freshPlan, hidden: 24, ...(condition && { condition }) }
  const dataset = targetDataset(plan.target)
  const config = configOf(plan, plan.stages[0], true)
  const graph = mapGraph(config, pointOf(config, dataset), value)
  const again = graphOf(JSON.parse(JSON.stringify(graphData(graph))))
  const source = random(0, 'test')
  const parameters = Float32Array.from(
    { length: parameterCount(config, pointOf(config, dataset)) },
    () => 0.2 * source.normal(),
  )
  const inputs = [
    parameters,
    drawNoise(COUNT, 2, 0),
    new Float32Array(COUNT).fill(1),
    new Float32Array(COUNT).fill(0.25),
    ...(condition ? [BigInt64Array.from({ length: COUNT }, (_, i) => BigInt(i % 9))] : []),
  ]
  const run = async (each: typeof graph) => Array.from((await interpret(each).run(inputs))[0], Number)
  const [first, second] = [await run(graph), await run(again)]
  expect(first).toHaveLength(2 * COUNT)
  expect(new Set(first).size).toBeGreaterThan(COUNT)
  expect(second).toEqual(first)
})
