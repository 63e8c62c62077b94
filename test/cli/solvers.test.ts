import { readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { TINY } from '../helpers/cli.ts'
import { commandsIn } from '../helpers/folder-cli.ts'

const { at, here, refused, json, dataOf } = commandsIn('solvers')

beforeAll(async () => {
  const denoise = ['train', ...TINY, '--steps', '30', '--objective', 'denoise']
  await here(...denoise, '--interpolant', 'vp', '--network.predicts', 'eps', '--out', at('eps'))
  await here(...denoise, '--interpolant', 've', '--network.parameterization', 'edm', '--out', at('ve'))
  await here(...denoise, '--network.predicts', 'eps', '--out', at('linear'))
})

const sampled = async (run: string, ...options: string[]) => ({
  ...(await json('sample', at(run), '--count', '200', '--out', at('s.npy'), ...options)),
  points: dataOf('s.npy'),
})

const deviation = (points: Float32Array) =>
  Math.sqrt(points.reduce((sum, x) => sum + x * x, 0) / points.length)

describe('sample --method', () => {
  test.each([
    ['ddim', 10],
    ['midpoint', 20],
    ['ancestral', 10],
    ['sde-dpm++2m', 10],
    ['euler-maruyama', 10],
    ['edm', 20],
  ] as const)('%s says its evaluations, and is the same for a seed', async (method, evaluations) => {
    const [first, again] = [
      await sampled('eps', '--method', method, '--steps', '10'),
      await sampled('eps', '--method', method, '--steps', '10'),
    ]
    expect(first).toMatchObject({ method, evaluations, steps: 10 })
    expect([...again.points]).toEqual([...first.points])
    expect(first.points.every(Number.isFinite)).toBe(true)
  })

  test('options change what is drawn, and are in the name of the file', async () => {
    const [plain, noisy] = [
      await sampled('eps', '--method', 'ddim', '--steps', '5'),
      await sampled('eps', '--method', 'ddim', '--steps', '5', '--method-options', 'eta=1'),
    ]
    expect([...noisy.points]).not.toEqual([...plain.points])
    expect(noisy.methodOptions).toEqual({ eta: 1 })
    const { stdout } = await here(
      ...['sample', at('eps'), '--count', '3', '--method', 'ddim', '--grid', 'karras:4,rho=5'],
      ...['--method-options', 'eta=0.5'],
    )
    expect(stdout).toMatch(/grid-karras-4-rho-5-ddim-eta-0\.5-seed-0\.csv/)
  })

  test('the noise of a path has its own deviation', async () => {
    const { points } = await sampled('ve', '--method', 'ddim', '--grid', '1,0.99999')
    expect(deviation(points)).toBeGreaterThan(70)
    expect(deviation(points)).toBeLessThan(90)
  })

  test('a grid is that of its name, of its file, or the one that goes with the method', async () => {
    writeFileSync(at('times.txt'), '# made by hand\n1\n0.6, 0.3 # the middle\n0\n')
    expect((await sampled('eps', '--grid', at('times.txt'))).grid).toEqual([1, 0.6, 0.3, 0])
    const { grid } = await sampled('eps', '--method', 'dpm++2m', '--steps', '4')
    expect(grid).toHaveLength(5)
    expect(grid[1]).not.toBe(0.75)
    expect((await sampled('eps', '--method', 'ddim', '--grid', 'discrete:4')).grid).toBeUndefined()
  })

  test.each([
    [
      ['eps', '--method', 'heun', '--steps', '4'],
      /heun needs the velocity at the data, which is infinite on the vp path/,
    ],
    [
      ['linear', '--method', 'ddim', '--steps', '4'],
      /predicts eps, which does not determine the data at t = 1/,
    ],
    [
      ['eps', '--method', 'ddim', '--method-options', 'etha=1'],
      /ddim: has no option "etha"; its options are eta/,
    ],
    [
      ['eps', '--method', 'ddim', '--method-options', 'eta'],
      /expected options such as eta=0.5,scale=2, found "eta"/,
    ],
    [['eps', '--density', 'flow', '--method', 'ddim', '--out', 'd.csv'], /remove --method ddim/],
    [['eps', '--method', 'rk9'], /--method: expected one of auto, jump/],
    [['eps', '--grid', 'karras:0'], /karras: expected a whole number/],
    [['eps', '--grid', 'karras'], /--grid karras: expected a number of steps, e\.g\. karras:10\n$/],
    [['eps', '--grid', 'karras:rho=5'], /expected a number of steps, e\.g\. karras:10, found "rho=5"/],
    [
      ['eps', '--grid', 'karras:4,least=100'],
      /karras: least: expected a ratio below the largest, 80, found 100/,
    ],
    [
      ['eps', '--grid', 'discrete:700,spacing=leading'],
      /sampling from noise starts at 1, found a grid that starts at 0\.7/,
    ],
    [['eps', '--grid', 'karras:4,rho=-1'], /karras: rho: .*found -1/],
    [
      ['eps', '--grid', 'caras:4'],
      /expected times such as 1,0.5,0, a file that is there, or a grid such as karras:10/,
    ],
    [['eps', '--method', 'dpm++2m', '--grid', '0,1', '--start', 's.npy'], /from noise to data only/],
  ] as const)('%j is refused in a line', async ([run, ...options], message) => {
    const words = [...options.map(word => (word === 's.npy' ? at('s.npy') : word)), '--out', at('no.npy')]
    await sampled('eps')
    expect(await refused('sample', at(run), ...words)).toMatch(message)
  })

  test('--help lists methods and grids', async () => {
    const { stdout } = await here('sample', '--help')
    for (const name of ['dpm++2m', 'euler-maruyama', 'log-ratio', 'karras']) expect(stdout).toContain(name)
  })
})

test('evaluate measures a solver in its own grid', async () => {
  const { rows } = await json('evaluate', at('eps'), '--method', 'dpm++2m', '--steps', '4', '--count', '500')
  expect(rows[0]).toMatchObject({ steps: 4, method: 'dpm++2m' })
})

test('a training says what does not go together', async () => {
  const train = ['train', ...TINY, '--steps', '3', '--out', at('never')]
  expect(await refused(...train, '--objective', 'psd', '--network.predicts', 'eps')).toMatch(
    /network\.predicts: eps is predicted of one time, and psd trains a two-time map/,
  )
  expect(await refused(...train, '--objective', 'denoise', '--interpolant', 've')).toMatch(
    /the noise of the ve path has standard deviation 80, .*use network\.parameterization edm/,
  )
  expect(() => readFileSync(at('never'))).toThrow()
})
