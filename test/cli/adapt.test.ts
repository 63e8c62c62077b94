import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { paths } from '../../src/serialization/run.ts'
import { decodeSafetensors, encodeSafetensors } from '../../src/serialization/safetensors.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { commandsIn } from '../helpers/folder-cli.ts'

const { at, dataOf, here, json, refused } = commandsIn('adapt')

const SEEN = 'operator: {kind: matrix, rows: [[1, 0.5]]}, sd: 0.3'
const KIND = `{${SEEN}}`
const OBSERVED = `{${SEEN}, y: [0.7]}`
const SHORT = ['--steps', '40', '--batch', '32']
const adapt = (run: string, out: string, ...more: string[]) =>
  json('adapt', at(run), '--observe', KIND, ...SHORT, '--out', at(out), ...more)
const steer = (run: string, adapter: string, ...more: string[]) =>
  json(
    ...['steer', at(run), '--observe', OBSERVED, '--adapter', at(adapter)],
    ...['--count', '300', '--out', at('s.npy'), ...more],
  )

beforeAll(async () => {
  const train = (out: string, ...more: string[]) =>
    here('train', ...TINY, '--steps', '30', '--objective', 'psd', '--out', at(out), ...more)
  await train('run')
  await train('other', '--seed', '4')
  await train('three', '--data', '{mixture: {components: [{weight: 1, mean: [0, 1, 2], std: 1}]}}')
  await here('train', ...TINY, '--steps', '20', '--objective', 'flow-matching', '--out', at('velocity'))
  await adapt('run', 'a.safetensors')
})

describe('adapt', () => {
  test('writes a file by which steer draws from any observation of its kind', async () => {
    const found = await steer('run', 'a.safetensors')
    expect(found).toMatchObject({ method: 'adapter', count: 300, isSample: false })
    expect(found.evaluations).toEqual({ forward: 300, backward: 0, reward: 300 })
    // The divergence is positive.
    expect(found.evidenceBound).toBeLessThan(found.meanReward.after - Math.log(2 * Math.PI * 0.09) / 2)
    expect(found.logZ).toBeUndefined()
    expect(dataOf('s.npy')).toHaveLength(600)
    const { stdout } = await here(
      ...['steer', at('run'), '--observe', OBSERVED, '--adapter', at('a.safetensors')],
      ...['--count', '50', '--out', at('s.csv')],
    )
    expect(stdout).toMatch(/50 samples, noise adapter, 1 step/)
    expect(stdout).toMatch(/log evidence: at least -\d/)
    expect(stdout).toMatch(/effective samples: \d+% of the map's own posterior\n/)
  })

  test('samples come nearer to what was observed as it learns, and keep apart by what they are told', async () => {
    const found = await adapt('run', 'long.safetensors', '--steps', '600', '--batch', '128')
    const short = await steer('run', 'a.safetensors')
    const long = await steer('run', 'long.safetensors')
    expect(long.meanReward.after).toBeGreaterThan(short.meanReward.after)
    expect(long.evidenceBound).toBeGreaterThan(short.evidenceBound)
    expect(found.logEvidence).toBeGreaterThan(-20)
    const seen = async (y: number) => {
      await steer('run', 'long.safetensors', '--observe', `{${SEEN}, y: [${y}]}`)
      const points = dataOf('s.npy')
      let sum = 0
      for (let i = 0; i < points.length; i += 2) sum += points[i] + 0.5 * points[i + 1]
      return (2 * sum) / points.length
    }
    expect(await seen(1)).toBeGreaterThan((await seen(-1)) + 1)
  })

  test('with its map is the better bound, of a map that still samples the data', async () => {
    const steps = ['--steps', '800', '--batch', '128']
    const alone = await adapt('run', 'alone.safetensors', ...steps)
    const both = await adapt('run', 'both.safetensors', ...steps, '--map', at('bent'))
    expect(both.map).toBe(at('bent'))
    expect(both.logEvidence).toBeGreaterThan(alone.logEvidence + 0.5)
    const away = async (run: string): Promise<number> => {
      const { rows } = await json('evaluate', at(run), '--count', '1000', '--steps', '1')
      return rows[0].metrics.energyDistance.value
    }
    expect(await away('bent')).toBeLessThan(0.4 * (await away('run')))
    await steer('bent', 'both.safetensors')
    const own = at('both.safetensors')
    expect(
      await refused('steer', at('run'), '--observe', OBSERVED, '--adapter', own, '--out', at('x.csv')),
    ).toMatch(/was trained for another map/)
    // Alike for a seed.
    const again = await adapt('run', 'again.safetensors', ...SHORT, '--map', at('again'))
    const twice = await adapt('run', 'twice.safetensors', ...SHORT, '--map', at('twice'))
    expect(twice.logEvidence).toBe(again.logEvidence)
    expect(readFileSync(paths(at('twice')).model)).toEqual(readFileSync(paths(at('again')).model))
    expect(readFileSync(at('twice.safetensors'))).toEqual(readFileSync(at('again.safetensors')))
  })

  test('with its map takes one that jumps between all times, along the linear path', async () => {
    const train = (out: string, ...more: string[]) =>
      here('train', ...TINY, '--steps', '5', '--out', at(out), ...more)
    await train('ct', '--objective', 'ct')
    await train('curved', '--objective', 'psd', '--interpolant', 'trig')
    const of = (run: string) =>
      refused('adapt', at(run), '--observe', KIND, '--map', at('new'), '--out', at('x.safetensors'))
    expect(await of('ct')).toMatch(/ct is trained to end at data only/)
    expect(await of('curved')).toMatch(/expected the path linear, found trig/)
    expect(existsSync(at('new'))).toBe(false)
  })

  test('is the same for a seed, and samples are too', async () => {
    await adapt('run', 'b.safetensors')
    expect(readFileSync(at('b.safetensors'))).toEqual(readFileSync(at('a.safetensors')))
    await adapt('run', 'c.safetensors', '--seed', '1')
    expect(readFileSync(at('c.safetensors'))).not.toEqual(readFileSync(at('a.safetensors')))
    await steer('run', 'a.safetensors', '--seed', '3')
    const points = dataOf('s.npy')
    await steer('run', 'b.safetensors', '--seed', '3')
    expect(dataOf('s.npy')).toEqual(points)
    await steer('run', 'b.safetensors', '--seed', '4')
    expect(dataOf('s.npy')).not.toEqual(points)
  })

  test('observes samples of the map where it is told to, and takes the file of one observation', async () => {
    writeFileSync(at('obs.yaml'), 'operator: {kind: matrix, rows: [[1, 0.5]]}\ny: [0.7]\nsd: 0.3\n')
    const found = await json(
      ...['adapt', at('run'), '--observe', at('obs.yaml'), ...SHORT, '--points', 'map'],
      ...['--out', at('map.safetensors')],
    )
    expect(found).toMatchObject({ points: 'map', sd: 0.3 })
    expect(readFileSync(at('map.safetensors'))).not.toEqual(readFileSync(at('a.safetensors')))
    await steer('run', 'map.safetensors', '--observe', at('obs.yaml'))
  })

  test('says in words what it made and how to use it', async () => {
    const { stdout, stderr } = await here(
      ...['adapt', at('run'), '--observe', KIND, ...SHORT, '--out', at('words.safetensors')],
    )
    expect(stdout).toMatch(/noise for 1 number observed with sd 0.3\nlog evidence .* at least -\d/)
    expect(stderr).toMatch(/use it: oxbow steer .* --adapter /)
  })

  test('stopped, writes nothing', async () => {
    const before = process.listenerCount('SIGINT')
    const done = runHere([
      ...['adapt', at('run'), '--observe', KIND, '--batch', '32', '--steps', '1000000'],
      ...['--out', at('stopped.safetensors')],
    ])
    const timer = setInterval(() => {
      if (process.listenerCount('SIGINT') === before) return
      clearInterval(timer)
      process.emit('SIGINT', 'SIGINT')
    }, 50)
    const { code, stdout, stderr } = await done.finally(() => clearInterval(timer))
    expect([code, stdout]).toEqual([130, ''])
    expect(stderr).toBe('oxbow: stopped by SIGINT; nothing was written\n')
    expect(existsSync(at('stopped.safetensors'))).toBe(false)
    expect(process.listenerCount('SIGINT')).toBe(before)
  })

  test.each([
    [
      ['--observe', '{operator: {kind: matrix, rows: [[1, 2, 3]]}, sd: 0.3}'],
      /operator.rows: expected rows of 2/,
    ],
    [['--observe', '{operator: {kind: mask, keep: [0]}}'], /--observe: sd: /],
    [['--observe', '{operator: {kind: mask, keep: [0]}, sd: 0}'], /--observe: sd: /],
    [['--observe', KIND, '--out', 'x.npy'], /expected a name ending in .safetensors/],
    [['--observe', KIND, '--points', 'noise'], /--points: expected data or map/],
    [['--observe', KIND, '--points', 'map', '--map', at('new')], /--map: a map learns from data/],
    [['--observe', KIND, '--map', at('other')], /--map .*other: expected a new folder/],
    [['--observe', KIND, '--map', at('a.safetensors')], /--map .*: expected a new folder/],
  ])('%j is refused in a line', async (options, line) => {
    expect(await refused('adapt', at('run'), '--out', at('x.safetensors'), ...options)).toMatch(line)
    expect(existsSync(at('x.safetensors'))).toBe(false)
  })

  test('a velocity, a file of jumps and a run without its data are refused', async () => {
    const of = (path: string) => refused('adapt', path, '--observe', KIND, '--out', at('x.safetensors'))
    expect(await of(at('velocity'))).toMatch(/is a velocity.*takes one jump from noise to data/)
    expect(await of(paths(at('run')).onnx)).toMatch(/needs a run or a .safetensors model/)
    writeFileSync(
      at('gone.csv'),
      Array.from({ length: 60 }, (_, i) => `${i / 30},${(i * i) / 900}`).join('\n'),
    )
    await here('train', ...TINY, '--steps', '5', '--data', at('gone.csv'), '--out', at('gone'))
    writeFileSync(at('gone.csv'), '1,2\n2,3\n4,5\n6,7\n')
    expect(await of(at('gone'))).toMatch(/--points map observes samples of the map in place of/)
  })
})

describe('steer --adapter', () => {
  const wrong = (run: string, file: string, ...more: string[]) =>
    refused(
      ...['steer', at(run), '--observe', OBSERVED, '--adapter', file],
      ...['--count', '5', '--out', at('x.csv'), ...more],
    )
  const own = () => at('a.safetensors')

  test('refuses what is no noise adapter', async () => {
    expect(await wrong('run', at('none.safetensors'))).toMatch(/none.safetensors: no such file/)
    expect(await wrong('run', paths(at('run')).model)).toMatch(
      /expected a noise adapter.*found a whole model/,
    )
    writeFileSync(at('text.safetensors'), 'hello')
    expect(await wrong('run', at('text.safetensors'))).toMatch(/text.safetensors/)
    const bytes = readFileSync(own())
    const { tensors, metadata } = decodeSafetensors(bytes, 'a')
    const { sha256: _, ...plain } = metadata
    const known = JSON.parse(metadata.adapter)
    const again = (name: string, changed: object) =>
      writeFileSync(
        at(name),
        encodeSafetensors({
          tensors,
          metadata: { ...plain, adapter: JSON.stringify({ ...known, ...changed }) },
        }),
      )
    again('center.safetensors', { center: [0, 1] })
    expect(await wrong('run', at('center.safetensors'))).toMatch(/its metadata is damaged/)
    again('hidden.safetensors', { hidden: 7 })
    expect(await wrong('run', at('hidden.safetensors'))).toMatch(/tensor 0.weight: expected \[7, 1\]/)
    const torn = Uint8Array.from(bytes)
    torn[torn.length - 3] ^= 1
    writeFileSync(at('torn.safetensors'), torn)
    expect(await wrong('run', at('torn.safetensors'))).toMatch(/torn.safetensors/)
  })

  test('refuses another map, dimension, operator and sd', async () => {
    expect(await wrong('other', own())).toMatch(/was trained for another map, or for other weights of it/)
    expect(await wrong('run', own(), '--weights', 'raw')).toMatch(
      /was trained for another map, or for other weights/,
    )
    const three = '{operator: {kind: mask, keep: [0]}, y: [1], sd: 0.3}'
    expect(await wrong('three', own(), '--observe', three)).toMatch(
      /is for points of 2 coordinates, and this map's have 3/,
    )
    const other = '{operator: {kind: matrix, rows: [[1, 0.6]]}, y: [0.7], sd: 0.3}'
    expect(await wrong('run', own(), '--observe', other)).toMatch(/is for the operator .*0.5.*found .*0.6/)
    const loud = '{operator: {kind: matrix, rows: [[1, 0.5]]}, y: [0.7], sd: 0.4}'
    expect(await wrong('run', own(), '--observe', loud)).toMatch(/is for observations of sd 0.3, found 0.4/)
    const long = '{operator: {kind: matrix, rows: [[1, 0.5]]}, y: [0.7, 1], sd: 0.3}'
    expect(await wrong('run', own(), '--observe', long)).toMatch(/expected/)
  })

  test.each([
    ['--method', 'filter'],
    ['--steps', '4'],
    ['--beta', '2'],
    ['--kernel', 'jump'],
    ['--look-ahead', 'jump'],
  ])('goes without %s', async (...options) => {
    expect(await wrong('run', own(), ...options)).toMatch(/cannot be used with option/)
  })

  test('needs an observation', async () => {
    expect(
      await refused(
        ...['steer', at('run'), '--reward', '{kind: gaussian}', '--adapter', own(), '--out', at('x.csv')],
      ),
    ).toMatch(/cannot be used with option|give one with --observe/)
  })
})
