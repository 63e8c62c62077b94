import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { gaussianFlowMap, interpolants } from '../../src/model/index.ts'
import { lower } from '../../src/runtime/onnx.ts'
import { renoise } from '../../src/sampler/renoise.ts'
import { drawNoise, jumpThrough } from '../../src/sampler/sampler.ts'
import { load } from '../../src/serialization/load.ts'
import { modelGraph } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { type Outcome, run, runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { decodeNpy } from '../helpers/npy.ts'

const folder = temporaryFolder('sampling')
const at = (name: string) => join(folder, name)

const dataOf = (name: string) => decodeNpy(readFileSync(at(name))).data as Float32Array
const farthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))

async function here(...args: string[]): Promise<Outcome> {
  const outcome = await runHere(args)
  expect(outcome.code, outcome.stderr).toBe(0)
  return outcome
}

/** The document that `sample` prints, and the points that it wrote. */
async function sampled(model: string, ...options: string[]) {
  const { stdout } = await here('sample', at(model), '--out', at('sampled.npy'), '--json', ...options)
  return { document: JSON.parse(stdout), points: dataOf('sampled.npy') }
}

const train = (name: string, ...options: string[]) =>
  here('train', ...TINY, '--steps', '30', '--out', at(name), ...options)

beforeAll(async () => {
  await train('trig', '--objective', 'ct', '--interpolant', 'trig')
  await train('ct', '--objective', 'ct')
  await train('pid', '--objective', 'pid', '--teacher', 'exact')
  await train('fmm', '--objective', 'fmm')
  await train('velocity', '--objective', 'flow-matching', '--network.conditioning', 's')
  // Files of another program, whose metadata is its own. The exact flow map of N([0.8, -1.3], 0.5^2 I), and the trained one.
  const exact = gaussianFlowMap([0.8, -1.3], 0.5)
  const times = { s: spec([DYNAMIC]), t: spec([DYNAMIC]) }
  const graph = trace(
    ({ x, s, t }) => ({ y: exact.jump(x, s.reshape([DYNAMIC, 1]), t.reshape([DYNAMIC, 1])) }),
    { x: spec([DYNAMIC, 2]), ...times },
  )
  writeFileSync(at('exact.onnx'), lower(simplify(graph)))
  const metadata = { format: 'other', objective: 'ct', interpolant: 'trig' }
  writeFileSync(at('foreign.onnx'), lower(modelGraph(readModel(at('trig'))), { metadata }))
})

describe('sample --grid', () => {
  test('jumps through the times that are given', async () => {
    const { document, points } = await sampled('fmm', '--grid', '1,0.6,0.2,0', '--count', '50')
    expect(document).toEqual({
      file: at('sampled.npy'),
      count: 50,
      dimension: 2,
      steps: 3,
      grid: [1, 0.6, 0.2, 0],
      method: 'jump',
      evaluations: 3,
      seed: 0,
    })
    const map = await load(at('fmm'))
    expect(points).toEqual(await jumpThrough(map.jump, drawNoise(50, 2, 0), [1, 0.6, 0.2, 0]))
    await map.close()
  })

  test('is named after its times, and may end before data', async () => {
    const { stdout } = await here('sample', at('velocity'), '--grid', '1,0.5', '--count', '5')
    expect(stdout).toBe(
      `${join(paths(at('velocity')).samples, 'grid-1-0.5-seed-0.csv')}: 5 points, 1 jump step\n`,
    )
  })
})

describe('sample --start', () => {
  test.each(['npy', 'csv'])('there and back through a .%s file gives the noise again', async type => {
    const noise = drawNoise(300, 2, 6)
    const options = ['--count', '300', '--seed', '6', '--grid', '1,0.4,0']
    await here('sample', at('exact.onnx'), ...options, '--out', at(`data.${type}`))
    const { document, points } = await sampled(
      'exact.onnx',
      '--start',
      at(`data.${type}`),
      '--grid',
      '0,0.7,1',
    )
    expect(document).toMatchObject({ count: 300, steps: 2, grid: [0, 0.7, 1], start: at(`data.${type}`) })
    expect(farthest(points, noise)).toBeLessThan(1e-5)
    const { points: other } = await sampled('exact.onnx', '--start', at(`data.${type}`), '--grid', '0,0.7')
    expect(farthest(other, noise)).toBeGreaterThan(0.1)
  })

  test('a map that is trained both ways goes to noise; others are refused with what does', async () => {
    writeFileSync(at('some.csv'), '1,2\n3,4\n')
    const words = ['--start', at('some.csv'), '--grid', '0,1', '--out', at('x.csv')]
    for (const model of ['fmm', 'velocity']) await here('sample', at(model), ...words)
    for (const model of ['ct', 'pid', 'ct/model.onnx']) {
      const { code, stderr } = await runHere(['sample', at(model), ...words])
      expect(code).toBe(2)
      expect(stderr).toMatch(/not from 0 to 1; trained both ways: .*fmm/)
    }
    const { code, stderr } = await runHere(['sample', at('ct'), ...words, '--method', 'heun'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/ct learns jumps to the data and no velocity/)])
  })

  test('begins at noise with equal steps', async () => {
    await here('sample', at('velocity'), '--start', at('some.csv'), '--steps', '2', '--out', at('two.npy'))
    const map = await load(at('velocity'))
    expect(dataOf('two.npy')).toEqual(await jumpThrough(map.jump, Float32Array.of(1, 2, 3, 4), [1, 0.5, 0]))
    await map.close()
  })
})

describe('sample --method', () => {
  const words = ['--count', '200', '--seed', '3', '--grid', '1,0.8,0.5,0']
  const byHand = async (interpolant: keyof typeof interpolants) => {
    const map = await load(at('trig'))
    const options = { interpolant: interpolants[interpolant], seed: 3 }
    const points = await renoise(map.jump, drawNoise(200, 2, 3), [1, 0.8, 0.5, 0], options)
    await map.close()
    return points
  }

  test.each(['trig', 'trig/model.safetensors', 'trig/model.onnx'])(
    'auto adds fresh noise along the path of %s',
    async model => {
      const { document, points } = await sampled(model, ...words)
      expect(document.method).toBe('renoise')
      expect(farthest(points, await byHand('trig'))).toBeLessThan(1e-5)
      expect(farthest(points, await byHand('linear'))).toBeGreaterThan(0.05)
    },
  )

  test('renoise takes a file of another program to be on the linear path', async () => {
    const { points } = await sampled('foreign.onnx', ...words, '--method', 'renoise')
    expect(farthest(points, await byHand('linear'))).toBeLessThan(1e-5)
  })

  test.each([
    ['ct', '1', 'jump'],
    ['ct', '3', 'renoise'],
    ['fmm', '3', 'jump'],
    ['pid', '1', 'jump'],
    ['velocity', '3', 'jump'],
    ['foreign.onnx', '3', 'jump'],
  ])('auto of %s in %s steps is %s', async (model, steps, method) => {
    expect((await sampled(model, '--count', '5', '--steps', steps)).document.method).toBe(method)
  })

  test.each([
    [
      'pid',
      ['--steps', '2'],
      /^oxbow: pid is trained to begin at noise only \(s = 1\); sample it in one step\n$/,
    ],
    [
      'ct',
      ['--steps', '2', '--method', 'jump'],
      /^oxbow: ct is trained to end at data only \(t = 0\); .*renoise\n$/,
    ],
  ] as const)('%s is not sampled by jumps that it was not trained for', async (model, options, message) => {
    const { code, stderr } = await runHere(['sample', at(model), ...options, '--out', at('x.csv')])
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
  })

  test('a map that begins at noise jumps from there to any time', async () => {
    expect((await sampled('pid', '--grid', '1,0.3', '--count', '5')).document.steps).toBe(1)
  })
})

describe('evaluate', () => {
  const measured = async (run: string, ...options: string[]) => {
    const metrics = ['--metrics', 'slicedWasserstein,trajectoryError']
    const words = ['--count', '200', '--weights', 'ema', '--json', ...metrics, ...options]
    const { stdout, stderr } = await here('evaluate', at(run), ...words)
    return { rows: JSON.parse(stdout).rows as Record<string, unknown>[], stderr }
  }

  test('records the method that was used, and where the exact map is left', async () => {
    const { rows, stderr } = await measured('ct', '--steps', '1,2')
    expect(rows).toMatchObject([
      { steps: 1, method: 'jump', metrics: { trajectoryError: {} } },
      { steps: 2, method: 'renoise' },
    ])
    expect(rows[1].metrics).not.toHaveProperty('trajectoryError')
    expect(rows[1].metrics).toHaveProperty('slicedWasserstein')
    expect(stderr).not.toContain('left out')
    const recorded = JSON.parse(readFileSync(paths(at('ct')).evaluation, 'utf8'))
    expect(recorded).toMatchObject({ request: { method: 'auto' }, rows })
    expect(readFileSync(paths(at('ct')).card, 'utf8')).toContain('averaged, renoise')
  })

  long('--grid: a row for each', async () => {
    const { rows } = await measured('fmm', '--grid', '1,0.6,0', '--grid', '1,0.9,0.1,0')
    expect(rows).toMatchObject([
      { steps: 2, grid: [1, 0.6, 0], method: 'jump' },
      { steps: 3, grid: [1, 0.9, 0.1, 0], method: 'jump' },
    ])
    const { rows: equal } = await measured('fmm', '--steps', '2')
    const { rows: same } = await measured('fmm', '--grid', '1,0.5,0')
    expect(equal[0]).not.toHaveProperty('grid')
    expect(same[0].metrics).toEqual(equal[0].metrics)
    expect(rows[0].metrics).not.toEqual(equal[0].metrics)
    const options = [
      '--grid',
      '1,0.6,0',
      '--grid',
      '1,0.9,0',
      '--count',
      '200',
      '--weights',
      'raw',
      '--metrics',
      'recall',
    ]
    const { stdout } = await here('evaluate', at('fmm'), ...options)
    expect(stdout).toMatch(/^raw, 1 0\.6 0 +[\d.]+/m)
    expect(stdout).toMatch(/^raw, 1 0\.9 0 +[\d.]+/m)
  })

  test('leaves out what was not trained, with a note', async () => {
    const { rows, stderr } = await measured('pid', '--steps', '1,2,4')
    expect(rows.map(({ steps }) => steps)).toEqual([1])
    expect(stderr).toBe(
      'oxbow: left out steps 2, 4: pid is trained to begin at noise only (s = 1); sample it in one step\n',
    )
    const { code, stderr: why } = await runHere(['evaluate', at('pid'), '--steps', '2'])
    expect(code).toBe(2)
    expect(why).toMatch(/^oxbow: .*pid: nothing to evaluate; left out steps 2: .*\n$/)
  })
})

describe('compare', () => {
  const small = ['--training.network.hidden', '8', '--training.batch', '16', '--training.steps', '20']
  const args = ['compare', '--objectives', 'ct,pid,fmm', '--teacher', 'exact', '--count', '100', ...small]

  long('samples each objective as it was trained, and measures it once', async () => {
    writeFileSync(at('steps.yaml'), 'steps: [2, 1]\n')
    const words = [...args, '--config', at('steps.yaml'), '--out', at('compare'), '--json']
    const { code, stdout, stderr } = await run(words)
    expect(code, stderr).toBe(0)
    type Row = { label: string; steps: number; method: string; metric: string }
    const rows = JSON.parse(stdout).rows as Row[]
    const ways = rows.map(({ label, steps, method }) => `${label} ${steps} ${method}`)
    expect([...new Set(ways)]).toEqual([
      'ct 1 jump',
      'ct 2 renoise',
      'pid 1 jump',
      'fmm 1 jump',
      'fmm 2 jump',
    ])
    const trajectories = rows.filter(({ metric }) => metric === 'trajectoryError')
    expect(trajectories.map(({ label, steps }) => `${label} ${steps}`)).not.toContain('ct 2')
    expect(trajectories).toHaveLength(4)
    expect(stderr.match(/^oxbow: .*/gm)).toEqual([
      'oxbow: pid: left out steps 2: pid is trained to begin at noise only (s = 1); sample it in one step',
    ])
    const html = readFileSync(at('compare/report.html'), 'utf8')
    expect(html).toContain('several steps add fresh noise')
    expect(html).toContain('left out steps 2')

    const again = await runHere(words)
    expect(again.stderr.match(/was there already/g)).toHaveLength(3)
    expect(JSON.parse(again.stdout).rows).toEqual(rows)
  })

  test('refuses what leaves nothing to measure, before anything is trained', async () => {
    const { code, stderr } = await runHere([...args, '--steps', '2', '--out', at('nothing')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^oxbow: steps: nothing to evaluate for pid; left out steps 2: .*\n$/)
    expect(existsSync(at('nothing'))).toBe(false)
  })
})

describe('sample --steps of several numbers', () => {
  test('makes a file of each', async () => {
    await here('sample', at('fmm'), '--steps', '1,3', '--count', '20')
    const files = [1, 3].map(steps => join(paths(at('fmm')).samples, `steps-${steps}-seed-0.csv`))
    const [one, three] = files.map(file => readFileSync(file, 'utf8'))
    expect(one.trim().split('\n')).toHaveLength(21)
    expect(three).not.toBe(one)
  })

  test.each(['--json', '--out=x.csv'])('does not go with %s', async option => {
    const { code, stderr } = await runHere(['sample', at('fmm'), '--steps', '1,3', option])
    expect(code).toBe(2)
    expect(stderr).toContain('needs one number of steps, but --steps lists 2; give one')
  })
})
