import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { constant, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { planComparison, resolveComparison } from '../../src/evaluation/comparison.ts'
import { type Evaluation, evaluateRun } from '../../src/evaluation/evaluate.ts'
import { load, sample, train } from '../../src/index.ts'
import { interpolants, mixtureVelocity } from '../../src/model/index.ts'
import { compile, openModel } from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { batchSource } from '../../src/training/batches.ts'
import { roundOf } from '../../src/training/turns.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { expectSamePoints } from '../helpers/points.ts'
import { metricsOf, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('conditions')
const at = (name: string) => join(folder, name)

const base = {
  data: 'ring',
  condition: { kind: 'class' },
  network: { hidden: 96, layers: 2, frequencies: 4 },
  optimizer: { learningRate: 3e-3 },
  schedule: { kind: 'cosine' },
  batch: 256,
  steps: 1200,
  seed: 1,
} as const satisfies UserConfig

/** Two shapes that lie close take a larger network and more steps than modes that are far apart. */
const finer = {
  network: { hidden: 128, layers: 3, frequencies: 4, injection: 'layers' },
  optimizer: { learningRate: 4e-3 },
  times: { full: 0.25 },
  steps: 4000,
} as const satisfies UserConfig

const measure = (directory: string): Promise<Evaluation> =>
  evaluateRun(directory, {
    steps: [1],
    count: 2000,
    seed: 1,
    method: 'jump',
    weights: ['ema'],
    metrics: ['classAgreement'],
  })

beforeAll(async () => {
  await train({ ...base, objective: 'psd' }, { directory: at('psd') })
})

describe('a map that is told classes', () => {
  const check = async (directory: string, classes: number): Promise<void> => {
    const { rows } = await measure(directory)
    const { classAgreement } = rows[0].metrics
    expect(classAgreement.value).toBeGreaterThan(0.97)
    expect(classAgreement.floor).toBeGreaterThan(0.97)
    expect(rows[0].classes).toHaveLength(classes)
    for (const { agreement } of rows[0].classes!) expect(agreement).toBeGreaterThan(0.9)
  }

  test('on the ring, by psd: one jump lands in the class asked for', () => check(at('psd'), 8))

  long.each<[string, UserConfig]>([
    ['lsd', {}],
    ['meanflow', { loss: { adaptive: null } }],
  ])('on the ring, by %s too', async (objective, own) => {
    await train({ ...base, ...own, objective }, { directory: at(objective) })
    await check(at(objective), 8)
  })

  long.each<[string, UserConfig]>([
    ['psd', {}],
    ['lsd', { consistency: { weight: 0.1 } }],
    ['meanflow', { loss: { adaptive: null }, times: { full: 0 } }],
  ])(
    'and on two moons, by %s',
    async (objective, own) => {
      const directory = at(`moons-${objective}`)
      await train({ ...base, ...finer, ...own, data: 'two-moons', objective }, { directory })
      await check(directory, 2)
    },
    300_000,
  )

  test('without a class is the map of all data', async () => {
    const map = await load(at('psd'))
    expect(map.condition).toEqual({
      kind: 'class',
      names: ['0', '1', '2', '3', '4', '5', '6', '7'],
      none: true,
    })
    expect(map.needsCondition).toBe(false)
    const noise = drawNoise(2000, 2, 3)
    const { points } = await sample(map, noise, { grid: [1, 0.75, 0.5, 0.25, 0] })
    for (const same of [map.given({ class: null }), map.without(), map.given({ class: 3 }).without()]) {
      const none = await sample(same, noise, { grid: [1, 0.75, 0.5, 0.25, 0] })
      expect(none.points).toEqual(points)
    }
    await map.close()
    const counts = new Array<number>(8).fill(0)
    for (let i = 0; i < 2000; i++) {
      const angle = Math.atan2(points[2 * i + 1], points[2 * i]) / (Math.PI / 4)
      counts[(Math.round(angle) + 8) % 8]++
    }
    // An eighth each: 250, standard deviation 15.
    for (const count of counts) expect(Math.abs(count - 250)).toBeLessThan(120)
  })

  test('takes a class by name, by number and for each point, and no other', async () => {
    const map = await load(at('psd'))
    const noise = drawNoise(4, 2, 5)
    const ends = async (choice: string | number | null | number[]) => [
      ...(await sample(map.given({ class: choice }), noise, { grid: [1, 0] })).points,
    ]
    const [two, three] = [await ends(2), await ends('3')]
    expect(await ends('2')).toEqual(two)
    expect(await ends([2, 3, 2, 3])).toEqual([
      ...two.slice(0, 2),
      ...three.slice(2, 4),
      ...two.slice(4, 6),
      ...three.slice(6),
    ])
    expect(() => map.given({ class: 8 })).toThrow(/class: expected one of 0, 1, .*, 7, or none, found 8/)
    expect(() => map.given({ class: 'ring' })).toThrow(/found "ring"/)
    await expect(ends([1, 2])).rejects.toThrow(/expected one for each point, found 2/)
    await map.close()
  })

  test('is the same from every file, whose metadata says what the classes are', async () => {
    const { model, onnx } = paths(at('psd'))
    const noise = drawNoise(6, 2, 5)
    const found: Float32Array[] = []
    for (const file of [at('psd'), model, onnx]) {
      const map = await load(file)
      found.push((await sample(map.given({ class: 5 }), noise, { grid: [1, 0] })).points)
      await map.close()
    }
    expect(found[1]).toEqual(found[0])
    expectSamePoints(found[2], found[0])
    const { inputs, program, metadata } = await openModel(new Uint8Array(readFileSync(onnx)))
    await program.close()
    expect(inputs.map(({ name, dtype }) => `${name} ${dtype}`)).toEqual([
      'x float32',
      's float32',
      't float32',
      'class int64',
    ])
    expect(JSON.parse(metadata.signature).class).toMatchObject({
      dtype: 'int64',
      none: 8,
      names: expect.any(Array),
    })
  })

  test('is a sampler with a class for each sample', async () => {
    const { bytes } = encodeOnnxSampler(readModel(at('psd')), { grid: [1, 0.5, 0], method: 'jump' })
    const { program } = await openModel(bytes)
    const noise = drawNoise(3, 2, 7)
    const [samples] = await program.run([noise, BigInt64Array.of(4n, 4n, 8n)])
    await program.close()
    const map = await load(at('psd'))
    const { points } = await sample(map.given({ class: [4, 4, 0] }), noise, { grid: [1, 0.5, 0] })
    const none = await sample(map, noise, { grid: [1, 0.5, 0] })
    await map.close()
    const expected = [...points.slice(0, 4), ...none.points.slice(4)]
    expected.forEach((value, i) => {
      expect(samples[i]).toBeCloseTo(value, 4)
    })
  })

  test('goes on after a stop to the same numbers', async () => {
    const short = { ...base, objective: 'psd', steps: 60, logEvery: 20 }
    await train(short, { directory: at('whole') })
    await train(short, { directory: at('stopped'), shouldStop: stopAfter(2) })
    await train({}, { directory: at('stopped'), resume: true })
    expect(metricsOf(at('stopped'))).toEqual(metricsOf(at('whole')))
    expect(readModel(at('stopped')).parameters).toEqual(readModel(at('whole')).parameters)
  })

  test('begins as a map without classes, the same for all of them', async () => {
    const { condition: _, ...plain } = base
    await train({ ...plain, objective: 'psd', steps: 50 }, { directory: at('plain') })
    await train({ ...base, objective: 'psd', steps: 0, initFrom: at('plain') }, { directory: at('begun') })
    const noise = drawNoise(5, 2, 5)
    const [from, to] = [await load(at('plain')), await load(at('begun'))]
    const { points } = await sample(from, noise, { grid: [1, 0.4, 0] })
    for (const choice of [0, 7, null]) {
      const { points: found } = await sample(to.given({ class: choice }), noise, { grid: [1, 0.4, 0] })
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(points[i], 5)
      })
    }
    await from.close()
    await to.close()
    await expect(
      train({ ...plain, objective: 'psd', steps: 0, initFrom: at('psd') }, { directory: at('other') }),
    ).rejects.toThrow(/cannot start this run: it knows 8 classes, and this run none/)
  })

  long('learns from a teacher that is told the same: exact, or a run', async () => {
    const lmd = { ...base, objective: 'lmd', steps: 800 }
    await train({ ...lmd, teacher: 'exact' }, { directory: at('exact') })
    expect((await measure(at('exact'))).rows[0].metrics.classAgreement.value).toBeGreaterThan(0.97)
    const velocity = {
      ...base,
      objective: 'flow-matching',
      network: { ...base.network, conditioning: 's' },
    } as const
    await train(velocity, { directory: at('velocity') })
    await train({ ...lmd, teacher: at('velocity') }, { directory: at('taught') })
    expect((await measure(at('taught'))).rows[0].metrics.classAgreement.value).toBeGreaterThan(0.97)
  })

  describe('with a coupling learns the trajectories of each class', () => {
    const pairs = { pairs: 2048, steps: 16 }

    test('by the default recipe, whose velocity is told the same', async () => {
      const { condition, data, network, batch, steps, seed } = base
      const user = { condition, data, network, batch, steps, seed, coupling: pairs }
      await train(user, { directory: at('recipe') })
      expect(readModel(at('recipe/teacher')).config.condition).toEqual({ kind: 'class', drop: 0.1 })
      await check(at('recipe'), 8)
    })

    test.each(['cmt', 'reflow'])('by %s, and goes on with what its pairs were told', async objective => {
      const user = { ...base, objective, teacher: 'exact', steps: 600, coupling: pairs } as UserConfig
      const network = { ...base.network, ...(objective === 'reflow' && { conditioning: 's' as const }) }
      const directory = at(objective)
      await train({ ...user, network }, { directory, shouldStop: stopAfter(2) })
      await train({}, { directory, resume: true })
      await check(directory, 8)
    })

    test('and its null is the map of all data', async () => {
      const map = await load(at('recipe'))
      const { points } = await sample(map, drawNoise(2000, 2, 3), { grid: [1, 0] })
      await map.close()
      const counts = new Array<number>(8).fill(0)
      for (let i = 0; i < 2000; i++) {
        const angle = Math.atan2(points[2 * i + 1], points[2 * i]) / (Math.PI / 4)
        counts[(Math.round(angle) + 8) % 8]++
      }
      for (const count of counts) expect(Math.abs(count - 250)).toBeLessThan(120)
    })
  })

  test('has a teacher in a comparison that is told the same', () => {
    const comparison = resolveComparison({
      data: 'ring',
      objectives: ['lmd', 'one-step'],
      training: { condition: 'class' },
    })
    const { runs } = planComparison(comparison, at('comparison'))
    expect(runs.map(({ method, config }) => [method, config.condition.kind])).toEqual([
      ['teacher', 'class'],
      ['lmd', 'class'],
      ['one-step', 'class'],
    ])
  })

  test('is told the classes of the data where it sees nothing else of it', () => {
    const config = resolveConfig({ ...base, objective: 'pid', teacher: 'exact', batch: 64 })
    const turns = roundOf(config)
    const { inputs } = turns[0].terms[0]
    expect(inputs).not.toContain('x0')
    const drawn = batchSource(config, generatedDataset('ring'), turns).draw(1, 1)[inputs.indexOf('class')]
    expect(new Set(drawn as BigInt64Array)).toEqual(new Set([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n]))
  })

  test('has its agreement printed by class', async () => {
    const { code, stdout } = await runHere([
      'evaluate',
      at('psd'),
      '--count',
      '500',
      '--steps',
      '1',
      '--weights',
      'ema',
      '--no-report',
    ])
    expect(code).toBe(0)
    expect(stdout).toContain('in the class asked for')
    expect(stdout).toMatch(/class 7: [\d.]+ % of \d+ samples belong to it, [\d.]+ % stray/)
    const chosen = await runHere([
      'sample',
      at('psd'),
      '--class',
      '2',
      '--count',
      '9',
      '--out',
      at('two.csv'),
    ])
    expect(chosen.code).toBe(0)
    const rows = readFileSync(at('two.csv'), 'utf8').trim().split('\n').slice(1)
    for (const row of rows)
      expect(Math.hypot(...row.split(',').map((x, i) => Number(x) - [0, 4][i]))).toBeLessThan(1.5)
  })
})

test('the exact velocity of a class is that of its component', async () => {
  const { mixture } = generatedDataset('ring')
  const graph = trace(
    ({ x, t, component }) => mixtureVelocity(mixture!, interpolants.linear, component).velocity(x, t),
    { x: spec([3, 2], 'float64'), t: spec([3, 1], 'float64'), component: spec([3], 'int64') },
  )
  const program = await compile(simplify(graph))
  const x = Float64Array.of(1, 0.5, -1, 2, 0.3, -0.7)
  const [found] = await program.run([x, new Float64Array(3).fill(0.6), BigInt64Array.of(2n, 5n, 8n)])
  await program.close()
  const alone = async (components: NonNullable<typeof mixture>['components'], i: number) => {
    const point = constant([x[2 * i], x[2 * i + 1]], [1, 2], 'float64')
    const only = trace(
      () =>
        mixtureVelocity({ components }, interpolants.linear).velocity(
          point,
          constant(0.6, [1, 1], 'float64'),
        ),
      {},
    )
    const run = await compile(simplify(only))
    const [v] = await run.run([])
    await run.close()
    return [...(v as Float64Array)]
  }
  const { components } = mixture!
  const expected = [
    ...(await alone([components[2]], 0)),
    ...(await alone([components[5]], 1)),
    ...(await alone(components, 2)),
  ]
  expected.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 9)
  })
})

describe('what classes do not go with is refused', () => {
  test.each<[UserConfig, RegExp]>([
    [{ data: 'swiss-roll' }, /^condition\.kind: class needs data with at least 2 classes, found none/],
    [{ condition: { kind: 'class', drop: 1 } }, /^condition\.drop: /],
    [
      { condition: 'klass' as never },
      /^condition\.kind: expected one of "none"\|"class"\|"vector"\|"state", found "klass"/,
    ],
  ])('%j', async (user, message) => {
    await expect(train({ ...base, objective: 'psd', ...user }, { directory: at('refused') })).rejects.toThrow(
      message,
    )
  })

  test('a teacher that does not know them, and a map without a null that is asked for all', async () => {
    const short = { ...base, steps: 2, objective: 'psd' }
    const { condition: _, ...plain } = short
    await train({ ...plain, objective: 'flow-matching' }, { directory: at('unaware') })
    await expect(
      train({ ...short, objective: 'lmd', teacher: at('unaware') }, { directory: at('refused') }),
    ).rejects.toThrow(/^teacher: .*unaware was trained without classes, which this run has/)
    await train({ ...short, condition: { kind: 'class', drop: 0 } }, { directory: at('always') })
    const map = await load(at('always'))
    await expect(sample(map, drawNoise(2, 2, 1), { grid: [1, 0] })).rejects.toThrow(
      /class: expected one of 0, .*, found none/,
    )
    expect(() => map.without()).toThrow(/class: expected one of 0, .*, found none/)
    await map.close()
    const asked = await runHere(['sample', at('always'), '--count', '2', '--out', at('x.csv')])
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringMatching(/--class/)])
    expect((await measure(at('always'))).rows[0].metrics.classAgreement.value).toBeGreaterThan(0)
    // Its report shows samples by class, and says what it leaves out.
    const measured = await runHere([
      'evaluate',
      at('always'),
      '--count',
      '100',
      '--steps',
      '1',
      '--weights',
      'ema',
    ])
    expect([measured.code, measured.stderr]).toEqual([0, expect.not.stringContaining('not everything could')])
    expect(readFileSync(at('always/report.html'), 'utf8')).toContain('residuals are left out')
  })

  test('classes of a run that has none', async () => {
    const { code, stderr } = await runHere([
      'sample',
      at('unaware'),
      '--class',
      '1',
      '--count',
      '2',
      '--out',
      at('x.csv'),
    ])
    expect([code, stderr]).toEqual([2, expect.stringContaining('was trained without classes')])
    expect(resolveConfig({ objective: 'psd' }).condition).toEqual({ kind: 'none', drop: 0.1 })
  })
})
