import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { type Evaluation, evaluateRun } from '../../src/evaluation/evaluate.ts'
import { drawNoise, load, pointsDataset, sample, train } from '../../src/index.ts'
import { random } from '../../src/random/random.ts'
import { openModel } from '../../src/runtime/node.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { metricsOf, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('vectors')
const at = (name: string) => join(folder, name)

/** A known world: `x = A c + sigma n`, c uniform on a square away from 0, in units of its own. */
const SIGMA = 0.3
const A = [
  [2, 1],
  [-1, 1.5],
]
const CENTRE = [10, -500]
const UNIT = [1, 100]
const meanOf = (c: readonly number[]) => {
  const z = c.map((value, i) => (value - CENTRE[i]) / UNIT[i])
  return A.map(row => row[0] * z[0] + row[1] * z[1])
}

function world(rows: number, seed: number) {
  const source = random(seed, 'world')
  const [points, conditions] = [new Float32Array(2 * rows), new Float32Array(2 * rows)]
  for (let i = 0; i < rows; i++) {
    const c = CENTRE.map((value, k) => value + UNIT[k] * (2 * source.uniform() - 1))
    conditions.set(c, 2 * i)
    points.set(
      meanOf(c).map(value => value + SIGMA * source.normal()),
      2 * i,
    )
  }
  return { points, conditions }
}

const { points, conditions } = world(4000, 1)
const data = pointsDataset(points, { dimension: 2, name: 'world', conditions })

const base = {
  condition: { kind: 'vector' },
  network: { hidden: 64, layers: 2, frequencies: 4 },
  optimizer: { learningRate: 3e-3 },
  schedule: { kind: 'cosine' },
  batch: 256,
  steps: 3000,
  seed: 1,
} as const satisfies UserConfig

beforeAll(async () => {
  await train({ ...base, objective: 'psd' }, { directory: at('psd'), data })
})

/** The mean of one jump from noise, and the standard deviation about it. */
async function jumpFrom(map: Awaited<ReturnType<typeof load>>, count = 1500) {
  const { points } = await sample(map, drawNoise(count, 2, 4), { grid: [1, 0] })
  const mean = [0, 0]
  points.forEach((value, i) => {
    mean[i % 2] += value / count
  })
  const variance = points.reduce((sum, value, i) => sum + (value - mean[i % 2]) ** 2, 0) / points.length
  return { mean, deviation: Math.sqrt(variance) }
}

describe('a map that is told vectors', () => {
  const check = async (directory: string): Promise<void> => {
    const map = await load(directory)
    for (const corner of [
      [0.8, 0.8],
      [-0.8, 0.5],
      [0, -0.7],
    ]) {
      const c = corner.map((value, i) => CENTRE[i] + UNIT[i] * value)
      const [{ mean, deviation }, expected] = [await jumpFrom(map.given({ vector: c })), meanOf(c)]
      // A map that ignores c has its mean at 0, 1.1 to 2.4 away.
      expect(Math.hypot(mean[0] - expected[0], mean[1] - expected[1])).toBeLessThan(0.35)
      expect(deviation).toBeLessThan(0.6)
    }
    // The null is not a vector in the middle: it has the spread of all data, 1.2.
    const all = await jumpFrom(map.without())
    for (const value of all.mean) expect(Math.abs(value)).toBeLessThan(0.35)
    expect(all.deviation).toBeGreaterThan(0.85)
    await map.close()
  }

  test('has the mean of the vector in one jump, by psd', () => check(at('psd')))

  long.each<[string, UserConfig]>([
    ['lsd', {}],
    ['meanflow', { loss: { adaptive: null } }],
  ])('and by %s', async (objective, own) => {
    await train({ ...base, ...own, objective }, { directory: at(objective), data })
    await check(at(objective))
  })

  long('by the default recipe too, whose velocity and trajectories are told the same', async () => {
    const { condition, network, batch, seed } = base
    const coupling = { pairs: 2048, steps: 16 }
    await train({ condition, network, batch, seed, steps: 1500, coupling }, { directory: at('recipe'), data })
    await check(at('recipe'))
  })

  test('keeps how its vectors were scaled, and takes a constant number of them', async () => {
    const { vector } = readModel(at('psd')).data
    expect(vector!.size).toBe(2)
    const { shift, scale } = vector!.standardization
    CENTRE.forEach((value, i) => {
      expect(shift[i]).toBeCloseTo(value, i === 0 ? 1 : -1)
      expect(scale[i] / UNIT[i]).toBeCloseTo(1 / Math.sqrt(3), 1)
    })
    const constant = Float32Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? i : 7))
    const rows = pointsDataset(points.subarray(0, 400), { dimension: 2, conditions: constant })
    expect(rows.vector).toMatchObject({ size: 2, minimum: [0, 7], maximum: [398, 7] })
    await train({ ...base, objective: 'psd', steps: 5 }, { directory: at('constant'), data: rows })
    const map = await load(at('constant'))
    const [own, other] = [7, 8].map(value => map.given({ vector: [100, value] }))
    const noise = drawNoise(3, 2, 1)
    const ends = await sample(own, noise, { grid: [1, 0] })
    expect([...ends.points].every(Number.isFinite)).toBe(true)
    expect((await sample(other, noise, { grid: [1, 0] })).points).toEqual(ends.points)
    await map.close()
  })

  const here = [10.5, -520]
  const there = [9.5, -410]

  test('takes one vector for all, one for each point or none, and nothing else', async () => {
    const map = await load(at('psd'))
    expect(map.condition).toMatchObject({ kind: 'vector', size: 2, none: true })
    const noise = drawNoise(3, 2, 5)
    const ends = async (vector: number[] | null) => [
      ...(await sample(map.given({ vector }), noise, { grid: [1, 0] })).points,
    ]
    const [one, two, none] = [await ends(here), await ends(there), await ends(null)]
    expect(await ends([...here, ...there, ...here])).toEqual([
      ...one.slice(0, 2),
      ...two.slice(2, 4),
      ...one.slice(4),
    ])
    expect([
      ...(await sample(map.given({ vector: here }).without(), noise, { grid: [1, 0] })).points,
    ]).toEqual(none)
    expect(one).not.toEqual(none)
    expect(() => map.given({ vector: [1, 2, 3] })).toThrow(
      /vector: expected 2 numbers, or 2 for each point, or none; found 3 in all/,
    )
    expect(() => map.given({ vector: [1, Number.NaN] })).toThrow(/found NaN at place 2/)
    expect(() => map.given({ vector: 'x' as never })).toThrow(/vector: expected 2 numbers, .*; found "x"/)
    expect(() => map.given({ class: 1 })).toThrow(/class: was trained without classes; expected vector/)
    await expect(ends([...here, ...there])).rejects.toThrow(/expected one for each point, found 2/)
    await expect(ends([...here, ...there, ...here, ...there, ...here, ...there, ...here])).rejects.toThrow(
      /found 7/,
    )
    await map.close()
  })

  test('is the same from every file, whose metadata says what the inputs are', async () => {
    const { model, onnx } = paths(at('psd'))
    const noise = drawNoise(6, 2, 5)
    const found: Float32Array[] = []
    for (const file of [at('psd'), model, onnx]) {
      const map = await load(file)
      expect(map.condition).toMatchObject({ kind: 'vector', size: 2, none: true })
      for (const vector of [here, null]) {
        found.push((await sample(map.given({ vector }), noise, { grid: [1, 0] })).points)
      }
      await map.close()
    }
    expect(found.slice(2, 4)).toEqual(found.slice(0, 2))
    found.slice(4).forEach((points, k) => {
      points.forEach((value, i) => {
        expect(value).toBeCloseTo(found[k][i], 4)
      })
    })
    const { inputs, program, metadata } = await openModel(new Uint8Array(readFileSync(onnx)))
    await program.close()
    expect(inputs.map(({ name, dtype, shape }) => `${name} ${dtype} ${shape.length}`)).toEqual([
      'x float32 2',
      's float32 1',
      't float32 1',
      'vector float32 2',
      'none float32 1',
    ])
    expect(JSON.parse(metadata.signature)).toMatchObject({
      vector: { shape: ['batch', 2], dtype: 'float32', minimum: [expect.any(Number), expect.any(Number)] },
      none: { shape: ['batch'], dtype: 'float32' },
    })
  })

  test('is a sampler with a vector for each sample', async () => {
    const { bytes } = encodeOnnxSampler(readModel(at('psd')), { grid: [1, 0.5, 0], method: 'jump' })
    const { program } = await openModel(bytes)
    const noise = drawNoise(2, 2, 7)
    const [samples] = await program.run([noise, Float32Array.of(...here, ...there), Float32Array.of(0, 1)])
    await program.close()
    const map = await load(at('psd'))
    const told = await sample(map.given({ vector: here }), noise, { grid: [1, 0.5, 0] })
    const none = await sample(map, noise, { grid: [1, 0.5, 0] })
    await map.close()
    const expected = [...told.points.slice(0, 2), ...none.points.slice(2)]
    expected.forEach((value, i) => {
      expect(samples[i]).toBeCloseTo(value, 4)
    })
  })

  test('goes on after a stop to the same numbers', async () => {
    const short = { ...base, objective: 'psd', steps: 60, logEvery: 20 }
    await train(short, { directory: at('whole'), data })
    await train(short, { directory: at('stopped'), data, shouldStop: stopAfter(2) })
    await train({}, { directory: at('stopped'), data, resume: true })
    expect(metricsOf(at('stopped'))).toEqual(metricsOf(at('whole')))
    expect(readModel(at('stopped')).parameters).toEqual(readModel(at('whole')).parameters)
  })

  test('begins as a map without vectors, the same for all of them, and as one with the same', async () => {
    const { condition: _, ...plain } = base
    await train({ ...plain, objective: 'psd', steps: 50 }, { directory: at('plain'), data })
    const begin = (name: string, from: string) =>
      train({ ...base, objective: 'psd', steps: 0, initFrom: at(from) }, { directory: at(name), data })
    await begin('begun', 'plain')
    const noise = drawNoise(5, 2, 5)
    const [from, to] = [await load(at('plain')), await load(at('begun'))]
    const { points } = await sample(from, noise, { grid: [1, 0.4, 0] })
    for (const vector of [here, there, null]) {
      const { points: found } = await sample(to.given({ vector }), noise, { grid: [1, 0.4, 0] })
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(points[i], 5)
      })
    }
    await from.close()
    await to.close()
    await begin('again', 'psd')
    expect(readModel(at('again')).parameters).toEqual(readModel(at('psd')).parameters)
    await expect(
      train({ ...plain, objective: 'psd', steps: 0, initFrom: at('psd') }, { directory: at('other'), data }),
    ).rejects.toThrow(/cannot start this run: it knows vectors of 2 numbers, and this run none/)
    const named = { ...data, vector: { ...data.vector!, columns: ['one', 'two'] } }
    await expect(
      train(
        { ...base, objective: 'psd', steps: 0, initFrom: at('psd') },
        { directory: at('named'), data: named },
      ),
    ).rejects.toThrow(/was told vectors of 2 numbers; world has vectors of one, two/)
    // Other rows are seen as the first run saw its own.
    const more = world(500, 9)
    const other = pointsDataset(more.points, { dimension: 2, conditions: more.conditions.map(x => 2 * x) })
    await train(
      { ...base, objective: 'psd', steps: 0, initFrom: at('psd') },
      { directory: at('scaled'), data: other },
    )
    expect(readModel(at('scaled')).data.vector!.standardization).toEqual(
      readModel(at('psd')).data.vector!.standardization,
    )
  })

  long('learns from a velocity that is told the same', async () => {
    const velocity = {
      ...base,
      objective: 'flow-matching',
      network: { ...base.network, conditioning: 's' },
    } as const
    await train(velocity, { directory: at('velocity'), data })
    await train({ ...base, objective: 'lmd', teacher: at('velocity') }, { directory: at('taught'), data })
    await check(at('taught'))
  })

  long('is measured by points and vectors together, which a map that ignores them fails', async () => {
    const request = { steps: [1], count: 400, seed: 1, method: 'jump', weights: ['ema'] } as const
    const measure = async (directory: string): Promise<Evaluation> => evaluateRun(directory, request, data)
    const { jointEnergyDistance: told } = (await measure(at('psd'))).rows[0].metrics
    expect(told.floor).toBeGreaterThan(0)
    expect(told.value!).toBeLessThan(3 * told.floor!)
    const { condition: _, ...plain } = base
    await train({ ...plain, objective: 'psd' }, { directory: at('all'), data })
    await train({ ...base, objective: 'psd', steps: 0, initFrom: at('all') }, { directory: at('deaf'), data })
    const { jointEnergyDistance: deaf } = (await measure(at('deaf'))).rows[0].metrics
    expect(deaf.value!).toBeGreaterThan(5 * told.value!)
  })
})

/** A spiral by its angle takes a larger network than a plane. */
const roll = { network: { hidden: 96, layers: 3, frequencies: 4 }, steps: 2000 }

describe('on the command line', () => {
  beforeAll(async () => {
    await train({ ...base, ...roll, data: 'swiss-roll', objective: 'psd' }, { directory: at('roll') })
  })

  const drawn = (...flags: string[]) =>
    runHere(['sample', at('roll'), '--count', '300', '--out', at('roll.csv'), ...flags])

  test('--vector draws the part that it names, and none all of it', async () => {
    const { code, stderr } = await drawn('--vector', '6.28')
    expect([code, stderr]).toEqual([0, ''])
    const rows = readFileSync(at('roll.csv'), 'utf8').trim().split('\n').slice(1)
    const near = rows
      .map(row => row.split(',').map(Number))
      .filter(([x, y]) => Math.hypot(x - 1.256, y) < 0.8)
    expect(near.length).toBeGreaterThan(240)
    expect((await drawn('--vector', 'none')).code).toBe(0)
  })

  test.each<[string[], RegExp]>([
    [['--vector', '1,2'], /--vector: expected none or 1 number \(angle\); found 1,2/],
    [['--vector', 'x'], /--vector: expected none or 1 number \(angle\); found x/],
    [['--class', '1'], /--class: .*roll was trained without classes/],
  ])('%j is refused in one line', async (flags, message) => {
    const { code, stderr } = await drawn(...flags)
    expect([code, stderr.trim().split('\n').length]).toEqual([2, 1])
    expect(stderr).toMatch(message)
  })

  test('a number that the data never had is told', async () => {
    const { code, stderr } = await drawn('--vector', '20')
    expect(code).toBe(0)
    expect(stderr).toMatch(/--vector: 20 of angle is outside of the data \(4\.7\d* to 14\.1\d*\)/)
  })

  long('evaluate prints the joint distance and writes the report', async () => {
    const measured = await runHere([
      ...['evaluate', at('roll'), '--count', '300', '--steps', '1', '--weights', 'ema'],
    ])
    expect([measured.code, measured.stderr]).toEqual([0, expect.not.stringContaining('not everything could')])
    expect(measured.stdout).toContain('joint energy distance')
    const report = readFileSync(at('roll/report.html'), 'utf8')
    expect(report).toMatch(/Vector of each row.*<th scope="row">angle<\/th>/s)
    const card = readFileSync(at('roll/README.md'), 'utf8')
    expect(card).toContain('--vector 9.425 --steps 1')
    expect(card).toContain('"vector": np.tile(np.float32([9.425]), (batch, 1)), "none": np.zeros(batch')
  })
})

describe('what vectors do not go with is refused', () => {
  test.each<[UserConfig, RegExp]>([
    [{ data: 'ring' }, /^condition\.kind: vector needs data with a vector for each row, found none/],
    [
      { data: 'swiss-roll', objective: 'lmd', teacher: 'exact' },
      /^teacher: exact knows the data as a whole and by class, not by vector; train a teacher with --objective flow-matching --condition vector/,
    ],
    [
      {
        data: 'swiss-roll',
        teacherTraining: { condition: 'none' },
        objective: 'lmd',
        teacher: 'train',
      } as never,
      /^teacherTraining\.condition: is the run's own/,
    ],
  ])('%j', async (user, message) => {
    await expect(train({ ...base, objective: 'psd', ...user }, { directory: at('refused') })).rejects.toThrow(
      message,
    )
  })

  test('a teacher that is told other vectors, and a map without a null', async () => {
    const short = { ...base, steps: 2, objective: 'psd', data: 'swiss-roll' } as const
    await train({ ...short, condition: { kind: 'vector', drop: 0 } }, { directory: at('always') })
    const map = await load(at('always'))
    await expect(sample(map, drawNoise(2, 2, 1), { grid: [1, 0] })).rejects.toThrow(
      /vector: expected 1 number \(angle\), or 1 for each point; found none/,
    )
    expect(() => map.without()).toThrow(/found none/)
    await map.close()
    await expect(
      train({ ...short, objective: 'lmd', teacher: at('always') }, { directory: at('refused') }),
    ).rejects.toThrow(/^teacher: .*always was never trained without the vector; use --condition.drop 0/)
    const { condition: _, ...plain } = short
    await train({ ...plain, objective: 'flow-matching' }, { directory: at('unaware') })
    await expect(
      train({ ...short, objective: 'lmd', teacher: at('unaware') }, { directory: at('refused') }),
    ).rejects.toThrow(/^teacher: .*unaware was trained without vectors, which this run has/)
    const asked = await runHere(['sample', at('always'), '--count', '2', '--out', at('x.csv')])
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringMatching(/--vector is needed/)])
  })
})
