import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { objectives } from '../../src/objective/index.ts'
import { stray } from '../../src/report/palette.ts'
import { paths } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { documentOf, type Outcome, run, runHere, TINY } from '../helpers/cli.ts'
import { filesIn, temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { decodeNpy, decodeNpz } from '../helpers/npy.ts'

const folder = temporaryFolder('commands')
const trained = join(folder, 'run')
const at = (name: string) => join(folder, name)
let training: Outcome

/** The points of a CSV file, flat. */
const pointsOf = (file: string): number[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .flatMap(line => line.split(',').map(Number))

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))

async function here(...args: string[]): Promise<Outcome> {
  const outcome = await runHere(args)
  expect(outcome.stderr).toBe('')
  expect(outcome.code).toBe(0)
  return outcome
}

beforeAll(async () => {
  training = await run(['train', ...TINY, '--steps', '200', '--out', trained])
})

describe('train', () => {
  test('says what it did in a line and how that went in another, plain where there is no terminal', () => {
    expect(training.code).toBe(0)
    expect(training.stdout).toMatch(
      /^.+\/run: step 200, loss [\d.]+, [\d.]+ ms per step\nresidual [\d.]+, .*\n$/,
    )
    expect(training.stderr).toBe('')
  })

  test('leaves a whole run directory', () => {
    expect(filesIn(trained)).toEqual([
      'README.md',
      'checkpoints/step-000200.safetensors',
      'config.json',
      'metrics.jsonl',
      'model.onnx',
      'model.safetensors',
    ])
    expect(readFileSync(join(trained, 'README.md'), 'utf8')).toMatch(
      /^---\n[\s\S]*tags:[\s\S]*---\n\n# run\n/,
    )
  })

  test('--json', async () => {
    const outcome = await runHere(['train', ...TINY, '--steps', '20', '--out', at('json'), '--json'])
    expect(documentOf(outcome)).toEqual({
      run: at('json'),
      steps: 20,
      loss: expect.any(Number),
      residual: expect.any(Number),
      verdict: expect.stringMatching(/^residual [\d.e+]+, (down|up) from|about as/),
      diverged: false,
      msPerStep: expect.any(Number),
      finished: true,
      warnings: [],
    })
  })

  test('a training that runs away while its adaptive loss stays near 1 is told, and its card warns', async () => {
    const away = ['--objective', 'meanflow', '--lr', '3', '--steps', '60', '--logEvery', '10']
    const outcome = await runHere(['train', ...TINY, ...away, '--out', at('away'), '--json'])
    expect(outcome.code).toBe(0)
    expect(outcome.stderr).toMatch(/step \d+: the residual has grown from .* the training seems to diverge/)
    const { verdict, diverged, warnings, loss } = JSON.parse(outcome.stdout)
    expect(loss).toBeLessThan(2)
    expect([diverged, warnings.length]).toEqual([true, 1])
    expect(verdict).toMatch(/^warning: the residual (grew|rose) from .*: the training diverged; try a lower/)
    expect(readFileSync(join(at('away'), 'README.md'), 'utf8')).toMatch(/\*\*Warning:\*\* the residual/)
  })

  test('a config file, options over it, dotted keys over those', async () => {
    writeFileSync(
      at('some.yaml'),
      'data: checkerboard\nbatch: 16\nsteps: 7\nnetwork: {hidden: 8, layers: 1}\n',
    )
    await here(
      'train',
      '--config',
      at('some.yaml'),
      '--steps',
      '9',
      '--network.layers=2',
      '--out',
      at('config'),
    )
    const { config } = JSON.parse(readFileSync(at('config/config.json'), 'utf8'))
    expect(config).toMatchObject({
      data: 'checkerboard',
      batch: 16,
      steps: 9,
      network: { hidden: 8, layers: 2 },
    })
  })

  test('--init-from: parameters of another run, also as they are', async () => {
    const options = ['--init-from', trained, '--objective', 'psd', '--out', at('from')]
    const { stdout } = await here('train', ...options, '--steps', '0')
    expect(stdout.trim()).toBe(`${at('from')}: step 0, nothing trained`)
    const { config } = JSON.parse(readFileSync(at('from/config.json'), 'utf8'))
    expect(config).toMatchObject({ initFrom: trained, steps: 0, objective: 'psd', network: { hidden: 16 } })
    for (const run of [trained, at('from')]) await here('sample', run, '--count', '20', '--out', `${run}.csv`)
    expect(pointsOf(at('from.csv'))).toEqual(pointsOf(`${trained}.csv`))
    const outcome = await runHere(['train', '--resume', '--steps', '20', '--out', at('from'), '--json'])
    expect(documentOf(outcome)).toMatchObject({ steps: 20, finished: true })
  })

  long('points of a CSV file, in three dimensions', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 50].join(','))
    writeFileSync(at('points.csv'), `a,b,c\n${rows.join('\n')}\n`)
    await here('train', ...TINY, '--steps', '20', '--data', at('points.csv'), '--out', at('csv'))
    for (const file of ['csv.csv', 'csv.png'])
      await here('sample', at('csv'), '--count', '40', '--out', at(file))
    expect(pointsOf(at('csv.csv'))).toHaveLength(120)
    const { code, stderr } = await runHere(['evaluate', at('csv'), '--count', '50', '--steps', '1'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^oxbow: measured at \d points, all rows that are held out\n$/)
  })
})

describe('sample', () => {
  const options = ['--count', '300', '--seed', '7', '--steps', '2']

  test('writes the same points as CSV and NPY', async () => {
    await here('sample', trained, ...options, '--out', at('points.csv'))
    await here('sample', trained, ...options, '--out', at('points.npy'))
    const { shape, data } = decodeNpy(readFileSync(at('points.npy')))
    expect(shape).toEqual([300, 2])
    expect(readFileSync(at('points.csv'), 'utf8')).toMatch(/^x0,x1\n/)
    expect(Float32Array.from(pointsOf(at('points.csv')))).toEqual(data)
  })

  test('draws PNG and SVG', async () => {
    await here('sample', trained, ...options, '--out', at('points.png'))
    await here('sample', trained, ...options, '--out', at('points.svg'))
    const { format, width, height } = await sharp(at('points.png')).metadata()
    expect(format).toBe('png')
    expect(Math.min(width, height)).toBeGreaterThan(200)
    const svg = readFileSync(at('points.svg'), 'utf8')
    expect(parseHTML(svg).document.querySelectorAll('circle, path').length).toBeGreaterThan(0)
    expect(svg).toMatch(/● \d+ of 300 stray: they are off the data/)
    expect(svg).toContain(`stroke="${stray.colour}"`)
  })

  test('writes into the run by default, and leaves nothing else', async () => {
    const before = filesIn(trained)
    const { stdout } = await here('sample', trained)
    expect(stdout).toContain('steps-1-seed-0.csv: 5000 points, 1 jump step')
    expect(filesIn(trained)).toEqual([...before, 'samples/steps-1-seed-0.csv'].sort())
  })

  test('depends on the seed, the steps, the method and the weights', async () => {
    const draw = async (...more: string[]) => {
      await here('sample', trained, '--count', '20', '--out', at('one.csv'), ...more)
      return pointsOf(at('one.csv'))
    }
    const base = await draw()
    expect(await draw()).toEqual(base)
    const others = [
      ['--seed', '1'],
      ['--steps', '2'],
      ['--method', 'heun'],
      ['--weights', 'raw'],
    ]
    for (const other of others) expect(farthest(await draw(...other), base)).toBeGreaterThan(1e-4)
  })

  test('--json', async () => {
    const outcome = await here('sample', trained, '--count', '10', '--out', at('x.npy'), '--json')
    expect(documentOf(outcome)).toEqual({
      file: at('x.npy'),
      count: 10,
      dimension: 2,
      steps: 1,
      method: 'jump',
      evaluations: 1,
      seed: 0,
    })
  })
})

describe('evaluate', () => {
  test('prints a table, keeps the numbers and puts them on the model card', async () => {
    const { stdout } = await here('evaluate', trained, '--count', '200', '--steps', '1,4')
    expect(stdout).toContain('sliced Wasserstein')
    expect(stdout).toContain('noise floor')
    expect(JSON.parse(readFileSync(paths(trained).evaluation, 'utf8')).rows).toHaveLength(4)
    expect(readFileSync(paths(trained).card, 'utf8')).toContain('## Metrics')
  })

  test('shows on a terminal what is measured, on a line that is gone at the end', async () => {
    const { isTTY, columns } = process.stderr
    Object.assign(process.stderr, { isTTY: true, columns: 80 })
    const asked = ['evaluate', trained, '--count', '50', '--steps', '1,4', '--no-report']
    const { code, stderr } = await runHere(asked).finally(() => {
      Object.assign(process.stderr, { isTTY, columns })
    })
    expect(code).toBe(0)
    const [before, ...lines] = stderr.split('\r\x1b[K')
    expect([before, ...lines.slice(0, 2)]).toEqual([
      '',
      'measuring the data itself',
      'measuring averaged weights, 1 step: 0%, – left',
    ])
    expect(lines[2]).toMatch(/^measuring averaged weights, 4 steps: 10%, .*\d.* left$/)
    expect(lines[3]).toMatch(/^measuring raw weights, 1 step: 50%/)
    expect(lines[4]).toMatch(/^measuring raw weights, 4 steps: 60%/)
    // Cleared before anything else is said.
    expect(lines[5]).toBe('')
  })

  test('--json: every metric beside its floor', async () => {
    const outcome = await here('evaluate', trained, '--count', '200', '--steps', '2,1', '--json')
    const { rows } = documentOf(outcome) as { rows: Record<string, unknown>[] }
    expect(rows.map(({ steps, method, weights }) => [steps, method, weights])).toEqual([
      [1, 'jump', 'ema'],
      [2, 'jump', 'ema'],
      [1, 'jump', 'raw'],
      [2, 'jump', 'raw'],
    ])
    const number = expect.any(Number)
    const names = ['slicedWasserstein', 'slicedWasserstein1', 'histogramKL', 'modeJS', 'energyDistance']
    for (const { metrics } of rows) {
      const measured = Object.fromEntries(
        names.map(name => [name, { value: number, floor: number, low: number, high: number, count: 200 }]),
      )
      expect(metrics).toMatchObject(measured)
      expect(metrics).toHaveProperty('trajectoryError.value', number)
      const { value, floor } = (metrics as Record<string, { value: number; floor: number }>).slicedWasserstein
      expect(floor).toBeGreaterThan(0)
      expect(value).toBeGreaterThan(floor)
    }
  })

  test('--metrics: those that are named, and nothing else; what is wrong is said in a line', async () => {
    const options = ['--count', '100', '--steps', '1', '--weights', 'ema']
    const outcome = await here('evaluate', trained, ...options, '--metrics', 'recall,jumpNLL', '--json')
    const { rows, maps, data } = documentOf(outcome) as Record<string, { metrics: object }[]>
    expect(Object.keys(rows[0].metrics)).toEqual(['recall'])
    expect(Object.keys(maps[0].metrics)).toEqual(['jumpNLL'])
    expect(data).toMatchObject({ name: 'ring', fingerprint: { sha256: expect.any(String) } })
    const { stdout } = await here('evaluate', trained, ...options, '--metrics', 'jumpNLL')
    expect(stdout).toMatch(/^negative log-likelihood of one jump, ema weights: .* nats; floor 1\.\d+\b.*\n$/)
    for (const [words, message] of [
      [['--metrics', 'recall,'], /--metrics: expected names such as .*found "recall,"/],
      [['--metrics', 'recal'], /unknown metric "recal"; did you mean "recall"\?/],
      [['--features', 'nowhere.onnx'], /features: nowhere\.onnx: no such file/],
    ] as const) {
      const { code, stderr } = await runHere(['evaluate', trained, ...options, ...words])
      expect(code).toBe(2)
      expect(stderr).toMatch(message)
      expect(stderr.trim()).not.toContain('\n')
    }
  })

  test('a file of samples, against data that must be named', async () => {
    await here('sample', trained, '--count', '60', '--out', at('saved.npy'))
    const outcome = await here('evaluate', at('saved.npy'), '--data', 'ring', '--json')
    const { rows, data } = documentOf(outcome) as { rows: { file: string; metrics: object }[]; data: object }
    expect(rows).toMatchObject([
      { file: at('saved.npy'), metrics: { slicedWasserstein: { value: expect.any(Number), count: 60 } } },
    ])
    expect(data).toMatchObject({ name: 'ring' })
    const { stdout } = await here('evaluate', at('saved.npy'), '--data', 'ring', '--metrics', 'recall')
    expect(stdout).toMatch(/^recall: .* share; floor .*\n$/)
    const { stdout: all } = await here('evaluate', at('saved.npy'), '--data', 'ring')
    expect(all).toMatch(/^strays: [\d.]+ % \(.*\); floor .* %.*; \d+ of 100 samples lands? on the data\n/)
    const { code, stderr } = await runHere(['evaluate', at('saved.npy')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^oxbow: .*saved\.npy: samples are measured against data; name it with --data\n$/)
  })

  test('other data than its own is not recorded', async () => {
    const before = readFileSync(paths(trained).evaluation, 'utf8')
    await here('evaluate', trained, '--data', 'two-moons', '--count', '200', '--steps', '1')
    expect(readFileSync(paths(trained).evaluation, 'utf8')).toBe(before)
  })
})

describe('export', () => {
  const exported = (format: string) => at(`exported.${format}`)
  beforeAll(async () => {
    for (const format of ['onnx', 'safetensors', 'npz']) {
      await here('export', trained, '--format', format, '--out', exported(format))
    }
  })

  test.each(['onnx', 'safetensors'])('an exported .%s gives the points of the run', async format => {
    const options = ['--count', '200', '--seed', '3', '--steps', '3', '--out']
    await here('sample', trained, ...options, at('of-run.csv'))
    await here('sample', exported(format), ...options, at('of-export.csv'))
    const [run, other] = [pointsOf(at('of-run.csv')), pointsOf(at('of-export.csv'))]
    expect(run).toHaveLength(400)
    expect(farthest(run, other)).toBeLessThan(1e-5)
    expect(farthest(run, new Float64Array(400))).toBeGreaterThan(0.5)
  })

  test('an .npz holds the tensors of the .safetensors, by name and shape', () => {
    const { tensors } = decodeSafetensors(readFileSync(exported('safetensors')), 'exported')
    const arrays = decodeNpz(readFileSync(exported('npz')))
    expect(Object.keys(arrays)).toEqual(Object.keys(tensors))
    expect(arrays).toEqual(tensors)
  })

  test('raw weights are other weights', async () => {
    await here('export', trained, '--weights', 'raw', '--format', 'npz', '--out', at('raw.npz'))
    const [ema, raw] = [exported('npz'), at('raw.npz')].map(file => decodeNpz(readFileSync(file)))
    expect(farthest(ema['0.weight'].data, raw['0.weight'].data)).toBeGreaterThan(1e-4)
  })

  test('lies beside the model by default', async () => {
    const outcome = await here('export', trained, '--format', 'npz', '--json')
    const file = join(trained, 'model.npz')
    expect(documentOf(outcome)).toEqual({ file, format: 'npz', bytes: readFileSync(file).length })
  })

  test('numpy reads what it should, where it is installed', async context => {
    const script = `import sys, json, numpy
points = numpy.load(sys.argv[1]); arrays = numpy.load(sys.argv[2])
print(json.dumps([points.dtype.name, points.shape, {k: [float(v.sum()), v.shape] for k, v in arrays.items()}]))`
    await here('sample', trained, '--count', '30', '--out', at('numpy.npy'))
    let printed: string
    try {
      const args = ['-c', script, at('numpy.npy'), exported('npz')]
      printed = execFileSync('python3', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    } catch {
      return context.skip('there is no python3 with numpy')
    }
    const [dtype, shape, arrays] = JSON.parse(printed)
    expect([dtype, shape]).toEqual(['float32', [30, 2]])
    for (const [name, { shape, data }] of Object.entries(decodeNpz(readFileSync(exported('npz'))))) {
      expect(arrays[name][1]).toEqual(shape)
      const sum = Array.from(data).reduce((a, b) => a + b, 0)
      expect(arrays[name][0]).toBeCloseTo(sum, 3)
    }
  })
})

describe('objectives', () => {
  test('--json: rule, setting, needs, paper, published and measured cost', async () => {
    const rows = documentOf(await here('objectives', '--json')) as Record<string, unknown>[]
    expect(rows.map(({ id }) => id)).toEqual([...objectives.keys()])
    for (const row of rows) {
      expect(row).toMatchObject({
        id: expect.any(String),
        rule: expect.any(String),
        setting: expect.any(String),
        parameterization: expect.stringMatching(/^(average-velocity|denoised|policy|simplex)$/),
        jumps: expect.stringMatching(/^(any|to-data|from-noise|both-ways)$/),
        needs: expect.any(Array),
        tex: expect.any(String),
        code: expect.arrayContaining([expect.any(String)]),
        options: expect.any(Object),
        paper: expect.stringContaining('arXiv'),
        measuredCost: expect.any(Number),
      })
      expect(row).toHaveProperty('publishedCost')
      expect(row).toHaveProperty('costNote')
    }
    const curved = ['sphere', 'torus', 'rotations', 'hyperbolic']
    const placed = (id: string) => {
      const { names, spaces } = rows.find(row => row.id === id) as { names: string[]; spaces: string[] }
      return { names, spaces: [...spaces].sort() }
    }
    expect(placed('lsd')).toEqual({ names: ['g-lsd'], spaces: ['flat', ...curved].sort() })
    expect(placed('shortcut')).toEqual({ names: [], spaces: ['flat'] })
    expect(placed('csd')).toEqual({ names: [], spaces: ['simplex'] })
    expect(rows.find(({ id }) => id === 'scm')!.options).toEqual({
      velocity: 'conditional',
      tangentNormalization: true,
      c: 0.1,
      warmup: { kind: 'linear', from: 0, to: 1, end: 0.1 },
    })
    const lsd = rows.find(({ id }) => id === 'lsd')
    expect(lsd).toMatchObject({ players: ['map'], keepsTrajectories: true })
    expect(documentOf(await here('objectives', 'lsd', '--json'))).toEqual({ ...lsd, turns: [] })
  })

  test('shows what a round costs, and each turn of it', async () => {
    const { stdout } = await here('objectives', 'dmd')
    expect(stdout).toMatch(/^turns +map \(4\.\d+ passes\), then fake \(5 times, 3\.\d+ passes each\)$/m)
    expect(stdout).toMatch(/^cost +23\.\d+ forward passes a round measured, 25 published$/m)
    const { turns, measuredCost, keepsTrajectories } = documentOf(
      await here('objectives', 'dmd', '--json'),
    ) as { turns: { times: number; cost: number }[]; measuredCost: number; keepsTrajectories: boolean }
    expect(keepsTrajectories).toBe(false)
    const sum = turns.reduce((sum, { times, cost }) => sum + times * cost, 0)
    expect(sum).toBeCloseTo(measuredCost, 0)
  })

  test('says where a row lives, by any of its names', async () => {
    const { stdout } = await here('objectives', 'g-lsd')
    expect(stdout).toMatch(/^points +flat; also .*\bsphere\b.*, where it is called g-lsd$/m)
    expect(stdout).toBe((await here('objectives', 'lsd')).stdout)
    expect((await here('objectives', 'csd')).stdout).toMatch(
      /^points +sequences of symbols, by their logits$/m,
    )
    expect((await here('objectives', 'shortcut')).stdout).toMatch(/^points +flat$/m)
    const list = (await here('objectives')).stdout
    expect(list).toMatch(/\bcsd\b.*\bsymbols\b/)
    expect(list).toMatch(/\brmf-self\b.*\bflat, curved\b/)
  })

  test('lists all, shows one', async () => {
    expect((await here('objectives')).stdout).toMatch(/meanflow +.*eulerian/)
    const { stdout } = await here('objectives', 'lsd')
    expect(stdout).toMatch(/^formula +mse\(d_t F\(x_s,s,t\)/m)
    expect(stdout).toMatch(/^tex +\\\| \\partial_t F\(x_s,s,t\)/m)
    expect(stdout).toMatch(/^code +lsd in src\/objective\/lagrangian\.ts$/m)
    expect(stdout).toMatch(/^cost +9\.\d+ forward passes measured, 10 published$/m)
    expect(stdout).toMatch(/^options +none$/m)
  })

  test('shows where a map jumps, its options, and what a published cost does otherwise', async () => {
    const { stdout } = await here('objectives', 'pid')
    expect(stdout).toMatch(/^jumps +from pure noise \(s = 1\) to any time$/m)
    expect(stdout).toMatch(/^output +average-velocity in the paper$/m)
    expect(stdout).toMatch(/^options +h 0\.005$/m)
    expect(stdout).toMatch(
      /^cost +9\.\d+ forward passes measured, 7 published \(which counts a one-sided diff/m,
    )
    expect((await here('objectives', 'reflow')).stdout).toMatch(/^cost +2\.85 forward passes measured, none/m)
  })
})

describe('a terminal of 20 columns', () => {
  long.each([
    ['evaluate', [trained, '--count', '50', '--steps', '1']],
    ['objectives', []],
  ])('%s', async (command, args) => {
    const { code, stdout } = await run([command, ...args], { env: { COLUMNS: '20' } })
    expect(code).toBe(0)
    const lines = stdout.trim().split('\n')
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.filter(line => [...line].length > 20)).toEqual([])
  })
})

describe('colours', () => {
  // Of the fewest numbers: each is a process.
  const args = [
    'evaluate',
    trained,
    '--count',
    '50',
    '--steps',
    '1',
    '--weights',
    'ema',
    '--metrics',
    'recall',
  ]
  const withEnvironment = async (env: NodeJS.ProcessEnv) => {
    const { stdout } = await run(args, { env: { NO_COLOR: '', FORCE_COLOR: '', CI: '', ...env } })
    return stdout.includes('\x1b[')
  }

  long('none in a file or a pipe, some where asked for, none where not wanted', async () => {
    expect(await withEnvironment({})).toBe(false)
    expect(await withEnvironment({ CI: 'true' })).toBe(false)
    expect(await withEnvironment({ FORCE_COLOR: '1' })).toBe(true)
    expect(await withEnvironment({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
  })
})
