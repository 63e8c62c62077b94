import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { drawNoise, load, sample, train, uniformGrid } from '../../src/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import type { MethodName, SamplingMethod } from '../../src/sampler/names.ts'
import { noiseAt } from '../../src/sampler/sampling.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { runHere } from '../helpers/cli.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('sampler-graph')
const at = (name: string) => join(folder, name)
const COUNT = 40

beforeAll(async () => {
  const far = { gaussian: { mean: [100, -3], std: [20, 0.1] } }
  const settings = { ...tiny, steps: 30, data: far, standardize: 'column' } as const
  await train({ ...settings, objective: 'lsd' }, { directory: at('lsd') })
  await train(
    {
      ...tiny,
      steps: 30,
      objective: 'piflow',
      teacher: 'exact',
      network: { ...tiny.network, components: 3, substeps: 8 },
    },
    { directory: at('piflow') },
  )
  await train({ ...settings, objective: 'ct', interpolant: 'trig' }, { directory: at('ct') })
  await train({ ...tiny, steps: 30, objective: 'psd' }, { directory: at('plain') })
  const backbone = { network: { ...tiny.network, layers: 3, backbone: 1 } }
  await train({ ...settings, ...backbone, objective: 'tmd-head' }, { directory: at('head') })
  await train(
    { ...tiny, ...backbone, steps: 3, objective: 'tmd', teacher: 'exact', options: { inner: 3 } },
    { directory: at('tmd') },
  )
  const denoise = { ...tiny, steps: 30, objective: 'denoise' } as const
  await train(
    { ...denoise, interpolant: 'vp', network: { ...tiny.network, predicts: 'eps' } },
    { directory: at('eps') },
  )
  await train(
    { ...denoise, interpolant: 'edm', network: { ...tiny.network, parameterization: 'edm' } },
    { directory: at('edm') },
  )
})

/** Points of `oxbow sample`, and those of the exported graph on the same noise. */
async function both(run: string, asked: MethodName, grid: readonly number[]) {
  const map = await load(at(run))
  const noise = drawNoise(COUNT, map.dimension, 3)
  const { points, method } = await sample(map, noiseAt(map, noise, grid[0]), { grid, method: asked, seed: 9 })
  await map.close()
  const exported = encodeOnnxSampler(readModel(at(run)), { grid, method: asked })
  expect(exported.method).toBe(method)
  const { program, inputs, metadata } = await openModel(exported.bytes)
  // What a method adds, which is addressed by its number.
  const fresh = inputs.slice(1).map((_, k) => {
    const source = random(9, method, k)
    return noise.map(() => source.normal())
  })
  const [found] = await program.run([noise, ...fresh])
  await program.close()
  return { points, found: found as Float32Array, inputs, metadata }
}

const cases: [string, MethodName, readonly number[], SamplingMethod][] = [
  ['lsd', 'auto', uniformGrid(1), 'jump'],
  ['lsd', 'auto', uniformGrid(4), 'jump'],
  ['lsd', 'jump', [1, 0.7, 0.1, 0], 'jump'],
  ['lsd', 'euler', uniformGrid(3), 'euler'],
  ['lsd', 'heun', uniformGrid(3), 'heun'],
  ['piflow', 'auto', uniformGrid(1), 'jump'],
  ['piflow', 'jump', [1, 0.6, 0], 'jump'],
  ['piflow', 'euler', uniformGrid(3), 'euler'],
  ['ct', 'auto', uniformGrid(1), 'jump'],
  ['ct', 'auto', [1, 0.5, 0.2, 0], 'renoise'],
  ['head', 'auto', uniformGrid(1), 'transition'],
  ['head', 'auto', [1, 0.6, 0.2, 0], 'transition'],
  ['tmd', 'auto', uniformGrid(2), 'transition'],
  ['plain', 'auto', uniformGrid(2), 'jump'],
  ['plain', 'renoise', uniformGrid(3), 'renoise'],
  ['eps', 'ddim', uniformGrid(4), 'ddim'],
  ['eps', 'dpm++2m', [1, 0.8, 0.5, 0.2, 0], 'dpm++2m'],
  ['eps', 'ancestral', uniformGrid(4), 'ancestral'],
  ['eps', 'sde-dpm++2m', uniformGrid(4), 'sde-dpm++2m'],
  ['eps', 'euler-maruyama', uniformGrid(8), 'euler-maruyama'],
  ['eps', 'edm', uniformGrid(3), 'edm'],
  ['eps', 'midpoint', uniformGrid(3), 'midpoint'],
  ['edm', 'heun', uniformGrid(6), 'heun'],
  ['edm', 'edm', uniformGrid(6), 'edm'],
]

describe('a sampler as one graph', () => {
  test.each(cases)(
    'of %s by %s through %j gives the points of sampling',
    async (run, asked, grid, method) => {
      const { points, found, inputs, metadata } = await both(run, asked, grid)
      const spread = Math.max(...points.map(Math.abs))
      const errors = points.map((value, i) => Math.abs(value - found[i]))
      expect(Math.max(...errors)).toBeLessThan(1e-5 * Math.max(1, spread))
      // All but one step of these: the first, or the last.
      const noisy = ['renoise', 'ancestral', 'sde-dpm++2m', 'euler-maruyama'].includes(method)
      const steps = method === 'transition' ? grid.slice(1) : noisy ? grid.slice(1, -1) : []
      const added = steps.map((_, k) => `noise${k + 1}`)
      expect(inputs).toEqual(['noise', ...added].map(name => ({ name, shape: [-1, 2], dtype: 'float32' })))
      expect(metadata).toMatchObject({ format: 'oxbow-sampler', method, grid: JSON.stringify(grid) })
    },
  )

  test('of standardised data is in its own units', async () => {
    const { found } = await both('lsd', 'auto', uniformGrid(2))
    const column = (k: number) => Array.from(found).filter((_, i) => i % 2 === k)
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
    expect(Math.abs(mean(column(0)) - 100)).toBeLessThan(30)
    expect(Math.abs(mean(column(1)) + 3)).toBeLessThan(0.3)
  })

  test('is written by export, by steps or by a grid', async () => {
    const written = await runHere(['export', at('lsd'), '--sampler', '--steps', '4', '--json'])
    expect(JSON.parse(written.stdout)).toMatchObject({
      file: at('lsd/sampler-4.onnx'),
      steps: 4,
      method: 'jump',
    })
    const { bytes } = encodeOnnxSampler(readModel(at('lsd')), { grid: uniformGrid(4), method: 'auto' })
    expect(readFileSync(at('lsd/sampler-4.onnx')).equals(bytes)).toBe(true)
    const named = await runHere([
      'export',
      at('lsd'),
      '--sampler',
      '--grid',
      'flow-map:2,shift=3',
      '--out',
      at('g.onnx'),
    ])
    expect(named.code, named.stderr).toBe(0)
  })

  test.each([
    [['--sampler', '--format', 'npz'], /--sampler: a graph is written as --format onnx, found npz/],
    [['--steps', '4'], /--steps belongs to --sampler/],
    [['--method', 'heun'], /--method belongs to --sampler/],
    [['--sampler', '--steps', '300'], /--steps: expected a whole number from 1 to 256, found "300"/],
    [['--sampler', '--grid', '1,0.5'], /expected to start at 1 \(noise\) and to end at 0/],
    [['--sampler', '--steps', '2', '--method', 'jump'], /ct is trained to end at data only/, 'ct'],
    [['--format', 'pt'], /--format: expected onnx or safetensors or npz or training, found "pt"/],
  ] as [string[], RegExp, string?][])('%j is refused', async (flags, message, run = 'lsd') => {
    const before = snapshot(folder)
    const { code, stderr } = await runHere(['export', at(run), ...flags])
    expect(stderr).toMatch(message)
    expect(code).toBe(2)
    expect(snapshot(folder)).toEqual(before)
  })

  test('sampling the file itself says what it is', async () => {
    await runHere(['export', at('lsd'), '--sampler', '--steps', '2', '--out', at('s.onnx')])
    const { code, stderr } = await runHere(['sample', at('s.onnx'), '--out', at('s.csv')])
    expect(code).toBe(2)
    expect(stderr).toContain('found noise float32[batch, 2]')
  })
})

describe('weights beside their configuration', () => {
  test('are a model that can be sampled and a record like that of a run', async () => {
    mkdirSync(at('out'))
    const file = at('out/weights.safetensors')
    expect((await runHere(['export', at('lsd'), '--format', 'safetensors', '--out', file])).code).toBe(0)
    const { threads, ...record } = JSON.parse(readFileSync(at('lsd/config.json'), 'utf8'))
    expect(threads).toBeGreaterThan(0)
    expect(JSON.parse(readFileSync(at('out/config.json'), 'utf8'))).toEqual(record)
    // The same again is no other model; another one is.
    expect((await runHere(['export', at('lsd'), '--format', 'safetensors', '--out', file])).code).toBe(0)
    const other = await runHere(['export', at('ct'), '--format', 'safetensors', '--out', file])
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('config.json: is that of another model'),
    })
    const map = await load(file)
    expect(map.standardization?.shift).toHaveLength(2)
    await map.close()
  })
})
