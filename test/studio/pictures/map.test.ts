import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { train } from '../../../src/index.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { drawNoise, uniformGrid } from '../../../src/sampler/sampler.ts'
import { sample } from '../../../src/sampler/sampling.ts'
import { load } from '../../../src/serialization/load.ts'
import { openPictureMap, type PictureMap } from '../../../src/studio/engine/pictures/map.ts'
import { pixelsOf, repeated } from '../../../src/studio/engine/pictures/pixels.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { trainTold } from '../../helpers/pictures.ts'
import { tiny } from '../../helpers/training.ts'

const folder = temporaryFolder('pictures')
const runtime = nodeRuntime()

describe('a map of pictures that is told classes and scales', () => {
  let run: string
  let map: PictureMap
  beforeAll(async () => {
    run = await trainTold(folder)
    map = await openPictureMap('told', readFileSync(join(run, 'model.safetensors')), runtime)
  })
  afterAll(() => map?.close())

  test('says what it is', () => {
    const classes = [...'0123456789']
    expect(map.traits).toMatchObject({
      shape: [16, 16, 1],
      classes,
      scales: [1, 4],
      baked: null,
      data: 'glyphs',
    })
  })

  test.each([
    ['jumps', 2, 'auto', 'jump'],
    ['steps of Euler', 3, 'euler', 'euler'],
  ] as const)('draws by %s what the run does', async (_, steps, method, of) => {
    const points = drawNoise(3, 256, 7)
    const grid = uniformGrid(steps)
    const found = await map.draw({ points, grid, method, classes: [3, 0, 9], scale: 2.5 })
    const own = await load(run)
    const told = own.given({ class: [3, 0, 9] }).guided({ scale: 2.5 })
    expect(found).toEqual((await sample(told, points, { grid, method: of })).points)
    await own.close()
  })

  test('draws in parts what it draws at once', async () => {
    const rest = { method: 'euler', classes: [4, 4], scale: 1.5 } as const
    const points = drawNoise(2, 256, 1)
    const whole = await map.draw({ ...rest, points, grid: [1, 0.75, 0.5, 0] })
    const half = await map.draw({ ...rest, points, grid: [1, 0.75] })
    const parts = await map.draw({ ...rest, points: half, grid: [0.75, 0.5, 0] })
    parts.forEach((value, i) => {
      expect(Math.abs(value - whole[i])).toBeLessThan(0.01)
    })
  })
})

test('a map of something else is refused in a line', async () => {
  const directory = join(folder, 'plane')
  await train({ ...tiny, steps: 1 }, { directory })
  await expect(
    openPictureMap('plane', readFileSync(join(directory, 'model.safetensors')), runtime),
  ).rejects.toThrow('plane: expected a map of grey or coloured pictures, found points of shape [2]')
})

test('pixels are cut to what is shown', () => {
  expect([...pixelsOf(Float32Array.of(-3, 0.4, 254.6, 900))]).toEqual([0, 0, 255, 255])
})

describe('the model that comes with the page', () => {
  const bytes = readFileSync('src/studio/example/digits.safetensors')
  let map: PictureMap
  beforeAll(async () => {
    map = await openPictureMap('digits', bytes, runtime)
  })
  afterAll(() => map?.close())

  test('is under 3 MB and names no place of a machine', () => {
    expect(bytes.length).toBeLessThan(3_000_000)
    const header = bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString()
    expect(header).not.toMatch(/"\/|[A-Z]:\\/)
  })

  test('draws digits in one step: each is nearest to the others of its class', async () => {
    const { shape, classes, scales } = map.traits
    const dimension = shape.reduce((a, b) => a * b)
    const each = 8
    const told = classes.flatMap((_, place) => new Array<number>(each).fill(place))
    const means = async (seed: number) => {
      const points = repeated(drawNoise(each, dimension, seed), classes.length)
      const scale = scales && Math.min(2, scales[1])
      return map.draw({ points, grid: [1, 0], method: 'auto', classes: told, scale })
    }
    const [known, asked] = [await means(1), await means(2)]
    const mean = classes.map((_, place) =>
      Array.from({ length: dimension }, (_, i) => {
        let sum = 0
        for (let k = 0; k < each; k++) sum += known[(place * each + k) * dimension + i]
        return sum / each
      }),
    )
    const right = told.filter((place, k) => {
      const own = asked.subarray(k * dimension, (k + 1) * dimension)
      const distances = mean.map(values => values.reduce((sum, value, i) => sum + (value - own[i]) ** 2, 0))
      return distances.indexOf(Math.min(...distances)) === place
    })
    expect(right.length / told.length).toBeGreaterThan(0.8)
  })
})
