import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { load } from '../../src/serialization/load.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('names')
const at = (name: string) => join(folder, name)
const SHORT = ['--objective', 'psd', '--steps', '10', ...TINY]
const NAMES = ['height, cm', 'weight']
const HEADER = '"height, cm",weight'

const rows = Array.from({ length: 100 }, (_, i) => [170 + (i % 13), 60 + ((i * i) % 17)])
const table = (header: string, order: readonly number[]) =>
  `${header}\n${rows.map(row => order.map(i => row[i]).join()).join('\n')}\n`

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(args)
  expect(code, stderr).toBe(0)
  return stdout
}

beforeAll(async () => {
  writeFileSync(at('d.csv'), table(HEADER, [0, 1]))
  writeFileSync(at('turned.csv'), table('weight,"height, cm"', [1, 0]))
  writeFileSync(at('old.csv'), table('x0,x1', [0, 1]))
  writeFileSync(at('bare.csv'), rows.map(row => row.join()).join('\n'))
  writeFileSync(at('others.csv'), table('a,b', [0, 1]))
  await ok('train', '--data', at('d.csv'), '--out', at('run'), ...SHORT)
})

test('names of columns are in the run, in its model in every format, and in its samples', async () => {
  expect(readRecord(at('run')).data.columns).toEqual(NAMES)
  const { model, onnx } = paths(at('run'))
  await ok('export', at('run'), '--format', 'onnx', '--sampler', '--out', at('sampler.onnx'))
  expect(readFileSync(at('sampler.onnx')).toString('latin1')).toContain('"columns":["height, cm","weight"]')
  for (const path of [at('run'), model, onnx]) {
    const map = await load(path)
    await map.close()
    expect(map.columns).toEqual(NAMES)
    const text = await ok('sample', path, '--count', '3', '--out', at('s.csv'), '--json')
    expect(JSON.parse(text).columns).toEqual(NAMES)
    expect(readFileSync(at('s.csv'), 'utf8').split('\n')[0]).toBe(HEADER)
  }
})

test('points to start from are matched by name, or by place where they have none', async () => {
  const from = async (name: string) => {
    const words = ['--start', at(name), '--grid', '0,1', '--method', 'heun', '--out', at('noise.csv')]
    await ok('sample', at('run'), ...words)
    return readFileSync(at('noise.csv'), 'utf8')
  }
  const expected = await from('d.csv')
  for (const name of ['turned.csv', 'old.csv', 'bare.csv']) expect(await from(name)).toBe(expected)
})

test('so are saved samples and other data', async () => {
  const measured = async (...args: string[]) =>
    JSON.parse(await ok('evaluate', ...args, '--count', '50', '--metrics', 'slicedWasserstein', '--json'))
      .rows[0].metrics.slicedWasserstein.value
  const samples = await measured(at('d.csv'), '--data', at('d.csv'))
  expect(await measured(at('turned.csv'), '--data', at('d.csv'))).toBeCloseTo(samples, 5)
  // Other rows are held out of it, since a row is known by its numbers in their order.
  expect(await measured(at('run'), '--data', at('turned.csv'), '--steps', '1')).toBeLessThan(2)
})

test.each([
  [
    'sample',
    at('run'),
    '--start',
    at('others.csv'),
    '--grid',
    '0,1',
    '--method',
    'heun',
    '--out',
    at('n.csv'),
  ],
  ['evaluate', at('others.csv'), '--data', at('d.csv')],
  ['evaluate', at('run'), '--data', at('others.csv')],
])('%s refuses other names in one line that lists both', async (...args) => {
  const { code, stderr } = await runHere(args)
  expect(code).toBe(2)
  expect(stderr).toMatch(/^oxbow: [^\n]+\n$/)
  expect(stderr).toMatch(/its columns are a, b; those of .* are height, cm, weight/)
})

test('a run that learns from another sees its columns in the same order', async () => {
  const words = ['train', '--data', at('turned.csv'), '--out', at('child'), ...SHORT]
  for (const key of ['--teacher', '--init-from']) {
    const objective = key === '--teacher' ? ['--objective', 'lmd'] : []
    const { code, stderr } = await runHere([...words, ...objective, key, at('run')])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /columns in the order height, cm, weight, turned\.csv weight, height, cm; name them/,
    )
  }
})

test('what is odd about the data is on standard error and in the JSON', async () => {
  writeFileSync(at('index.csv'), `,x,y\n${rows.map((row, i) => `${i},${row.join()}`).join('\n')}\n`)
  const { stdout, stderr } = await runHere([
    'train',
    '--data',
    at('index.csv'),
    '--out',
    at('index'),
    '--json',
    ...SHORT,
  ])
  const { warnings } = JSON.parse(stdout)
  expect(warnings[0]).toContain('column "" is left out')
  for (const text of warnings) expect(stderr).toContain(`oxbow: ${text}\n`)
})

test('a configuration that is not UTF-8 is refused by row and byte', async () => {
  writeFileSync(at('c.yaml'), Buffer.from('steps: 3\n# gr\xfc\xdfe\n', 'latin1'))
  const { code, stderr } = await runHere(['train', '--config', at('c.yaml'), '--out', at('none')])
  expect(code).toBe(2)
  expect(stderr).toMatch(/^oxbow: --config .*c\.yaml: row 2, byte 13 \(0xfc\): not UTF-8[^\n]*\n$/)
})
