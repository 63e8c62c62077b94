import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'
import { paths } from '../../src/serialization/run.ts'
import { documentOf, runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { decodeNpy } from '../helpers/npy.ts'

const folder = temporaryFolder('sample-pictures')
const at = (name: string) => join(folder, name)
const TINY_MAP = ['--objective', 'psd', '--network.hidden', '16', '--batch', '16', '--steps', '3']

beforeAll(async () => {
  const told = ['--condition', 'class', ...TINY_MAP]
  await runHere(['train', '--data', '{glyphs: {size: 8}}', '--out', at('glyphs'), ...told])
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 11},${i % 2 ? 'odd, one' : 'even'}`)
  writeFileSync(
    at('table.csv'),
    `x,class,kind\n${rows.map(row => row.replace('odd, one', '"odd, one"')).join('\n')}\n`,
  )
  const table = ['--data.csv.path', at('table.csv'), '--data.csv.label', 'kind']
  await runHere(['train', ...table, '--out', at('table'), ...told])
}, 60_000)

const ok = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runHere(['sample', ...args])
  expect(code, stderr).toBe(0)
  return stdout
}
const numbers = (name: string) => decodeNpy(readFileSync(at(name))).data as Float32Array
const pixels = (name: string) =>
  sharp(at(name)).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })

describe('oxbow sample of pictures', () => {
  test('makes a sheet of 64', async () => {
    expect(await ok(at('glyphs'), '--class', '3', '--out', at('threes.png'))).toBe(
      `${at('threes.png')}: 64 pictures, 1 jump step\n`,
    )
    const { info } = await pixels('threes.png')
    expect([info.width, info.height]).toEqual([8 * 66 - 2, 8 * 66 - 2])
    expect(await ok(at('glyphs'), '--class', '3', '--out', at('threes.svg'))).toContain('64 pictures')
    expect(readFileSync(at('threes.svg'), 'utf8')).toContain('<image href="data:image/png;base64,')
  })

  test('of all classes has a row for each, which begin from the same noise', async () => {
    const said = await ok(
      at('glyphs'),
      '--class',
      'all',
      '--count',
      '3',
      '--seed',
      '5',
      '--out',
      at('all.png'),
    )
    expect(said).toBe(
      `${at('all.png')}: 30 pictures (3 of each class: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), 1 jump step\n`,
    )
    const { data, info } = await pixels('all.png')
    expect(info.height).toBe(10 * 66 - 2)
    const left = info.width - (3 * 66 - 2)
    const cell = (row: number, column: number) =>
      Array.from(
        { length: 64 },
        (_, i) =>
          data[((row * 66 + 8 * (i >> 3)) * info.width + left + column * 66 + 8 * (i % 8)) * info.channels],
      )
    // The pictures of a class are those that it has alone, cut to whole numbers from 0 to 255.
    for (const name of ['0', '7']) {
      const file = `${name}.npy`
      await ok(at('glyphs'), '--class', name, '--count', '3', '--seed', '5', '--out', at(file))
      const points = Uint8ClampedArray.from(numbers(file))
      expect(cell(Number(name), 2)).toEqual([...points.subarray(2 * 64)])
    }
  })

  test('makes the same sheet of an exported file', async () => {
    for (const [model, file] of [
      [at('glyphs'), at('run.png')],
      [paths(at('glyphs')).onnx, at('onnx.png')],
    ]) {
      expect(await ok(model, '--class', 'all', '--out', file)).toContain('80 pictures')
    }
    expect((await pixels('onnx.png')).data.equals((await pixels('run.png')).data)).toBe(true)
  })

  test('takes what is part noise to the scale of pictures', async () => {
    const all = ['--class', 'all', '--out', at('noise.png')]
    await ok(at('glyphs'), '--grid', '1,0.99', ...all)
    const { data } = await pixels('noise.png')
    // As grey as the data with noise of its deviation: of a map hardly trained, not 0 to 3.
    expect([...data].filter(value => value > 40 && value < 215).length).toBeGreaterThan(data.length / 5)
  })

  test.each<[string[], RegExp]>([
    [
      ['--class', 'all', '--count', '410', '--out', 'x.png'],
      /--count: a sheet holds 242 pictures of each class of 8 x 8 pixels, found 410; write \.npy/,
    ],
    [
      ['--class', '3', '--count', '4097', '--out', 'x.svg'],
      /--count: a sheet holds 4096 pictures of 8 x 8 pixels, found 4097/,
    ],
    [['--class', 'al', '--out', 'x.png'], /--class: expected none, all or one of 0, 1.*; found al\n$/],
  ])('refuses %j in one line', async (flags, message) => {
    const { code, stderr } = await runHere(['sample', at('glyphs'), ...flags])
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^oxbow: [^\n]+\n$/)
  })
})

describe('oxbow sample --class all', () => {
  test('writes one class after another, in CSV with their names, as many of each as are asked for', async () => {
    const flags = ['--class', 'all', '--count', '2']
    await ok(at('table'), ...flags, '--out', at('all.csv'))
    const lines = readFileSync(at('all.csv'), 'utf8').trim().split('\n')
    // A coordinate is called "class".
    expect(lines[0]).toBe('x,class,class_')
    expect(lines.slice(1).map(line => line.replace(/^[^,]*,[^,]*,/, ''))).toEqual([
      ...['even', 'even'],
      ...['"odd, one"', '"odd, one"'],
    ])
    const json = documentOf(
      await runHere(['sample', at('table'), ...flags, '--json', '--out', at('all.npy')]),
    )
    expect(json).toMatchObject({ count: 4, class: 'all', classes: ['even', 'odd, one'] })
    await ok(at('table'), '--class', 'odd, one', '--count', '2', '--out', at('odd.npy'))
    expect([...numbers('all.npy').subarray(4)]).toEqual([...numbers('odd.npy')])
  })

  test('shares the default count, begins from given points, and draws points in one plot', async () => {
    expect(await ok(at('table'), '--class', 'all')).toContain(
      ': 5000 points (2500 of each class: even, odd, one)',
    )
    writeFileSync(at('start.csv'), 'x,class\n1,2\n3,4\n5,6\n')
    const begun = await ok(
      at('table'),
      '--class',
      'all',
      '--start',
      at('start.csv'),
      '--out',
      at('begun.npy'),
    )
    expect(begun).toContain('6 points (3 of each class')
    await ok(at('table'), '--class', 'all', '--count', '20', '--out', at('points.svg'))
    expect(readFileSync(at('points.svg'), 'utf8')).not.toContain('<image')
  })
})
