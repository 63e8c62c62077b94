import { writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { tilted } from '../../src/model/exact-tilt.ts'
import { TINY } from '../helpers/cli.ts'
import { exactOnnx } from '../helpers/exact-onnx.ts'
import { commandsIn } from '../helpers/folder-cli.ts'

const { at, dataOf, here, json, refused } = commandsIn('steer')

const [MEAN, SD] = [[0.8, -1.3], 0.5]
const NEAR = '{kind: quadratic, A: [[2, 0], [0, 2]], center: [1.5, -1]}'
/** `-(x - c)'A(x - c)/2` of that Gaussian. */
const law = tilted(
  { components: [{ weight: 1, mean: MEAN, scales: [SD, SD] }] },
  {
    A: [
      [2, 0],
      [0, 2],
    ],
    center: [1.5, -1],
    b: [0, 0],
    constant: 0,
  },
)

beforeAll(async () => {
  writeFileSync(at('exact.onnx'), exactOnnx(MEAN, SD))
  await here('train', ...TINY, '--steps', '30', '--objective', 'psd', '--out', at('psd'))
  await here('train', ...TINY, '--steps', '30', '--objective', 'fmm', '--out', at('fmm'))
  await here('train', ...TINY, '--steps', '30', '--objective', 'ct', '--out', at('ct'))
  await here(
    ...['train', ...TINY, '--steps', '30', '--objective', 'flow-matching'],
    ...['--network.conditioning', 's', '--out', at('velocity')],
  )
})

describe('steer', () => {
  const exact = (...options: string[]) =>
    json('steer', at('exact.onnx'), '--reward', NEAR, '--out', at('s.npy'), '--count', '4000', ...options)

  test.each([
    ['particles'],
    ['particles', '--kernel', 'jump', '--moves', '1'],
    ['particles', '--kernel', 'noise', '--steps', '6'],
    ['filter'],
  ])('by %s %s is the tilt of an exact map, its log Z within its error', async (method, ...options) => {
    const found = await exact('--method', method, ...options)
    expect(Math.abs(found.logZ - law.logZ)).toBeLessThan(5 * found.logZError + 1e-9)
    expect(found.logZError).toBeLessThan(0.05)
    const points = dataOf('s.npy')
    for (const d of [0, 1]) {
      const values = points.filter((_, i) => i % 2 === d)
      const mean = values.reduce((sum, value) => sum + value / values.length, 0)
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0)
      expect(Math.abs(mean - law.components[0].mean[d])).toBeLessThan(0.04)
      expect(Math.sqrt(variance / law.components[0].covariance[d][d])).toBeCloseTo(1, 1)
    }
    expect(found.meanReward.after).toBeGreaterThan(found.meanReward.before)
    expect(found.isSample).toBe(true)
  })

  test('says what it cost, and the same seed gives the same points', async () => {
    const first = await exact('--steps', '4', '--seed', '3')
    const points = dataOf('s.npy')
    // Each of 4 steps jumps once and looks ahead once, and so does the beginning; the end is data.
    expect(first.evaluations).toEqual({ forward: 8 * 4000, backward: 0, reward: 5 * 4000 })
    expect(first.ess).toHaveLength(4)
    await exact('--steps', '4', '--seed', '3')
    expect(dataOf('s.npy')).toEqual(points)
    await exact('--steps', '4', '--seed', '4')
    expect(dataOf('s.npy')).not.toEqual(points)
  })

  test('one sample has no distance to a law, and is written all the same', async () => {
    const found = await json('steer', at('psd'), '--reward', NEAR, '--count', '1', '--out', at('one.csv'))
    expect(found).toMatchObject({ count: 1, target: null, why: 'one sample has no distance to a law' })
  })

  test('an error that the first particles do not tell is unknown, and their end is said', async () => {
    const sharp = '{operator: {kind: mask, keep: [0]}, y: [0.5], sd: 0.0001}'
    const { stdout, stderr } = await here(
      ...[
        'steer',
        at('exact.onnx'),
        '--observe',
        sharp,
        '--count',
        '50',
        '--steps',
        '8',
        '--out',
        at('k.csv'),
      ],
    )
    expect(stdout).toMatch(/unknown, too few first particles/)
    expect(stderr).toMatch(/all samples come from one of the first particles/)
    const often = await exact('--threshold', '2')
    expect(often.logZError === null || often.logZError > 0).toBe(true)
  })

  test('the best of some has another law, and says so', async () => {
    const { stderr } = await here(
      'steer',
      at('exact.onnx'),
      '--reward',
      NEAR,
      '--method',
      'best',
      '--out',
      at('b.csv'),
    )
    expect(stderr).toMatch(/the best of some has another law than the tilted one/)
    const found = await exact('--method', 'best')
    expect(found).toMatchObject({ isSample: false, evaluations: { forward: 16_000 } })
    expect(found.logZ).toBeUndefined()
  })

  test('to an observation gives the evidence', async () => {
    const sd = 0.4
    const observation = `{operator: {kind: matrix, rows: [[1, 1]]}, y: [0.5], sd: ${sd}}`
    const found = await json(
      'steer',
      at('exact.onnx'),
      '--observe',
      observation,
      '--count',
      '8000',
      '--out',
      at('o.csv'),
    )
    const variance = 2 * SD ** 2 + sd ** 2
    const off = 0.5 - (MEAN[0] + MEAN[1])
    const evidence = -(off ** 2) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2
    expect(Math.abs(found.logEvidence - evidence)).toBeLessThan(5 * found.logZError)
  })

  test('an observation of a file is that row, or the part of a point that is seen', async () => {
    writeFileSync(at('y.csv'), 'x0,x1\n0.5,7\n')
    writeFileSync(at('obs.yaml'), 'operator: {kind: mask, keep: [0]}\ny: y.csv\nsd: 0.4\n')
    const options = ['--count', '50', '--out', at('o.npy')] as const
    const byFile = await json('steer', at('exact.onnx'), '--observe', at('obs.yaml'), ...options)
    const inline = '{operator: {kind: mask, keep: [0]}, y: [0.5], sd: 0.4}'
    expect(await json('steer', at('exact.onnx'), '--observe', inline, ...options)).toEqual(byFile)
  })

  test('a run is shown beside the exact law of its data', async () => {
    const found = await json(
      ...[
        'steer',
        at('psd'),
        '--reward',
        '{kind: gaussian, center: [1, 0]}',
        '--beta',
        '2',
        '--count',
        '300',
      ],
      ...['--out', at('p.csv')],
    )
    expect(found.target.logZ).toBeGreaterThan(0)
    expect(Object.keys(found.metrics)).toEqual(['slicedWasserstein', 'energyDistance'])
    expect(found.metrics.slicedWasserstein.floor).toBeGreaterThan(0)
    expect(found.meanReward.target).toBeGreaterThan(found.meanReward.before - 1)
  })

  test('every kernel and look-ahead that a trained map has runs', async () => {
    for (const kernel of ['renoise', 'jump', 'posterior', 'euler-maruyama']) {
      for (const ahead of ['none', 'here', 'denoiser', 'jump', 'posterior', 'denoiser-covariance']) {
        const found = await json(
          ...['steer', at('psd'), '--reward', NEAR, '--count', '8', '--steps', '2', '--out', at('k.csv')],
          ...['--kernel', kernel, '--look-ahead', ahead],
        )
        expect(found).toMatchObject({ kernel, lookAhead: ahead })
      }
    }
    for (const ahead of ['here', 'denoiser', 'jump', 'posterior', 'denoiser-covariance']) {
      const found = await json(
        ...['steer', at('psd'), '--reward', NEAR, '--count', '8', '--steps', '2', '--out', at('k.csv')],
        ...['--method', 'guided', '--look-ahead', ahead, '--clip', '0.5'],
      )
      expect(found).toMatchObject({ isSample: false, clip: 0.5 })
    }
  })

  test('a consistency model and a velocity take what they can', async () => {
    const options = ['--reward', NEAR, '--count', '8', '--steps', '2', '--out', at('k.csv')]
    expect(await json('steer', at('ct'), ...options)).toMatchObject({ kernel: 'renoise', lookAhead: 'jump' })
    expect(await refused('steer', at('ct'), ...options, '--kernel', 'jump')).toMatch(
      /ct is trained to end at data only \(t = 0\); --kernel renoise or noise/,
    )
    expect(await json('steer', at('velocity'), ...options)).toMatchObject({
      kernel: 'euler-maruyama',
      lookAhead: 'denoiser',
    })
    expect(await refused('steer', at('velocity'), ...options, '--kernel', 'renoise')).toMatch(
      /is a velocity.*--kernel euler-maruyama, posterior or jump/,
    )
  })

  test('a stochastic map gives the samples of the posterior, one jump each', async () => {
    await here(
      'train',
      ...TINY,
      '--steps',
      '30',
      '--objective',
      'psd',
      '--condition',
      'state',
      '--out',
      at('state'),
    )
    const options = [
      '--reward',
      NEAR,
      '--count',
      '8',
      '--steps',
      '2',
      '--out',
      at('k.csv'),
      '--kernel',
      'posterior',
    ]
    const inner = await json('steer', at('psd'), ...options, '--look-ahead', 'none', '--inner-steps', '5')
    const jump = await json(
      'steer',
      at('psd'),
      ...options,
      '--look-ahead',
      'none',
      '--posterior',
      at('state'),
    )
    expect(inner.evaluations.forward).toBe(8 * 2 * 5)
    expect(jump.evaluations.forward).toBe(8 * 2)
    expect(await refused('steer', at('psd'), ...options, '--posterior', at('fmm'))).toMatch(
      /trained with --condition state/,
    )
  })

  test.each([
    [[], /expected a reward or an observation/],
    [['--reward', '{kind: gausian}'], /--reward: kind: expected one of gaussian.*onnx/],
    [['--reward', '{kind: gaussian, center: [1, 2, 3]}'], /--reward: center: expected 2 numbers/],
    [['--reward', '[1, 2'], /\[1, 2: no such file/],
    [['--reward', '{kind: gaussian'], /--reward: something is missing here/],
    [['--reward', 'none.yaml'], /none.yaml: no such file/],
    [['--reward', '{kind: onnx, path: none.onnx}'], /none.onnx/],
    [['--reward', NEAR, '--observe', NEAR], /expected one of the two/],
    [
      ['--observe', NEAR],
      /--observe: kind: expected an observation, with operator, y and sd; found "quadratic"; other rewards .* --reward/,
    ],
    [
      ['--reward', NEAR, '--kernel', 'renoise', '--moves', '2'],
      /moves are only for the kernels jump and noise/,
    ],
    [['--reward', NEAR, '--lambda', '2'], /--lambda: is only for guided flows/],
    [
      ['--reward', NEAR, '--method', 'guided', '--look-ahead', 'none'],
      /with none, a guided flow is not steered/,
    ],
    [
      ['--reward', NEAR, '--kernel', 'noise', '--look-ahead', 'jump'],
      /the kernel noise uses the reward directly/,
    ],
    [['--reward', NEAR, '--eta', '2'], /--eta: expected a number from 0 to 1, found "2"/],
    [['--reward', NEAR, '--method', 'guided', '--look-ahead', 'weighted'], /only an exact map has/],
    [['--reward', '{kind: gaussian}', '--look-ahead', 'denoiser-covariance'], /needs a quadratic reward/],
    [['--reward', NEAR, '--grid', '1,0.5'], /to end at 0/],
    [['--reward', NEAR, '--out', 'x.txt'], /expected a name ending in/],
    [['--reward', '{kind: quadratic, A: [[-9, 0], [0, -9]]}', '--count', '0'], /--count/],
  ])('%j is refused in a line', async (options, line) => {
    expect(await refused('steer', at('psd'), ...options)).toMatch(line)
  })
})
