import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { evaluate, spec, trace } from '../../src/autodiff/index.ts'
import { drawNoise, load, sample, sampleTexts, train, uniformGrid } from '../../src/index.ts'
import { spaceOf } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { asMap } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { dataRecordSchema } from '../../src/serialization/record.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('spaces')
const at = (...names: string[]) => join(folder, ...names)
const COUNT = 64
const network = { hidden: 16, layers: 2 }
const product = 'sphere(3) x torus(2) x flat(1)'

/** Rows of the product: a unit vector, two angles and a number. */
function productRows(): string {
  const source = random(3, 'rows')
  const rows = Array.from({ length: 200 }, () => {
    const v = [source.normal(), source.normal(), source.normal()]
    const size = Math.hypot(...v)
    return [...v.map(x => x / size), source.normal(), 3 + source.normal() / 4, source.normal()].join()
  })
  return rows.join('\n')
}

/** Runs of each space, and whether their ends are known modulo 2 pi alone. */
const SPACES = {
  sphere: 'sphere-vmf',
  torus: 'torus-ramachandran',
  rotations: 'so3-mixture',
  hyperbolic: 'hyperbolic-tree',
  product: '',
} as const
type Name = keyof typeof SPACES
const curved = Object.keys(SPACES) as Name[]

beforeAll(async () => {
  writeFileSync(at('product.csv'), productRows())
  for (const [name, data] of Object.entries(SPACES)) {
    const rows = { csv: { path: at('product.csv'), space: product } }
    const user = {
      network,
      batch: 32,
      steps: 30,
      objective: 'lsd',
      optimizer: { learningRate: 0.01 },
    } as const
    await train({ ...user, data: data || rows }, { directory: at(name) })
  }
  const text = { network, batch: 32, steps: 30, objective: 'psd-simplex' } as const
  await train({ ...text, data: 'words', prefix: 0.5 }, { directory: at('words') })
  await train({ ...text, data: 'grammar', times: { law: 'argmax' } }, { directory: at('grammar') })
}, 120_000)

/** Numbers of a product, or of one space, that are angles. */
const isAngle = (name: string, k: number): boolean =>
  name === 'torus' || (name === 'product' && (k === 3 || k === 4))

/**
 * Noise of a space. Far out on the hyperboloid the rounding of a point's coordinates alone moves the ends of jumps: points are
 * taken from where it does not.
 */
function noiseIn(dimension: number, seed: number, space: string | undefined): Float32Array {
  const all = drawNoise(8 * COUNT, dimension, seed, space)
  const rows = Array.from({ length: 8 * COUNT }, (_, i) => all.subarray(i * dimension, (i + 1) * dimension))
  const near = rows.filter(([height]) => space !== 'hyperbolic' || height < 2.5).slice(0, COUNT)
  return Float32Array.from(near.flatMap(row => [...row]))
}

/** The largest difference of points, of angles modulo 2 pi. */
function apart(name: string, dimension: number, a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0
  for (let i = 0; i < a.length; i++) {
    const d = a[i] - b[i]
    const turn = isAngle(name, i % dimension) ? 2 * Math.PI * Math.round(d / (2 * Math.PI)) : 0
    most = Math.max(most, Math.abs(d - turn) / Math.max(1, Math.abs(b[i])))
  }
  return most
}

/** `F(x, s, t)` and logits of a run in float64. */
function exact(run: string, x: Float32Array, s: number, t: number) {
  const model = readModel(at(run))
  const shape = [COUNT, ...(model.data.shape ?? [model.dimension])]
  const times = shape.map((n, i) => (i === 0 ? n : 1))
  const map = asMap(model, 'float64')
  const graph = trace(({ x, s, t }) => ({ y: map.jump(x, s, t), z: (map.logits ?? map.jump)(x, s, t) }), {
    x: spec(shape, 'float64'),
    s: spec(times, 'float64'),
    t: spec(times, 'float64'),
  })
  const time = (value: number) => ({ shape: times, data: new Float64Array(COUNT).fill(value) })
  const [y, z] = evaluate(graph, [{ shape, data: Float64Array.from(x) }, time(s), time(t)])
  return { y: y.data as Float64Array, z: z.data as Float64Array }
}

async function onnx(bytes: Uint8Array) {
  const { program, metadata, inputs } = await openModel(bytes)
  return { program, inputs, metadata, signature: JSON.parse(metadata.signature) }
}

const jumps = [
  [1, 0],
  [1, 0.5],
  [0.6, 0.1],
] as const

describe('a map of points on manifolds as ONNX', () => {
  test.each(curved)('%s: jumps as in float64, and says where its points live', async name => {
    const { program, signature } = await onnx(readFileSync(at(name, 'model.onnx')))
    const { space } = readModel(at(name)).data
    const { dimension } = readModel(at(name))
    expect(signature.x).toMatchObject({
      space,
      noise: spaceOf({ space }).noise.is,
      shape: ['batch', dimension],
    })
    const x = noiseIn(dimension, 4, space)
    for (const [s, t] of jumps) {
      const time = (value: number) => new Float32Array(COUNT).fill(value)
      const [y] = await program.run([x, time(s), time(t)])
      expect(apart(name, dimension, y as Float32Array, exact(name, x, s, t).y)).toBeLessThan(1e-5)
    }
    await program.close()
  })

  test.each(curved)('%s: opened again it is the map of the run', async name => {
    const [run, file] = [await load(at(name)), await load(at(name, 'model.onnx'))]
    expect(file.space).toBe(run.space)
    const noise = noiseIn(run.dimension, 7, file.space)
    const [a, b] = await Promise.all([run, file].map(map => sample(map, noise, { grid: uniformGrid(3) })))
    expect(apart(name, run.dimension, a.points, b.points)).toBeLessThan(1e-5)
    await Promise.all([run.close(), file.close()])
  })

  test.each(curved.flatMap(name => (['jump', 'euler'] as const).map(method => [name, method] as const)))(
    '%s: a sampler by %s ends where sampling does',
    async (name, method) => {
      const map = await load(at(name))
      const noise = noiseIn(map.dimension, 7, map.space)
      const grid = [1, 0.6, 0.3, 0]
      const { points } = await sample(map, noise, { grid, method })
      await map.close()
      const made = encodeOnnxSampler(readModel(at(name)), { grid, method })
      const { program, signature } = await onnx(made.bytes)
      expect(signature.noise).toMatchObject({ space: map.space, is: spaceOf(map).noise.is })
      const [found] = (await program.run([noise])) as Float32Array[]
      await program.close()
      expect(apart(name, map.dimension, found, points)).toBeLessThan(1e-5)
      const angles = found.filter((_, i) => isAngle(name, i % map.dimension))
      expect(Math.max(0, ...angles.map(Math.abs))).toBeLessThan(Math.PI + 1e-6)
    },
  )

  test('samples lie on the hyperboloid, however far out the noise began', async () => {
    const map = await load(at('hyperbolic'))
    const noise = drawNoise(COUNT, map.dimension, 7, map.space)
    const grid = [1, 0]
    const { points } = await sample(map, noise, { grid })
    const { program } = await onnx(
      encodeOnnxSampler(readModel(at('hyperbolic')), { grid, method: 'jump' }).bytes,
    )
    const [found] = (await program.run([noise])) as Float32Array[]
    for (const ends of [points, found]) {
      for (let i = 0; i < ends.length; i += 3) {
        const [a, b, c] = ends.subarray(i, i + 3)
        expect(a).toBeGreaterThan(0)
        expect(Math.abs(a * a - b * b - c * c - 1) / (a * a)).toBeLessThan(1e-6)
      }
    }
    await program.close()
    await map.close()
  })

  test('angles do cross the seam, once or often, either way', async () => {
    const map = await load(at('torus'))
    const grid = [1, 0]
    const { program } = await onnx(encodeOnnxSampler(readModel(at('torus')), { grid, method: 'jump' }).bytes)
    const base = noiseIn(map.dimension, 7, map.space)
    const start = base.map((x, i) => x + 2 * Math.PI * ((i % 7) - 3))
    const lifts = await map.jump(start, 1, 0)
    expect(Math.max(...lifts)).toBeGreaterThan(4 * Math.PI)
    expect(Math.min(...lifts)).toBeLessThan(-4 * Math.PI)
    const [found] = (await program.run([start])) as Float32Array[]
    const { points } = await sample(map, start, { grid })
    expect(apart('torus', 2, found, points)).toBeLessThan(1e-5)
    expect(Math.max(...found.map(Math.abs))).toBeLessThan(Math.PI + 1e-6)
    expect(apart('torus', 2, found, lifts)).toBeLessThan(1e-5)
    await program.close()
    await map.close()
  })
})

test.each<[string, number, boolean]>([
  ['sphere', 3, true],
  ['sphere', 1, false],
  ['rotations', 9, true],
  ['rotations', 3, false],
  [product, 6, true],
  [product, 5, false],
  ['simplex', 6, true],
  ['bottle', 3, false],
])('a record of points on %s of %d numbers is taken: %s', (space, dimension, taken) => {
  const { data } = readModel(at('sphere'))
  expect(dataRecordSchema.safeParse({ ...data, space, dimension }).success).toBe(taken)
})

describe('a map of text as ONNX', () => {
  test('gives points and logits of the same times, as in float64', async () => {
    const { program, signature, metadata } = await onnx(readFileSync(at('words/model.onnx')))
    const x = drawNoise(COUNT, 24, 4)
    const names = (await import('onnxruntime-node')).InferenceSession
    const session = await names.create(at('words/model.onnx'))
    const ort = await import('onnxruntime-node')
    for (const [s, t] of jumps) {
      const time = (value: number) => new ort.Tensor('float32', new Float32Array(COUNT).fill(value), [COUNT])
      const feeds = { x: new ort.Tensor('float32', x, [COUNT, 4, 6]), s: time(s), t: time(t) }
      const found = await session.run(feeds)
      expect(Object.keys(found)).toEqual(['y', 'logits'])
      const { y, z } = exact('words', x, s, t)
      expect(apart('', 24, found.y.data as Float32Array, y)).toBeLessThan(1e-5)
      expect(apart('', 24, found.logits.data as Float32Array, z)).toBeLessThan(1e-5)
    }
    await session.release()
    await program.close()
    expect(signature.x).toMatchObject({
      shape: ['batch', 4, 6],
      space: 'simplex',
      noise: 'standard normal noise',
    })
    expect(signature.logits.shape).toEqual(['batch', 4, 6])
    expect(JSON.parse(metadata.data).text.alphabet.join('')).toBe('abcdef')
  })

  test('a sampler ends at the probabilities of sampling, and says so', async () => {
    const map = await load(at('words'))
    const noise = drawNoise(COUNT, map.dimension, 7)
    for (const steps of [1, 4]) {
      const { points } = await sample(map, noise, { grid: uniformGrid(steps) })
      const made = encodeOnnxSampler(readModel(at('words')), { grid: uniformGrid(steps), method: 'auto' })
      const { program, signature } = await onnx(made.bytes)
      expect(signature.samples.is).toMatch(/^probabilities of the symbols/)
      const [found] = (await program.run([noise])) as Float32Array[]
      await program.close()
      expect(apart('', map.dimension, found, points)).toBeLessThan(1e-5)
      for (let i = 0; i < found.length; i += 6) {
        const row = [...found.subarray(i, i + 6)]
        expect(Math.min(...row)).toBeGreaterThan(-1e-5)
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5)
      }
    }
    await map.close()
  })

  test('a solver that ends at no probabilities does not say so', async () => {
    const made = encodeOnnxSampler(readModel(at('words')), { grid: [1, 0.5, 0], method: 'midpoint' })
    const { program, signature } = await onnx(made.bytes)
    await program.close()
    expect(signature.samples.is).toMatch(/^numbers of the symbols/)
  })

  test.each([
    ['words', 'abcdef'],
    ['grammar', '\n acdeghnopst'],
  ])('%s: opened again it knows its symbols, its times and its prefixes', async (name, alphabet) => {
    const [run, file] = [await load(at(name)), await load(at(name, 'model.onnx'))]
    expect(file.text).toEqual(run.text)
    expect([...file.text!.alphabet].sort().join('')).toBe([...alphabet].sort().join(''))
    expect([file.decided, file.prefix, file.space]).toEqual([run.decided, run.prefix, 'simplex'])
    const how = { count: 30, seed: 2, steps: 3 }
    const [a, b] = [await sampleTexts(run, how), await sampleTexts(file, how)]
    expect(b.texts).toEqual(a.texts)
    await Promise.all([run.close(), file.close()])
  })

  test('the command prints the texts of a file, as of its run', async () => {
    const asked = ['--count', '5', '--steps', '2', '--seed', '3', '--json']
    const run = JSON.parse((await runHere(['sample', at('grammar'), ...asked])).stdout)
    for (const name of ['model.onnx', 'model.safetensors']) {
      const { code, stdout, stderr } = await runHere(['sample', at('grammar', name), ...asked])
      expect(code, stderr).toBe(0)
      expect(JSON.parse(stdout).texts).toEqual(run.texts)
    }
    const plain = await runHere([
      'sample',
      at('grammar/model.onnx'),
      '--count',
      '5',
      '--seed',
      '3',
      '--steps',
      '2',
    ])
    const whole = run.texts.map((text: string) =>
      expect.stringMatching(new RegExp(`^${text}(  \\(not in the language\\))?$`)),
    )
    expect(plain.stdout.split('\n').slice(0, 5)).toEqual(whole)
    expect(existsSync(at('grammar/model.onnx/samples'))).toBe(false)
    const begun = await runHere(['sample', at('words/model.onnx'), '--prefix', 'ab', '--count', '4'])
    expect(
      begun.stdout
        .split('\n')
        .slice(0, 4)
        .every(line => line.startsWith('ab')),
    ).toBe(true)
  })
})
