import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test } from 'vitest'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { load } from '../../src/serialization/load.ts'
import { decodeModelFile } from '../../src/serialization/model.ts'
import { paths } from '../../src/serialization/run.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import { planOfModel } from '../../src/studio/engine/model-file.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { type Plan, planSchema } from '../../src/studio/plan.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { mixture, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('model-file')
const ring = join(folder, 'ring')
const rows = join(folder, 'rows')
const solid = join(folder, 'solid')
const noise = drawNoise(200, 2, 3)

beforeAll(async () => {
  const odd = { ...tiny.network, activation: 'gelu', embedding: 'raw', parameterization: 'denoised' } as const
  await train(
    { ...tiny, network: odd, objective: 'psd', times: { minimum: 0.1 }, interpolant: 'trig', steps: 30 },
    { directory: ring },
  )
  const table = Array.from({ length: 200 }, (_, i) => `${100 + Math.sin(i)},${5 * Math.cos(i)}`)
  writeFileSync(join(folder, 'rows.csv'), table.join('\n'))
  await train({ ...tiny, data: join(folder, 'rows.csv'), steps: 30 }, { directory: rows })
  const cube = Array.from({ length: 50 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i}`)
  writeFileSync(join(folder, 'solid.csv'), cube.join('\n'))
  await train({ ...tiny, data: join(folder, 'solid.csv'), steps: 2 }, { directory: solid })
})

const opened: Session[] = []
afterEach(async () => {
  for (const session of opened.splice(0)) await session.close()
})

async function show(path: string, change: Partial<Plan> = {}): Promise<Session> {
  const bytes = new Uint8Array(readFileSync(path))
  const plan = planSchema.parse({ ...planOfModel(bytes, path.split('/').at(-1)!), ...change })
  const session = await Session.open(engine, plan, bytes)
  opened.push(session)
  return session
}

test('one that is told a vector shows and trains the map without', async () => {
  const network = { ...tiny.network, injection: 'layers' } as const
  const user = { ...tiny, network, data: 'swiss-roll', steps: 30 }
  const directory = join(folder, 'told-vector')
  await train({ ...user, condition: { kind: 'vector' } }, { directory })
  const session = await show(paths(directory).model)
  const map = await load(directory)
  const expected = await map.without().inner.jump(noise, 1, 0)
  await map.close()
  ;(await session.map().jump(noise, 1, 0)).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 4)
  })
  while (session.step < 3) expect(await session.advance(3)).toBeUndefined()
  await train({ ...user, condition: { kind: 'vector', drop: 0 } }, { directory: `${directory}-always` })
  await expect(show(paths(`${directory}-always`).model)).rejects.toThrow(
    /model.safetensors: was trained with the vector of every sample/,
  )
})

test('a .safetensors file shows its own map, whatever its network', async () => {
  const session = await show(paths(ring).model)
  expect(session.plan).toMatchObject({
    target: { kind: 'built-in', name: 'ring' },
    hidden: 16,
    interpolant: 'trig',
    start: { name: 'model.safetensors', format: 'safetensors', objective: 'psd' },
    stages: [{ objective: 'psd', steps: 0 }],
  })
  const map = await load(ring)
  for (const [s, t] of [
    [1, 0],
    [0.7, 0.2],
    [0.05, 0],
  ]) {
    expect(await session.map().jump(noise, s, t)).toEqual(await map.jump(noise, s, t))
  }
  expect(await session.map('raw').velocity(noise, 0.5)).toEqual(await map.velocity(noise, 0.5))
  await map.close()
})

test('it is trained on from there', async () => {
  const session = await show(paths(ring).model)
  const before = session.parameters('raw').slice()
  await session.change({ objective: 'flow-matching', learningRate: 1e-3, keep: true })
  expect(session.parameters('raw')).toEqual(before)
  while (session.step < 20) expect(await session.advance(20)).toBeUndefined()
  expect(session.parameters('raw')).not.toEqual(before)
  expect(session.config.network).toMatchObject({ activation: 'gelu', embedding: 'raw' })
})

test('an .onnx file has its jumps, and says what it has not', async () => {
  const session = await show(paths(ring).onnx)
  const map = await load(ring)
  const jumped = await session.map().jump(noise, 1, 0)
  const own = await map.jump(noise, 1, 0)
  jumped.forEach((value, i) => {
    expect(value).toBeCloseTo(own[i], 4)
  })
  await map.close()
  expect(session.plan).toMatchObject({ interpolant: 'trig', start: { objective: 'psd' } })
  const metrics = { steps: [1], method: 'jump', weights: 'ema', count: 200, seed: 0 } as const
  expect((await answers.metrics(metrics, session, engine)).values[0].slicedWasserstein).toBeGreaterThan(0)
  await expect(session.map().velocity(noise, 0.5)).rejects.toThrow('contains only the jump')
  const residuals = async () => answers.residuals({ levels: 2, weights: 'ema' }, session, engine)
  await expect(residuals()).rejects.toThrow('only the jump')
  await expect(session.advance()).rejects.toThrow('only the jump')
  await expect(session.change({ objective: 'psd', learningRate: 1e-3, keep: true })).rejects.toThrow(
    'only the jump',
  )
  expect([session.full, session.line(), session.step]).toEqual([false, null, 0])
})

test('data that only its name is known of is not measured or trained on', async () => {
  const session = await show(paths(rows).model)
  expect(session.plan.target).toEqual({ kind: 'unknown', name: 'rows.csv' })
  await expect(session.advance()).rejects.toThrow('rows.csv: the file does not contain its data')
  const target = { count: 10, seed: 0 }
  await expect(answers.target(target, session, engine)).rejects.toThrow('does not contain its data')
})

test('what a file knows is steered: an ONNX by its jumps, unknown data without an exact law', async () => {
  const question = {
    points: drawNoise(500, 2, 0),
    tilt: { center: [1, 0] as [number, number], scale: 1, beta: 2 },
    steps: 2,
    method: 'particles',
    kernel: 'renoise',
    lookAhead: 'jump',
    moves: 0,
    resample: true,
    seed: 0,
    weights: 'ema',
  } as const
  const nameless = await answers.steer(question, await show(paths(rows).model), engine)
  expect([nameless.exact, nameless.marks]).toEqual([null, null])
  expect(nameless.rewards.after).toBeGreaterThan(nameless.rewards.before)
  const session = await show(paths(ring).onnx)
  const jumps = await answers.steer(question, session, engine)
  expect(jumps.exact!.distances.after).toBeGreaterThan(0)
  const guided = async () =>
    answers.steer({ ...question, method: 'guided', lookAhead: 'denoiser' }, session, engine)
  await expect(guided).rejects.toThrow('needs the velocity of the map')
})

test('both files of standardised data are shown on the scale of the noise', async () => {
  const [one, other] = [await show(paths(rows).model), await show(paths(rows).onnx)]
  const map = await load(rows)
  for (const [s, t] of [
    [1, 0],
    [0.6, 0.3],
  ]) {
    const inner = await map.inner.jump(noise, s, t)
    expect(await one.map().jump(noise, s, t)).toEqual(inner)
    const outer = await other.map().jump(noise, s, t)
    outer.forEach((value, i) => {
      expect(value).toBeCloseTo(inner[i], 3)
    })
  }
  await map.close()
})

test('an objective that needs what is not there begins as a plain one', async () => {
  const directory = join(folder, 'cmt')
  const exact = { teacher: 'exact', coupling: { pairs: 64, steps: 4 } } as const
  await train({ ...tiny, ...exact, objective: 'cmt', steps: 5 }, { directory })
  const session = await show(paths(directory).model)
  expect(session.plan).toMatchObject({
    start: { objective: 'cmt' },
    stages: [{ objective: 'flow-matching' }],
  })
})

test('a custom mixture is data that only its name is known of', async () => {
  const directory = join(folder, 'mixture')
  await train({ ...tiny, data: mixture, objective: 'lmd', teacher: 'exact', steps: 5 }, { directory })
  const session = await show(paths(directory).model)
  expect(session.plan).toMatchObject({
    target: { kind: 'unknown' },
    stages: [{ objective: 'flow-matching' }],
  })
})

test('what is wrong is said in one line', async () => {
  const bytes = new Uint8Array(readFileSync(paths(ring).model))
  const onnx = new Uint8Array(readFileSync(paths(ring).onnx))
  const plan = planOfModel(bytes, 'a.safetensors')
  await expect(Session.open(engine, plan)).rejects.toThrow(
    'a.safetensors: a link does not contain the model; open the file here',
  )
  const other = new Uint8Array(readFileSync(paths(rows).model))
  await expect(Session.open(engine, plan, other)).rejects.toThrow('a.safetensors: this is not the file')
  expect(() => planOfModel(bytes.subarray(0, 50), 'a.safetensors')).toThrow('a.safetensors: ')
  expect(() => planOfModel(Uint8Array.of(1, 2, 3), 'a.onnx')).toThrow('a.onnx: not an ONNX model')
  expect(() => planOfModel(new Uint8Array(readFileSync(paths(solid).model)), 'a.safetensors')).toThrow(
    'have 3 coordinates',
  )
  expect(() => planOfModel(new Uint8Array(readFileSync(paths(solid).onnx)), 'a.onnx')).toThrow(
    'have 3 coordinates',
  )
  const cut = onnx.subarray(0, onnx.length - 100)
  const attempt = async () => {
    const plan = planOfModel(cut, 'a.onnx')
    return Session.open(engine, plan, cut)
  }
  await expect(attempt()).rejects.toThrow(/^a\.onnx: not an ONNX model/)
})

test('weights that are no numbers are refused by the name of their tensor', () => {
  const spoilt = (path: string, name: string): (() => Plan) => {
    // Names of the same length hide the checksum, as in a file of another program.
    const text = readFileSync(path, 'latin1').replace('oxbow_checksum', 'other_checksum')
    const bytes = new Uint8Array(Buffer.from(text.replace('oxbow_crc32', 'other_crc32'), 'latin1'))
    const { parameters } = decodeModelFile(new Uint8Array(readFileSync(paths(ring).model)), 'model')
    const bias = Buffer.from(parameters.slice(-2).buffer)
    const at = Buffer.from(bytes.buffer).lastIndexOf(bias)
    expect(at).toBeGreaterThan(0)
    new DataView(bytes.buffer).setFloat32(at, Number.NaN, true)
    return () => planOfModel(bytes, name)
  }
  expect(spoilt(paths(ring).model, 'a.safetensors')).toThrow(/^a\.safetensors: tensor \d\.bias: holds values/)
  expect(spoilt(paths(ring).onnx, 'a.onnx')).toThrow(/^a\.onnx: tensor \/c\d+ contains NaN/)
})
