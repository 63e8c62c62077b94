import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { drawNoise, load, sample, train, uniformGrid } from '../../src/index.ts'
import { readMetrics } from '../../src/serialization/run.ts'
import { commandsIn } from '../helpers/folder-cli.ts'

const { at, here, refused } = commandsIn('levels')
const HIDDEN = 24
const SMALL = ['--network.hidden', `${HIDDEN}`, '--network.layers', '3', '--batch', '64']
const BACKBONE = ['--network.backbone', '2']

const trained = (name: string, ...options: string[]) =>
  here(
    'train',
    '--data',
    'ring',
    '--out',
    at(name),
    ...SMALL,
    '--steps',
    '20',
    '--logEvery',
    '10',
    ...options,
  )

beforeAll(async () => {
  await trained('head', '--objective', 'tmd-head', ...BACKBONE)
  await trained('velocity', '--objective', 'flow-matching')
  await trained(
    'tmd',
    '--objective',
    'tmd',
    '--teacher',
    'exact',
    '--init-from',
    at('head'),
    '--options.gan',
    '0.01',
  )
}, 120_000)

/** Weights of a linear layer, and the part of the head: one hidden layer of points, features and times, and the last. */
const [POINT, TIMES, STATE] = [2, 16, 10]
const backbone = STATE * HIDDEN + HIDDEN * HIDDEN
const head = (POINT + HIDDEN + TIMES) * HIDDEN + HIDDEN * POINT
const share = head / (backbone + head)

const sampled = async (run: string, ...options: string[]) =>
  JSON.parse(
    (await here('sample', at(run), '--count', '10', '--json', '--out', at('s.csv'), ...options)).stdout,
  )

describe('a map of velocities at noisy points', () => {
  test('is sampled by drawn velocities, whose inner jumps cost a part of the network each', async () => {
    expect(await sampled('head', '--steps', '3')).toMatchObject({ method: 'transition', evaluations: 3 })
    const two = await sampled('tmd', '--steps', '3')
    expect(two.method).toBe('transition')
    expect(two.evaluations).toBeCloseTo(3 * (1 + share), 2)
    const four = await sampled('tmd', '--steps', '2', '--method-options', 'inner=4')
    expect(four.evaluations).toBeCloseTo(2 * (1 + 3 * share), 2)
  })

  test('gives other points by other numbers of inner jumps, and the same again', async () => {
    const map = await load(at('tmd'))
    const points = async (inner?: number) => {
      const options = { grid: uniformGrid(2), ...(inner && { options: { inner } }) }
      return (await sample(map, drawNoise(20, 2, 3), options)).points
    }
    expect(await points()).toEqual(await points(2))
    expect(await points()).not.toEqual(await points(1))
    await expect(map.jump(new Float32Array(2), 1, 0)).rejects.toThrow(/has no jumps between points/)
    await map.close()
  })

  test('is trained on by its samples, with the players of dmd', () => {
    const { terms, measures } = readMetrics(at('tmd')).at(-1)!
    expect(Object.keys(terms)).toEqual(['matching', 'gan', 'fake', 'critic'])
    expect(measures!.scoreDistance).toBeGreaterThan(0)
  })

  test('is evaluated in outer steps', async () => {
    await here('evaluate', at('tmd'), '--count', '400', '--steps', '1,2', '--no-report')
    const { rows } = JSON.parse(readFileSync(join(at('tmd'), 'evaluation.json'), 'utf8'))
    expect(rows.map((row: { method: string }) => row.method)).toEqual(
      new Array(rows.length).fill('transition'),
    )
  })

  test('is exported as a step, and whole', async () => {
    await here('export', at('tmd'), '--sampler', '--steps', '2', '--out', at('sampler.onnx'))
    const { stdout } = await here(
      'sample',
      at('tmd/model.onnx'),
      '--count',
      '5',
      '--json',
      '--out',
      at('o.csv'),
    )
    expect(JSON.parse(stdout).method).toBe('transition')
    expect(
      await refused('sample', at('tmd/model.onnx'), '--method-options', 'inner=3', '--out', at('o.csv')),
    ).toMatch(/as many inner jumps as it was exported with/)
  })

  test('is the same step as a file, also of standardised data, and its card says what that takes', async () => {
    const data = JSON.stringify({ gaussian: { mean: [100, -3], std: [20, 0.1] } })
    const options = [
      '--data',
      data,
      '--standardize',
      'column',
      '--objective',
      'tmd-head',
      ...SMALL,
      ...BACKBONE,
    ]
    await here('train', ...options, '--steps', '20', '--out', at('far'))
    const points = async (path: string) => {
      const map = await load(at(path))
      const found = await sample(map, drawNoise(50, 2, 1), { grid: uniformGrid(3), seed: 4 })
      await map.close()
      return found.points
    }
    const [own, file] = [await points('far'), await points('far/model.onnx')]
    own.forEach((value, i) => {
      expect(Math.abs(value - file[i])).toBeLessThan(1e-4 * (i % 2 === 0 ? 20 : 0.1))
    })
    expect(readFileSync(join(at('far'), 'README.md'), 'utf8')).toContain(
      '"noise": np.random.standard_normal(y.shape)',
    )
  })

  test('goes on after a stop as if there had been none', async () => {
    const config = {
      ...{ data: 'ring', objective: 'tmd', teacher: 'exact', batch: 32, steps: 8, chunk: 2 },
      ...{ network: { hidden: 16, layers: 3, backbone: 2 }, options: { gan: 0.01 } },
    } as const
    await train(config, { directory: at('whole') })
    let asked = 0
    await train(config, { directory: at('parts'), shouldStop: () => ++asked > 2 })
    expect((await train({}, { directory: at('parts'), resume: true })).finished).toBe(true)
    const [whole, parts] = ['whole', 'parts'].map(run => readFileSync(join(at(run), 'model.onnx')))
    expect(Buffer.compare(whole, parts)).toBe(0)
  })

  test('begins its fake score with a teacher, which is told no noisy point', async () => {
    const begin = ['--teacher', at('velocity'), '--players.fake.start', 'teacher']
    await trained('taught', '--objective', 'tmd', ...BACKBONE, ...begin)
    expect(Object.keys(readMetrics(at('taught')).at(-1)!.terms)).toEqual(['matching', 'fake'])
  })
})

describe('what needs jumps between points is refused', () => {
  const noJumps =
    /the map of tmd(-head)? is one of velocities at noisy points, and has no jumps between points/

  test('other methods, and its own for other maps', async () => {
    for (const method of ['heun', 'jump', 'renoise'])
      expect(await refused('sample', at('head'), '--method', method)).toMatch(noJumps)
    expect(await refused('sample', at('velocity'), '--method', 'transition')).toMatch(
      /transition draws a velocity for each step, which a map of flow-matching does not; it is of tmd-head, tmd/,
    )
    expect(await refused('evaluate', at('head'), '--solvers', 'all')).toMatch(noJumps)
  })

  test('what follows a trajectory', async () => {
    const kept = /tmd-head matches what comes out and keeps no trajectories/
    expect(await refused('evaluate', at('head'), '--metrics', 'trajectoryError')).toMatch(kept)
    await here('sample', at('head'), '--count', '5', '--out', at('points.csv'))
    expect(await refused('invert', at('head'), '--data', at('points.csv'))).toMatch(kept)
    expect(await refused('weigh', at('head'), '--energy', 'ring')).toMatch(kept)
  })

  test('steering, by any kernel', async () => {
    const reward = ['--reward', '{"kind":"gaussian","center":[1,0],"scale":1}', '--beta', '1']
    for (const kernel of ['renoise', 'noise', 'euler-maruyama']) {
      const said = await refused('steer', at('tmd'), ...reward, '--kernel', kernel)
      expect(said).toMatch(noJumps)
      expect(said).toMatch(/take a flow map, such as psd/)
    }
  })

  test('as a teacher, or as a stochastic map of the data', async () => {
    const from = ['--objective', 'lmd', '--teacher', at('head')]
    expect(await refused('train', ...from)).toMatch(noJumps)
    expect(await refused('train', ...from, '--condition', 'state')).toMatch(noJumps)
  })

  test('the start of a map of another kind, or of another backbone', async () => {
    const from = ['--data', 'ring', '--init-from', at('head'), '--out', at('no')]
    expect(await refused('train', '--objective', 'psd', ...from)).toMatch(/network\.backbone/)
    expect(
      await refused('train', '--objective', 'tmd', '--teacher', 'exact', '--network.backbone', '1', ...from),
    ).toMatch(/network\.backbone is 2 there and 1 here/)
    expect(
      await refused('train', '--objective', 'tmd-head', '--init-from', at('velocity'), ...BACKBONE),
    ).toMatch(/network\.backbone/)
  })
})

test('a transformer draws velocities of pictures with its last blocks', { timeout: 120_000 }, async () => {
  const data = JSON.stringify({ glyphs: { size: 8 } })
  const network = ['kind', 'dit', 'width', '16', 'depth', '3', 'heads', '2', 'backbone', '2', 'patch', '4']
  const keys = network.flatMap((word, i) => (i % 2 === 0 ? [`--network.${word}`, network[i + 1]] : []))
  const short = ['--data', data, ...keys, '--batch', '16', '--steps', '6', '--logEvery', '3']
  await here('train', ...short, '--objective', 'tmd-head', '--out', at('glyph-head'))
  await here(
    'train',
    ...short.slice(0, 2),
    '--objective',
    'flow-matching',
    '--network',
    'dit',
    ...[
      ...[
        '--network.width',
        '16',
        '--network.depth',
        '2',
        '--network.heads',
        '2',
        '--batch',
        '16',
        '--steps',
        '4',
      ],
      ...['--out', at('glyph-velocity')],
    ],
  )
  await here(
    'train',
    ...short,
    '--objective',
    'tmd',
    '--teacher',
    at('glyph-velocity'),
    ...[...['--init-from', at('glyph-head'), '--out', at('glyph-tmd')]],
  )
  const { stdout } = await here(
    'sample',
    at('glyph-tmd'),
    '--steps',
    '2',
    '--count',
    '4',
    '--json',
    ...[...['--out', at('glyphs.npy')]],
  )
  expect(JSON.parse(stdout)).toMatchObject({ method: 'transition', count: 4, evaluations: 2.667 })
  await here(
    ...['evaluate', at('glyph-tmd'), '--steps', '1,2', '--count', '64'],
    ...['--metrics', 'slicedWasserstein', '--no-report'],
  )
  const { rows } = JSON.parse(readFileSync(join(at('glyph-tmd'), 'evaluation.json'), 'utf8'))
  expect(rows.map(({ method }: { method: string }) => method)).toEqual(Array(rows.length).fill('transition'))
  const file = at('glyphs.onnx')
  await here('export', at('glyph-tmd'), '--sampler', '--steps', '2', '--out', file)
  expect(readFileSync(file).length).toBeGreaterThan(10_000)
})
