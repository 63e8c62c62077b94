import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { TINY } from '../helpers/cli.ts'
import { exactOnnx } from '../helpers/exact-onnx.ts'
import { commandsIn } from '../helpers/folder-cli.ts'

const { at, here, json, refused } = commandsIn('edit')

const NEAR = '{kind: quadratic, A: [[2, 0], [0, 2]], center: [1.5, -1]}'

beforeAll(async () => {
  writeFileSync(at('exact.onnx'), exactOnnx([0.8, -1.3], 0.5))
  for (const objective of ['psd', 'fmm']) {
    await here('train', ...TINY, '--steps', '30', '--objective', objective, '--out', at(objective))
  }
  writeFileSync(at('points.csv'), 'x0,x1\n1,2\n-1,0.5\n0.3,0.4\n')
})

test('a map that is trained both ways inverts by a jump, any other along its velocity', async () => {
  const found = await json('invert', at('fmm'), '--data', at('points.csv'), '--out', at('z.npy'))
  expect(found).toMatchObject({ count: 3, method: 'jump', evaluations: { forward: 6, backward: 0 } })
  expect(found.noiseLaw.floor).toBeGreaterThan(0)
  expect(await json('invert', at('psd'), '--data', at('points.csv'), '--out', at('z.npy'))).toMatchObject({
    method: 'heun',
  })
  expect(await refused('invert', at('psd'), '--data', at('points.csv'), '--method', 'jump')).toMatch(
    /psd is trained to jump towards data only.*--method heun, adaptive or newton/,
  )
})

test("newton finds the noise of the map's own points", async () => {
  await here('sample', at('psd'), '--count', '5', '--seed', '9', '--out', at('own.npy'))
  const found = await json(
    'invert',
    at('psd'),
    '--data',
    at('own.npy'),
    '--method',
    'newton',
    '--out',
    at('z.npy'),
  )
  expect(found).toMatchObject({ missed: 0 })
  expect(found.roundTrip).toBeLessThan(1e-4)
})

test('what followed the velocity to noise is retraced by it, and by one jump is not', async () => {
  const psd = (...more: string[]) =>
    json('invert', at('psd'), '--data', at('points.csv'), '--out', at('z.npy'), ...more)
  const [jump, heun] = [await psd(), await psd('--back', 'heun')]
  expect([jump.back, heun.back]).toEqual(['jump', 'heun'])
  expect(heun.roundTrip).toBeLessThan(0.01)
  expect(jump.roundTrip).toBeGreaterThan(10 * heun.roundTrip)
  const points = at('points.csv')
  const between = ['--between', points, points, '--points', '2', '--out', at('i.npy')]
  const found = await json('interpolate', at('psd'), ...between, '--back', 'heun')
  expect(found.roundTrip).toBeCloseTo(heun.roundTrip, 6)
  const there = ['--data', points, '--to', at('psd'), '--out', at('e.npy')]
  expect((await json('edit', at('psd'), ...there, '--back', 'heun')).moved).toBeCloseTo(heun.roundTrip, 6)
  expect(
    await refused('edit', at('fmm'), '--data', points, '--to', at('exact.onnx'), '--back', 'heun'),
  ).toMatch(/--back: a file of jumps holds no velocity; take jump/)
})

test('noise and back moves points further the higher the time, and none at 0', async () => {
  const moved = async (tau: string) =>
    (await json('edit', at('exact.onnx'), '--data', at('points.csv'), '--renoise', tau, '--out', at('e.csv')))
      .moved
  expect(await moved('0')).toBe(0)
  const unmoved = ['edit', at('psd'), '--data', at('points.csv'), '--renoise', '0', '--out', at('e.csv')]
  expect(await json(...unmoved)).toMatchObject({ moved: 0, evaluations: { forward: 0, backward: 0 } })
  expect(await moved('0.9')).toBeGreaterThan(await moved('0.1'))
})

test('steered edits go towards the reward, each point from where it is', async () => {
  const found = await json(
    ...[
      'edit',
      at('exact.onnx'),
      '--data',
      at('points.csv'),
      '--reward',
      NEAR,
      '--beta',
      '4',
      '--from',
      '0.7',
    ],
    ...['--out', at('e.csv')],
  )
  expect(found.meanReward.after).toBeGreaterThan(found.meanReward.before)
  expect(readFileSync(at('e.csv'), 'utf8').trim().split('\n')).toHaveLength(4)
})

test('translation there and back is the points again', async () => {
  const found = await json(
    ...['edit', at('fmm'), '--data', at('points.csv'), '--to', at('fmm'), '--method', 'heun'],
    ...['--out', at('e.csv')],
  )
  expect(found).toMatchObject({ count: 3, to: at('fmm'), method: 'heun' })
})

test('points between others, or mixed from both', async () => {
  const between = ['--between', at('points.csv'), at('points.csv'), '--out', at('i.csv')]
  const found = await json('interpolate', at('psd'), ...between, '--points', '5')
  expect(found).toMatchObject({ pairs: 3, points: 5, path: 'straight', method: 'heun' })
  expect(readFileSync(at('i.csv'), 'utf8').trim().split('\n')).toHaveLength(16)
  expect(await json('interpolate', at('psd'), ...between, '--mix', '1')).toMatchObject({
    points: 3,
    mix: [1],
  })
})

test('columns keep the names of the data, and of the points that are given where that has none', async () => {
  const row = (i: number) => `${i / 30},${(i * i) / 900}`
  writeFileSync(at('named.csv'), `x,y\n${Array.from({ length: 60 }, (_, i) => row(i)).join('\n')}\n`)
  writeFileSync(at('turned.csv'), 'y,x\n1,0.5\n0.5,1\n')
  await here('train', ...TINY, '--steps', '5', '--data', at('named.csv'), '--out', at('named'))
  const first = async (...args: string[]) => {
    await here(...args, '--out', at('n.csv'))
    return readFileSync(at('n.csv'), 'utf8').split('\n')[0]
  }
  for (const [run, names] of [
    ['named', 'x,y'],
    ['psd', 'y,x'],
  ]) {
    const turned = at('turned.csv')
    expect(await first('invert', at(run), '--data', turned)).toBe(names)
    expect(await first('edit', at(run), '--data', turned, '--renoise', '0.4')).toBe(names)
    expect(await first('interpolate', at(run), '--between', turned, turned)).toBe(names)
  }
  expect(await first('steer', at('named'), '--reward', NEAR, '--count', '5', '--steps', '2')).toBe('x,y')
})

test('points far off the data are said, in a line', async () => {
  const said = async (points: string, ...command: string[]) => {
    writeFileSync(at('off.csv'), points)
    return (await here(...command, at('psd'), '--data', at('off.csv'), '--out', at('f.csv'))).stderr
  }
  for (const command of [['invert'], ['edit', '--renoise', '0.4']]) {
    expect(await said('0.5,0.5\n1,-1\n', ...command)).toBe('')
    const line = await said('0.5,0.5\n1,-90\n', ...command)
    expect(line).toMatch(
      /off.csv: 1 of 2 points lie far from the data of .*psd, where the map has learnt nothing\n$/,
    )
    expect(line.trim().split('\n')).toHaveLength(1)
  }
  expect(await said('50,50\n', 'invert')).toMatch(/its point lies far from the data/)
})

test.each([
  [['edit', '--data', 'points.csv'], /expected one of --renoise 0.4, --to RUN/],
  [['edit', '--data', 'points.csv', '--renoise', '0.4', '--to', 'psd'], /expected one of --renoise/],
  [
    ['edit', '--data', 'points.csv', '--renoise', '0.4', '--from', '0.5'],
    /--from: only applies to edits towards a reward/,
  ],
  [
    ['edit', '--data', 'points.csv', '--renoise', '0.4', '--method', 'heun'],
    /--method: says how points go to noise/,
  ],
  [
    ['edit', '--data', 'points.csv', '--renoise', '0.4', '--back', 'heun'],
    /--back: says how noise goes to data/,
  ],
  [['edit', '--data', 'none.csv', '--renoise', '0.4'], /none.csv/],
  [['edit', '--data', 'points.csv', '--renoise', '1.5'], /--renoise: expected a number from 0 to 1/],
  [['interpolate', '--between', 'points.csv'], /expected two files/],
  [
    ['interpolate', '--between', 'points.csv', 'points.csv', '--mix', '7'],
    /--mix: expected coordinates from 0 to 1/,
  ],
  [
    ['interpolate', '--between', 'points.csv', 'points.csv', '--mix', '0,0'],
    /--mix: expected the coordinates to take from the second, each once, found 0 twice/,
  ],
  [['interpolate', '--between', 'points.csv', 'points.csv', '--points', '1'], /--points/],
  [['invert'], /--data/],
])('%j is refused in a line', async ([command, ...options], line) => {
  const named = options.map(word => (existsSync(at(word)) ? at(word) : word))
  expect(await refused(command, at('psd'), ...named)).toMatch(line)
})
