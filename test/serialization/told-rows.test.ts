import { describe, expect, test } from 'vitest'
import { openDataset } from '../../src/config/dataset.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { determinants } from '../../src/density/determinant.ts'
import { linearize } from '../../src/density/linearize.ts'
import { ownSamples } from '../../src/evaluation/own-density.ts'
import { parameterCount } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import type { Given } from '../../src/serialization/conditions.ts'
import type { Model } from '../../src/serialization/model.ts'
import { mapOfModel } from '../../src/serialization/model-map.ts'
import { dataRecord } from '../../src/serialization/record.ts'
import { toldRowMap } from '../../src/serialization/told-rows.ts'
import { expectSamePoints } from '../helpers/points.ts'

const source = random(4, 'told rows')
const normals = (count: number) => Float32Array.from({ length: count }, () => source.normal())
const vectors = pointsDataset(normals(80), {
  dimension: 2,
  conditions: normals(80).map((value, i) => (i % 2 === 0 ? 10 + value : 100 * value)),
})

/** A map whose parameters nobody trained. */
async function modelOf(user: UserConfig): Promise<Model> {
  const config = resolveConfig({
    data: 'ring',
    objective: 'psd',
    ...user,
    network: user.network?.kind === 'dit' ? user.network : { hidden: 16, layers: 1, ...user.network },
  })
  const data = config.condition.kind === 'vector' ? vectors : await openDataset(config.data)
  const count = parameterCount(config, pointOf(config, data))
  return {
    config,
    dimension: data.dimension,
    data: dataRecord(data),
    parameters: normals(count).map(value => 0.3 * value),
  }
}

const classes: UserConfig = { condition: { kind: 'class' } }
const guided = { rule: 'linear', law: 'uniform', range: [2, 4] } satisfies UserConfig['guidance']

describe('the map of rows that is told the same of every point', () => {
  test.each<[string, UserConfig, Given | undefined]>([
    ['a class by its name', classes, { class: '3' }],
    ['a class by its number', classes, { class: 5 }],
    ['no class', classes, { class: null }],
    ['nothing', classes, undefined],
    ['a vector', { condition: { kind: 'vector' } }, { vector: [10.5, -40] }],
    ['no vector', { condition: { kind: 'vector' } }, { vector: null }],
    ['a noisy point', { objective: 'psd', condition: { kind: 'state' } }, { state: [0.3, -1, 0.4] }],
    ['a class at the usual scale', { ...classes, guidance: guided }, { class: '3' }],
    [
      'a class of pictures',
      {
        ...classes,
        data: 'glyphs',
        network: { kind: 'dit', patch: 4, width: 8, depth: 1, heads: 1, frequencies: 4 },
      },
      { class: '3' },
    ],
  ])('is that of samples: %s', async (_, user, given) => {
    const model = await modelOf(user)
    const runtime = nodeRuntime()
    const map = await mapOfModel('it', model, runtime)
    const x = normals(3 * model.dimension)
    const told = given ? map.given(given) : map
    const [jump, velocity] = [await told.inner.jump(x, 0.9, 0.2), await told.inner.velocity(x, 0.5)]
    const rows = toldRowMap(model, 'it', given)
    const [program, field] = [
      await linearize(runtime, rows.jump, model.dimension),
      await linearize(runtime, (x, t) => rows.velocity(x, t), model.dimension),
    ]
    const found = await program.run(Float64Array.from(x), 0.9, 0.2)
    const other = await field.run(Float64Array.from(x), 0.5)
    expectSamePoints(Float32Array.from(found.values), jump, 5e-5)
    expectSamePoints(Float32Array.from(other.values), velocity, 5e-5)
    await Promise.all([map.close(), program.close(), field.close()])
  })

  test('gives own samples the density of the jumps of that class', async () => {
    const model = await modelOf(classes)
    const runtime = nodeRuntime()
    const request = { count: 6, seed: 1, grid: [1, 0.4, 0], method: 'jump', density: 'jump' } as const
    const own = await ownSamples(model, 'it', { ...request, given: { class: '2' } }, runtime)
    const other = await ownSamples(model, 'it', { ...request, given: { class: '3' } }, runtime)
    expect([...other.logDensity]).not.toEqual([...own.logDensity])
    // By differences of the map that samples go through, in single precision.
    const map = (await mapOfModel('it', model, runtime)).given({ class: '2' })
    const noise = drawNoise(6, 2, 1)
    const through = async (x: Float32Array) => map.inner.jump(await map.inner.jump(x, 1, 0.4), 0.4, 0)
    const step = 2 ** -6
    const moved = async (k: number, h: number) => through(noise.map((v, i) => (i % 2 === k ? v + h : v)))
    const slopes = await Promise.all(
      [0, 1].map(async k => {
        const [more, less] = [await moved(k, step), await moved(k, -step)]
        return more.map((value, i) => (value - less[i]) / (2 * step))
      }),
    )
    const jacobians = Float64Array.from(
      { length: 24 },
      (_, i) => slopes[Math.floor(i / 2) % 2][2 * Math.floor(i / 4) + (i % 2)],
    )
    const { log } = determinants(jacobians, 2)
    own.logDensity.forEach((value, i) => {
      const normal = -(noise[2 * i] ** 2 + noise[2 * i + 1] ** 2) / 2 - Math.log(2 * Math.PI)
      expect(value).toBeCloseTo(normal - log[i], 1)
    })
    await map.close()
  })

  test('refuses a class that there is not, and none where none is known', async () => {
    const [model, strict] = [await modelOf(classes), await modelOf({ condition: { kind: 'class', drop: 0 } })]
    expect(() => toldRowMap(model, 'it', { class: 'x' })).toThrow(/it: class: expected one of/)
    expect(() => toldRowMap(strict, 'it')).toThrow(/it: class: expected one of .*, found none/)
    expect(() => toldRowMap(model, 'it', { vector: [1] })).toThrow(/was trained without vectors/)
  })
})
