import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { train } from '../../../src/index.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { openPictureMap, type PictureMap } from '../../../src/studio/engine/pictures/map.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { small } from '../../helpers/pictures.ts'

const folder = temporaryFolder('steered-pictures')
const runtime = nodeRuntime()
const SIDE = 16
const D = SIDE * SIDE
const classifier = new Uint8Array(readFileSync('features/glyphs-16.onnx'))

/** The model that comes with the page. */
let map: PictureMap
beforeAll(async () => {
  map = await openPictureMap('digits', readFileSync('src/studio/example/digits.safetensors'), runtime)
})
afterAll(() => map?.close())

const apart = (a: Float32Array, b: Float32Array, places: readonly number[]): number =>
  Math.sqrt(places.reduce((sum, i) => sum + (a[i] - b[i]) ** 2, 0) / places.length)

test('a digit whose lower half is hidden: samples agree in what is seen and differ in the rest', async () => {
  const noise = new Float32Array(D).map((_, i) => Math.sin(12.9898 * (i + 1)) * 1.4)
  const drawing = { grid: [1, 0], method: 'auto', classes: [9], scale: 2 } as const
  const picture = await map.draw({ points: noise, ...drawing })
  const places = Array.from({ length: D }, (_, i) => i)
  const keep = places.filter(i => i < D / 2)
  const goal = { kind: 'mask', picture, keep, sd: 40 } as const
  const ask = (seed: number) => map.steer({ goal, beta: 1, steps: 12, particles: 32, seed })
  const samples = [await ask(0), await ask(1), await ask(2)]
  const plain = await map.steer({ goal, beta: 0, steps: 12, particles: 32, seed: 0 })
  for (const { points, evaluations } of samples) {
    expect(apart(points, picture, keep)).toBeLessThan(60)
    expect(apart(points, picture, keep)).toBeLessThan(0.7 * apart(plain.points, picture, keep))
    // Twelve jumps on, and one ahead from each of the twelve times above data.
    expect(evaluations).toBe(32 * 24)
  }
  const rest = places.filter(i => i >= D / 2)
  expect(apart(samples[0].points, samples[1].points, rest)).toBeGreaterThan(20)
  expect((await ask(0)).points).toEqual(samples[0].points)
})

test('towards a class by the classifier: likelier there than without', async () => {
  const goal = { kind: 'class', class: 4, classifier } as const
  const both = await Promise.all(
    [1, 0].map(async beta => {
      const points = new Float32Array(6 * D)
      for (let k = 0; k < 6; k++) {
        const { points: one } = await map.steer({ goal, beta, steps: 6, particles: 24, seed: k })
        points.set(one, k * D)
      }
      const likely = await map.judge(points, goal)
      return likely.reduce((sum, each) => sum + each, 0) / likely.length
    }),
  )
  expect(both[0]).toBeGreaterThan(both[1] + 0.2)
  // Those of the class are known to be.
  const told = await map.draw({
    points: new Float32Array(4 * D).map((_, i) => Math.sin(78.233 * (i + 1)) * 1.4),
    grid: [1, 0],
    method: 'auto',
    classes: [4, 4, 4, 4],
    scale: 2,
  })
  expect(Math.min(...(await map.judge(told, goal)))).toBeGreaterThan(0.8)
  expect(await map.read(told, classifier)).toEqual([4, 4, 4, 4])
})

test('what cannot be steered is said in a line', async () => {
  const goal = { kind: 'class', class: 10, classifier } as const
  const asked = { goal, beta: 1, steps: 2, particles: 2, seed: 0 }
  await expect(async () => map.steer(asked)).rejects.toThrow('only knows drawn digits of 16 × 16 pixels')
  const directory = join(folder, 'always')
  await train({ ...small, condition: { kind: 'class', drop: 0 }, steps: 2 }, { directory })
  const always = await openPictureMap('always', readFileSync(join(directory, 'model.safetensors')), runtime)
  const mask = { kind: 'mask', picture: new Float32Array(D), keep: [0], sd: 40 } as const
  await expect(async () => always.steer({ ...asked, goal: mask })).rejects.toThrow(
    'needs a class for every picture',
  )
  await always.close()
})
