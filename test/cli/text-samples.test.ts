import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { drawNoise, load, train } from '../../src/index.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('text-samples')
const at = (...names: string[]) => join(folder, ...names)

beforeAll(async () => {
  await train(
    {
      data: 'sums',
      objective: 'psd-simplex',
      condition: { kind: 'class' },
      network: { kind: 'transformer', width: 16, depth: 1, heads: 2 },
      optimizer: { learningRate: 0.01 },
      batch: 32,
      ema: 0,
      steps: 40,
    } as never,
    { directory: at('sums') },
  )
  const small = { network: { hidden: 8, layers: 1 }, batch: 16, steps: 4 } as const
  await train({ ...small, objective: 'psd', data: 'sphere-vmf' }, { directory: at('sphere') })
}, 240_000)

describe('a transformer that is told classes', () => {
  test('is the same as ONNX, and another for each class', async () => {
    const [run, file] = await Promise.all([load(at('sums')), load(at('sums', 'model.onnx'))])
    const noise = drawNoise(6, run.dimension, 3)
    const jumps = await Promise.all(
      [run, file].flatMap(map => ['1', '3'].map(name => map.given({ class: name }).jump(noise, 1, 0))),
    )
    await Promise.all([run.close(), file.close()])
    const apart = (a: Float32Array, b: Float32Array) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i])))
    expect(apart(jumps[0], jumps[2])).toBeLessThan(1e-5)
    expect(apart(jumps[1], jumps[3])).toBeLessThan(1e-5)
    expect(apart(jumps[0], jumps[1])).toBeGreaterThan(1e-3)
  })

  test.each(['.', 'model.onnx'])(
    'writes texts of a class, marked where they are none of the language: %s',
    async name => {
      const words = ['--class', '3', '--count', '5', '--steps', '1', '--out', at(`${name.length}.txt`)]
      const { code, stdout } = await runHere(['sample', at('sums', name), ...words])
      expect(code).toBe(0)
      const texts = readFileSync(at(`${name.length}.txt`), 'utf8')
        .trim()
        .split('\n')
      const isSum = ([a, b, c]: string) => (Number(a) + Number(b)) % 5 === Number(c)
      const expected = texts.map(text => (isSum(text) ? text : `${text}  (not in the language)`))
      expect(stdout.split('\n').slice(0, 5)).toEqual(expected)
      expect(stdout).toMatch(/% in the language\), 1 jump step\nclass 3: \d+ % of its texts/)
    },
  )
})

describe('samples of the sphere as places', () => {
  const sample = (...words: string[]) => runHere(['sample', at('sphere'), '--count', '3', ...words])

  test('are latitudes and longitudes of the same points', async () => {
    for (const form of ['points', 'places']) {
      expect((await sample('--as', form, '--out', at(`${form}.csv`))).code).toBe(0)
    }
    const rows = (form: string) =>
      readFileSync(at(`${form}.csv`), 'utf8')
        .trim()
        .split('\n')
    expect(rows('places')[0]).toBe('latitude,longitude')
    const points = rows('points').slice(-3)
    for (const [i, place] of rows('places').slice(1).entries()) {
      const [, , z] = points[i].split(',').map(Number)
      expect(Math.sin((Number(place.split(',')[0]) * Math.PI) / 180)).toBeCloseTo(z, 4)
    }
  })

  test('are a table', async () => {
    const { code, stderr } = await sample('--as', 'places', '--out', at('places.npy'))
    expect([code, stderr]).toEqual([2, expect.stringContaining('--as places: is a table; write .csv')])
  })
})
