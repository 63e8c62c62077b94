import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { encodeNpz } from '../../src/data/npy.ts'
import { paths } from '../../src/serialization/run.ts'
import { encodeIdx, encodePicture } from '../data/files.ts'
import { run, runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'

const folder = temporaryFolder('own-data')
const at = (name: string) => join(folder, name)
const SHORT = ['--steps', '10', ...TINY]

beforeAll(async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${1000 + i * i},${i % 2 ? 'odd' : 'even'}`)
  writeFileSync(at('table.csv'), `x,y,kind\n${rows.join('\n')}\n`)
  const pixels = Uint8Array.from({ length: 60 * 16 }, (_, i) => (i * 37) % 256)
  writeFileSync(at('train-images-idx3-ubyte.gz'), gzipSync(encodeIdx([60, 4, 4], pixels)))
  for (const name of ['a', 'b', 'c']) {
    mkdirSync(at(`photos/${name}`), { recursive: true })
    const picture = Uint8Array.from({ length: 6 * 9 * 3 }, (_, i) => (i * name.charCodeAt(0)) % 256)
    writeFileSync(at(`photos/${name}/1.png`), await encodePicture([6, 9, 3], picture))
  }
  writeFileSync(
    at('start.npz'),
    encodeNpz({ x: { shape: [3, 2], data: Float32Array.of(1, 1000, 2, 1100, 3, 1200) } }),
  )
})

test.each<[string, string[], number]>([
  ['table', ['--data.csv.path', at('table.csv'), '--data.csv.label', 'kind'], 2],
  ['path with keys', ['--data', at('table.csv'), '--data.csv.label', 'kind'], 2],
  ['columns', ['--data', `{csv: {path: ${at('table.csv')}, columns: [y]}}`], 1],
  ['pictures', ['--data', at('train-images-idx3-ubyte.gz')], 16],
  [
    'folder',
    ['--data.images.path', at('photos'), '--data.images.size', '[2, 3]', '--data.images.color', 'grey'],
    6,
  ],
])('trains on a %s, continues and samples', async (name, data, dimension) => {
  const out = at(name)
  const first = await runHere(['train', ...data, '--out', out, ...SHORT])
  expect(first).toMatchObject({ code: 0 })
  const record = JSON.parse(readFileSync(paths(out).config, 'utf8'))
  expect(record.data).toMatchObject({ dimension, standardization: { scale: { length: dimension } } })
  expect(await runHere(['train', '--resume', '--out', out, '--steps', '12'])).toMatchObject({ code: 0 })
  const sampled = await runHere(['sample', out, '--count', '4', '--out', at(`${name}.npy`)])
  expect(sampled).toMatchObject({ code: 0 })
})

test('samples from the points of any file', async () => {
  await runHere([
    'train',
    '--data.csv.path',
    at('table.csv'),
    '--data.csv.label',
    'kind',
    '--out',
    at('for-start'),
    ...SHORT,
  ])
  const words = ['--start', at('start.npz'), '--grid', '0,1', '--method', 'heun', '--out', at('noise.csv')]
  expect(await runHere(['sample', at('for-start'), ...words])).toMatchObject({ code: 0 })
  expect(readFileSync(at('noise.csv'), 'utf8').trim().split('\n')).toHaveLength(4)
})

test.each<[string[], RegExp]>([
  [
    ['--data', at('table.csv')],
    /table\.csv: row 2, column 3 \("kind"\): expected a number, found "even" \(and 59 more.*choose other columns/,
  ],
  [['--data.csv.path', at('table.csv'), '--data.csv.label', 'kid'], /no column "kid", did you mean "kind"\?/],
  [
    ['--data.csv.path', at('table.csv'), '--data.csv.lable', 'kind'],
    /csv: unknown key "lable"; did you mean label\?/,
  ],
  [
    ['--data', at('table.csv'), '--data.npz.array', 'x'],
    /data\.npz: .*table\.csv is read as csv; expected keys of data\.csv/,
  ],
  [['--data', 'ring', '--data.csv.label', 'x'], /data\.csv: belongs to a file, "ring" is a built-in/],
  [['--data', at('gone.csv'), '--data.csv.label', 'x'], /gone\.csv: no such file/],
  [
    ['--data.csv.path', at('table.csv'), '--data.csv.columns', 'x'],
    /csv\.columns: expected a list; found "x"/,
  ],
  [['--data.images.path', at('photos'), '--data.images.size', '0'], /images\.size: expected /],
  [['--data', at('photo')], /photo: no such file/],
  [['--data', '{csv: {path'], /--data: expected a name, a path or a block/],
  [['--data', at('photos'), '--data.image.size', '4'], /; found .*; did you mean images\?\n$/],
  [
    ['--data', '{excel: {}}'],
    /expected a name or a block with one key of mixture, gaussian, glyphs, energy, markov, csv/,
  ],
])('refuses %j in one line and writes nothing', async (data, message) => {
  const { code, stderr } = await runHere(['train', ...data, '--out', at('none'), ...SHORT])
  expect(code).toBe(2)
  expect(stderr).toMatch(message)
  expect(stderr).toMatch(/^oxbow: [^\n]+\n$/)
  expect(existsSync(at('none'))).toBe(false)
})

long('a path and keys of its format are one block wherever data is taken', async () => {
  const data = ['--data', at('table.csv'), '--data.csv.label', 'kind']
  const directory = at('one-block')
  const ok = async (...args: string[]) => {
    const { code, stderr } = await runHere(args)
    expect(code, stderr).toBe(0)
  }
  await ok('train', ...data, '--out', directory, ...SHORT)
  const recorded = JSON.parse(readFileSync(paths(directory).config, 'utf8')).config.data
  expect(recorded).toEqual({ csv: { path: at('table.csv'), label: 'kind' } })
  await ok('evaluate', directory, ...data, '--count', '50', '--steps', '1')
  // Also before the run, and with an equals sign.
  await ok(
    'evaluate',
    '--data',
    at('table.csv'),
    '--data.csv.label=kind',
    directory,
    '--count',
    '50',
    '--steps',
    '1',
  )
  await ok('import', paths(directory).model, '--convention', 'oxbow', ...data, '--out', at('one-block-again'))
  const small = ['--training.steps', '5', '--training.batch', '16', '--training.network.hidden', '8']
  // Its trainings are processes of their own, of the built command.
  const compare = ['compare', ...data, '--objectives', 'psd', '--steps', '1', '--count', '100', '--jobs', '1']
  const compared = await run([...compare, ...small, '--out', at('compared')])
  expect(compared.code, compared.stderr).toBe(0)
  const wrong = await runHere(['evaluate', directory, '--data', at('table.csv'), '--data.npz.array', 'x'])
  expect(wrong.stderr).toMatch(/^oxbow: data\.npz: .* is read as csv; expected keys of data\.csv\n$/)
  const unknown = await runHere(['evaluate', directory, '--dat.csv.label', 'x'])
  expect(unknown).toMatchObject({ code: 2, stderr: "oxbow: unknown option '--dat.csv.label'\n" })
})
