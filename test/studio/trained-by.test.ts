import { afterEach, expect, test } from 'vitest'
import * as engine from '../../src/runtime/node.ts'
import { readMetadata } from '../../src/runtime/protobuf.ts'
import { decodeModelFile } from '../../src/serialization/model.ts'
import { fileOf } from '../../src/studio/engine/files.ts'
import { planOfModel } from '../../src/studio/engine/model-file.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { trainedBy } from '../../src/studio/example/trained-by.ts'
import { examplePlan, freshPlan, type Plan, type Stage } from '../../src/studio/plan.ts'
import { recipeOf, trainedObjective } from '../../src/studio/recipe.ts'

const open: Session[] = []
afterEach(async () => {
  for (const session of open.splice(0)) await session.close()
})

const small = { ...freshPlan, hidden: 8, layers: 1, batch: 16 }
const stage = (objective: string, keep = true): Stage => ({ objective, learningRate: 1e-3, steps: 0, keep })

async function begin(plan: Plan, file?: Uint8Array): Promise<Session> {
  const session = await Session.open(engine, plan, file)
  open.push(session)
  return session
}

/** What the files that a page exports say of themselves, and what the page's own words about the plan say. */
function told(session: Session): { objectives: (string | null)[]; data: string[] } {
  const safetensors = decodeModelFile(fileOf(session, { format: 'safetensors', weights: 'raw' }), 'it')
  const onnx = readMetadata(fileOf(session, { format: 'onnx', weights: 'ema' }))
  return {
    objectives: [safetensors.config.objective, onnx.objective, trainedObjective(session.plan)],
    data: [safetensors.data.name, JSON.parse(onnx.data).name],
  }
}

const all = (objective: string) => [objective, objective, objective]
const last = trainedBy.stages.at(-1)!.objective

test('the example says what it was trained by, whatever is chosen to be trained next', async () => {
  const session = await begin({ ...examplePlan, batch: 16 })
  expect(told(session).objectives).toEqual(all(last))
  await session.change(stage('psd'))
  expect(told(session).objectives).toEqual(all(last))
  await session.advance(2)
  expect(told(session).objectives).toEqual(all('psd'))
  const { config } = decodeModelFile(fileOf(session, { format: 'safetensors', weights: 'ema' }), 'it')
  expect(config.batch).toBe(16)
})

test.each([
  ['spirals', 'spirals'],
  ['pinwheel', 'ring'],
])(
  'the example beside %s is of %s: a target without one of its own is shown the ring’s',
  async (name, of) => {
    const plan: Plan = { ...examplePlan, target: { kind: 'built-in', name }, stages: [stage('lsd')] }
    expect(told(await begin(plan)).data).toEqual([of, of])
  },
)

test('a training of several stages says the last that took a step', async () => {
  const session = await begin({ ...small, stages: [stage('flow-matching', false)] })
  await session.advance(3)
  await session.change(stage('semigroup'))
  expect(told(session).objectives).toEqual(all('flow-matching'))
  expect(recipeOf(session.plan)).toMatchObject({ runs: [{ config: { objective: 'flow-matching' } }] })
  await session.advance(2)
  expect(told(session).objectives).toEqual(all('semigroup'))
  await session.change(stage('lsd'))
  await session.change(stage('psd'))
  expect(told(session).objectives).toEqual(all('semigroup'))
  // Without the weights it is a new network.
  await session.change(stage('lsd', false))
  expect(told(session).objectives).toEqual(all('lsd'))
})

test('the model of a file says what the file says, its configuration included', async () => {
  const trained = await begin({ ...small, batch: 48, stages: [stage('flow-matching', false)] })
  await trained.advance(3)
  await trained.change(stage('semigroup'))
  await trained.advance(2)
  const bytes = fileOf(trained, { format: 'safetensors', weights: 'ema' })
  const plan = planOfModel(bytes, 'model.safetensors')
  const session = await begin({ ...plan, batch: 16, stages: [stage('lsd')] }, bytes)
  expect(told(session).objectives).toEqual(all('semigroup'))
  expect(fileOf(session, { format: 'safetensors', weights: 'ema' })).toEqual(bytes)
})
