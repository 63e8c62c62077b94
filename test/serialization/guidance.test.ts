import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { guidanceRecord } from '../../src/config/guidance.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { parameterCount } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { load } from '../../src/serialization/load.ts'
import type { LoadedMap } from '../../src/serialization/loaded-map.ts'
import { encodeModelFile, encodeOnnxModel, type Model } from '../../src/serialization/model.ts'
import { mapOfOnnx } from '../../src/serialization/onnx-map.ts'
import { dataRecord } from '../../src/serialization/record.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { expectSamePoints } from '../helpers/points.ts'

const folder = temporaryFolder('guidance')
/** A map of the ring's classes whose parameters nobody trained. */
function modelOf(user: UserConfig): Model {
  const config = resolveConfig({
    data: 'ring',
    objective: 'flow-matching',
    condition: { kind: 'class' },
    ...user,
    network: user.network?.kind === 'dit' ? user.network : { hidden: 16, layers: 1, ...user.network },
  })
  const data = generatedDataset(config.data as string)
  const noise = random(4, 'parameters')
  const count = parameterCount(config, pointOf(config, data))
  const parameters = Float32Array.from({ length: count }, () => 0.5 * noise.normal())
  return { config, dimension: data.dimension, data: dataRecord(data), parameters }
}

const models = {
  velocity: modelOf({ network: { conditioning: 's' } }),
  map: modelOf({ objective: 'psd' }),
  'no null': modelOf({ condition: { kind: 'class', drop: 0 } }),
  baked: modelOf({ objective: 'meanflow', guidance: { rule: 'mix', omega: 1, kappa: 0.5 } }),
  told: modelOf({ objective: 'psd', guidance: { rule: 'linear', law: 'uniform', range: [1, 4] } }),
  'told intervals': modelOf({
    data: 'glyphs',
    objective: 'imf',
    guidance: { rule: 'random', interval: 'drawn' },
    network: { kind: 'dit', width: 8, depth: 1, heads: 1 },
  }),
}
const fileOf = (name: keyof typeof models) => join(folder, `${name.replace(' ', '-')}.safetensors`)

const open: LoadedMap[] = []
const maps = {} as Record<keyof typeof models, LoadedMap>
beforeAll(async () => {
  for (const [name, model] of Object.entries(models) as [keyof typeof models, Model][]) {
    writeFileSync(fileOf(name), encodeModelFile(model))
    maps[name] = await load(fileOf(name))
    open.push(maps[name])
  }
  return () => Promise.all(open.map(map => map.close()))
})

const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(3 * i))
const of = (map: LoadedMap) => map.given({ class: 3 })
const expectClose = (found: Float32Array, wanted: ArrayLike<number>) =>
  expectSamePoints(found, Float32Array.from(wanted), 5e-5)

describe('a map that was trained without guidance', () => {
  test('is led away from its own velocity without condition', async () => {
    const map = of(maps.velocity)
    const [told, untold] = [await map.velocity(x, 0.6), await map.without().velocity(x, 0.6)]
    for (const w of [0, 1, 2.5]) {
      const wanted = told.map((value, i) => untold[i] + w * (value - untold[i]))
      expectClose(await map.guided({ scale: w }).velocity(x, 0.6), wanted)
    }
    expect(await map.guided({ scale: 3, interval: [0, 0.5] }).velocity(x, 0.6)).toEqual(told)
    expect(await map.guided({ scale: 3, interval: [0.5, 1] }).velocity(x, 0.6)).not.toEqual(told)
    // Whichever comes first, the class or the scale.
    expect(() => maps.velocity.guided({ scale: 2 })).toThrow(
      /guidance: guides towards a condition, but there is none; name a class or a vector$/,
    )
  })

  test("one jump of a velocity is Euler's step of the guided velocity", async () => {
    const map = of(maps.velocity).guided({ scale: 2 })
    const { points } = await sample(map, x, { grid: [1, 0] })
    const v = await map.velocity(x, 1)
    expectClose(
      points,
      x.map((value, i) => value - v[i]),
    )
  })

  test('is not guided in jumps, unless that is allowed', async () => {
    const map = of(maps.map)
    await expect(sample(map.guided({ scale: 2 }), x, { grid: [1, 0] })).rejects.toThrow(
      /a guided jump is not the jump of the guided flow; follow the velocity \(--method euler or heun\)/,
    )
    const [told, untold] = [await map.jump(x, 1, 0), await map.without().jump(x, 1, 0)]
    const allowed = map.guided({ scale: 2, onJumps: true })
    expectClose(
      await allowed.jump(x, 1, 0),
      told.map((value, i) => 2 * value - untold[i]),
    )
    await sample(map.guided({ scale: 2 }), x, { grid: [1, 0], method: 'heun' })
  })

  test('needs a null', () => {
    expect(() => of(maps['no null']).guided({ scale: 2 })).toThrow(
      /needs a map that is also unconditional; train it with --condition.drop 0.1$/,
    )
    expect(() => of(maps.velocity).guided({ scale: -1 })).toThrow(/expected a scale of at least 0, found -1$/)
  })
})

test('a map of one scale keeps it', async () => {
  expect(maps.baked.guidance).toMatchObject({ rule: 'mix', applied: 'baked', scale: 2 })
  const map = of(maps.baked)
  expect(await map.guided({ scale: 2 }).jump(x, 1, 0)).toEqual(await map.jump(x, 1, 0))
  expect(() => map.guided({ scale: 3 })).toThrow(/was trained at the scale 2, .* use 2, found 3$/)
})

describe('a map that is told scales', () => {
  test('is told them, and at first none', async () => {
    const map = of(maps.told)
    expect(map.guidance).toMatchObject({ applied: 'input', range: [1, 4], input: 'inverse' })
    const usual = await map.jump(x, 1, 0)
    expect(await map.guided({ scale: 1 }).jump(x, 1, 0)).toEqual(usual)
    expect(await map.guided({ scale: 2 }).jump(x, 1, 0)).not.toEqual(usual)
    // In either order.
    const other = maps.told.guided({ scale: 2 }).given({ class: 3 })
    expect(await other.jump(x, 1, 0)).toEqual(await map.guided({ scale: 2 }).jump(x, 1, 0))
    expect(() => map.guided({ scale: 5 })).toThrow(/was trained on scales of 1 to 4, found 5$/)
    expect(() => map.guided({ scale: 2, interval: [0, 0.5] })).toThrow(/remove the interval$/)
  })

  test('and intervals, at first all times, in a run and in an ONNX file', async () => {
    const found = await mapOfOnnx('b.onnx', openModel, encodeOnnxModel(models['told intervals']))
    open.push(found)
    const noise = Float32Array.from({ length: 256 }, (_, i) => Math.sin(3 * i))
    for (const map of [maps['told intervals'], found]) {
      expect(map.guidance).toMatchObject({ applied: 'input', interval: 'input', range: [1, 8] })
      const jump = (interval?: readonly [number, number]) =>
        of(map)
          .guided({ scale: 2, ...(interval && { interval }) })
          .jump(noise, 1, 0.2)
      expect(await jump([0, 1])).toEqual(await jump())
      expect(await jump([0.25, 0.75])).not.toEqual(await jump())
      expect(() => map.guided({ scale: 2, interval: [0.6, 0.9] })).toThrow(
        /was trained on intervals from 0-0\.5 to 0\.5-1, found 0\.6 to 0\.9$/,
      )
    }
    const [run, file] = [maps['told intervals'], found].map(map =>
      of(map).guided({ scale: 3, interval: [0.1, 0.9] }),
    )
    expectClose(await file.jump(noise, 1, 0), await run.jump(noise, 1, 0))
  })

  test('as an ONNX file too', async () => {
    const found = await mapOfOnnx('a.onnx', openModel, encodeOnnxModel(models.told))
    open.push(found)
    expect(found.guidance).toEqual(guidanceRecord(models.told.config))
    const jump = (map: LoadedMap) => of(map).guided({ scale: 2.5 }).jump(x, 1, 0.2)
    expectClose(await jump(found), await jump(maps.told))
    expect(() => found.guided({ scale: 0.5 })).toThrow(/was trained on scales of 1 to 4/)
  })
})

describe('oxbow sample', () => {
  const run = (name: keyof typeof models, ...flags: string[]) =>
    runHere(['sample', fileOf(name), '--count', '4', '--out', join(folder, 'out.csv'), ...flags])

  test('takes a scale, and refuses in a line what was not trained', async () => {
    expect((await run('velocity', '--class', '3', '--guidance', '2', '--steps', '4')).code).toBe(0)
    expect((await run('told', '--class', '3', '--guidance', '2')).code).toBe(0)
    for (const [name, flags, line] of [
      ['baked', ['--guidance', '3'], /trained at the scale 2/],
      ['told', ['--guidance', '9'], /scales of 1 to 4, found 9/],
      ['map', ['--guidance', '2'], /a guided jump is not the jump of the guided flow/],
      ['map', ['--guidance-on-jumps'], /^oxbow: --guidance: a scale is needed/],
      ['map', ['--guidance', 'much'], /--guidance: expected a number of at least 0, found "much"/],
      ['velocity', ['--guidance', '2', '--guidance-interval', '0.8,0.2'], /in rising order such as 0.2,0.8/],
    ] as const) {
      const { code, stderr } = await run(name, '--class', '3', ...flags)
      expect([code, stderr]).toEqual([2, expect.stringMatching(line)])
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
    const { code, stderr } = await run('map', '--class', '3', '--guidance', '2', '--guidance-on-jumps')
    expect([code, stderr]).toEqual([0, expect.stringMatching(/oversaturated/)])
  })
})
