import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { asMap } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { train } from '../../src/training/train.ts'
import { valuesOf } from '../autodiff/values.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { quick, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('divergence-head')
const at = (name: string) => join(folder, name)

const head: UserConfig = { ...quick, objective: 'f2d2:shortcut', teacher: 'exact', steps: 40, batch: 32 }

/** `V` and `A` of a run's map at a few points, in both orders of time. */
function valuesAt(directory: string) {
  const model = readModel(directory, 'ema')
  return valuesOf(() => {
    const map = asMap(model, 'float64')
    const x = constant([0.3, -1, 1.5, 0.2], [2, 2], 'float64')
    const [s, t] = [
      [0.8, 0.1],
      [0.3, 0.9],
    ].map(times => constant(times, [2, 1], 'float64'))
    return { V: map.velocity(x, s, t), ...(map.divergence && { A: map.divergence(x, s, t) }) }
  }).map(({ data }) => [...data])
}

describe('a run with a divergence head', () => {
  beforeAll(() => train(head, { directory: at('whole') }))

  test('records its scale, twice the coordinates', () => {
    const { config } = JSON.parse(readFileSync(join(at('whole'), 'config.json'), 'utf8'))
    expect(config.network.divergenceHead).toBe(4)
    expect(readModel(at('whole'), 'ema').config.network.divergenceHead).toBe(4)
  })

  test('goes on after a stop as if there had been none', async () => {
    await train({ ...head, chunk: 10 }, { directory: at('parts'), shouldStop: stopAfter(3) })
    const [stopped] = checkpointSteps(at('parts'))
    expect(stopped).toBeGreaterThan(0)
    expect(stopped).toBeLessThan(40)
    const { finished } = await train({}, { directory: at('parts'), resume: true })
    expect(finished).toBe(true)
    expect(valuesAt(at('parts'))).toEqual(valuesAt(at('whole')))
  })

  test('has a head of its own in its files', () => {
    const [, A] = valuesAt(at('whole'))
    expect(A).toHaveLength(2)
    expect(A.every(value => Number.isFinite(value) && value !== 0)).toBe(true)
  })

  test('begins another run of the same scale, and of no other', async () => {
    await train({ ...head, steps: 0, initFrom: at('whole') }, { directory: at('same') })
    expect(valuesAt(at('same'))).toEqual(valuesAt(at('whole')))
    const other = {
      ...head,
      steps: 0,
      initFrom: at('whole'),
      network: { ...quick.network, divergenceHead: 8 },
    }
    await expect(train(other, { directory: at('other') })).rejects.toThrow(
      /network\.divergenceHead is 4 there and 8 here; use 4/,
    )
  })

  test('its map may be trained on without the head', async () => {
    await train({ ...quick, objective: 'psd', steps: 0, initFrom: at('whole') }, { directory: at('without') })
    const [V, A] = valuesAt(at('without'))
    expect(V).toEqual(valuesAt(at('whole'))[0])
    expect(A).toBeUndefined()
  })
})

describe('a head on a map that was trained without one', () => {
  test('is fresh, and the map stays', async () => {
    await train({ ...quick, objective: 'psd', steps: 40 }, { directory: at('map') })
    const started = { ...head, initFrom: at('map'), steps: 0 }
    await train(started, { directory: at('started') })
    const [[before], [after, A]] = [valuesAt(at('map')), valuesAt(at('started'))]
    expect(after).toEqual(before)
    expect(A.some(value => value !== 0)).toBe(true)
    const { finished } = await train({ ...head, initFrom: at('map') }, { directory: at('on') })
    expect(finished).toBe(true)
    expect(valuesAt(at('on'))[1]).not.toEqual(A)
  })

  test('a velocity becomes a map with a head, too', async () => {
    const velocity = { ...quick, objective: 'flow-matching', steps: 20 }
    await train(
      { ...velocity, network: { ...quick.network, conditioning: 's' } },
      { directory: at('velocity') },
    )
    await train({ ...head, steps: 0, initFrom: at('velocity') }, { directory: at('from-velocity') })
    expect(valuesAt(at('from-velocity'))).toHaveLength(2)
  })
})

test('a transformer on pictures has one, too, by a probe', async () => {
  const pictures: UserConfig = {
    data: 'glyphs',
    objective: 'f2d2:meanflow',
    network: { kind: 'dit', patch: 8, width: 16, depth: 1, heads: 2 },
    batch: 8,
    steps: 3,
  }
  const { finished } = await train(pictures, { directory: at('pictures') })
  expect(finished).toBe(true)
  const { config, dimension } = readModel(at('pictures'), 'ema')
  expect(config.network.divergenceHead).toBe(2 * dimension)
})

describe('what a configuration refuses', () => {
  const refused: [string, UserConfig, RegExp][] = [
    [
      'a row of heads without one',
      { ...head, network: { divergenceHead: 0 } },
      /^network\.divergenceHead: f2d2:shortcut trains a divergence head; use auto or a scale above 0, found 0/,
    ],
    [
      'a head that nothing trains',
      { objective: 'psd', network: { divergenceHead: 4 } },
      /^network\.divergenceHead: psd does not train one; use 0, or one of f2d2:diagonal,.*found 4/,
    ],
    [
      'a network that sees other points',
      { ...head, network: { parameterization: 'edm' } },
      /^network\.parameterization: edm shows/,
    ],
    [
      'a diagonal term of heads beside another row',
      { objective: 'psd', teacher: 'exact', diagonal: { objective: 'f2d2:diagonal' } },
      /^diagonal\.objective: f2d2:diagonal trains a divergence head, and psd does not/,
    ],
    [
      'a divergence at points off the path by denoising',
      { ...head, objective: 'f2d2:lsd', options: { divergence: 'denoising' } },
      /^options\.divergence: /,
    ],
    ['a negative scale', { ...head, network: { divergenceHead: -1 } }, /^network\.divergenceHead: /],
  ]
  test.each(refused)('%s', (_, config, message) => {
    expect(() => resolveConfig(config)).toThrow(message)
  })
})
