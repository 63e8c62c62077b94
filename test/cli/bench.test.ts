import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { workloads } from '../../src/cli/bench/workload.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { findNative } from '../../src/runtime/cpu/native.ts'
import { run } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'

const folder = temporaryFolder('bench')
const ONE = ['bench', '--rounds', '1', '--only', 'train-psd-512']

/** A program in the place of Python, whose first step is as it is told, and which ends when it is to be timed. */
function pretender(first = { loss: 1, gradientNorm: 1 }): string {
  const path = join(folder, 'python')
  const answers = { hello: { ok: true, version: '1' }, setup: { ok: true, ...first } }
  writeFileSync(
    path,
    `#!${process.execPath}
const answers = ${JSON.stringify(answers)}
require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
  const { cmd } = JSON.parse(line)
  require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'asked-'))} + cmd, line)
  if (cmd === 'quit' || cmd === 'time') process.exit()
  console.log(JSON.stringify(answers[cmd]))
})
`,
  )
  chmodSync(path, 0o755)
  return path
}

long(
  'our engines are timed at one and two threads, beside the floor where the compiled one is here',
  async () => {
    const { code, stdout, stderr } = await run([...ONE, '--python', 'no-python', '--json'])
    expect(code, stderr).toBe(0)
    const { rows } = JSON.parse(stdout)
    expect(rows.map(({ name, threads }: { name: string; threads: number }) => [name, threads])).toEqual([
      ['train-psd-512', 1],
      ['train-psd-512', 2],
    ])
    const names = findNative() ? ['oxbow', 'onnx'] : ['onnx']
    const ofFloor = findNative() ? ['floorMs', 'floorRatio', 'gigaflops'] : []
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(['name', 'threads', ...ofFloor, ...names])
      expect(row[names[0]]).toMatchObject({ ratio: 1 })
      for (const name of names) expect(row[name].ms).toBeGreaterThan(0)
      for (const key of ofFloor) expect(row[key]).toBeGreaterThan(0)
    }
  },
)

test('what computes something else is not timed', async () => {
  const { code, stdout, stderr } = await run([...ONE, '--python', pretender()])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/train-psd-512: PyTorch does something else: its first loss is 1, ours \d/)
})

long('one that ends while it is timed costs its own row alone', { timeout: 120_000 }, async () => {
  const first = { loss: 1, gradientNorm: 1 }
  // What ours are is said of one that differs.
  for (const key of ['loss', 'gradientNorm'] as const) {
    const { stderr } = await run([...ONE, '--python', pretender(first)])
    first[key] = Number(stderr.match(new RegExp(`first ${key} is 1, ours ([\\d.e-]+)`))![1])
  }
  const { code, stdout, stderr } = await run([...ONE, '--json', '--python', pretender(first)])
  expect(code, stderr).toBe(0)
  expect(stderr).toMatch(/train-psd-512, PyTorch at 1 thread: not measured \(ended before it answered\)/)
  const { rows } = JSON.parse(stdout)
  expect(rows).toHaveLength(2)
  for (const row of rows) {
    expect(row.torch).toBeUndefined()
    expect((row.oxbow ?? row.onnx).ms).toBeGreaterThan(0)
  }
})

long('others are told of text what its data is', { timeout: 240_000 }, async () => {
  const only = ['--rounds', '1', '--only', 'train-text-psd-simplex-128']
  const { code, stderr } = await run(['bench', ...only, '--python', pretender()])
  expect([code, stderr]).toEqual([1, expect.stringContaining('PyTorch does something else')])
  const [length, symbols] = generatedDataset('grammar').shape
  expect(JSON.parse(readFileSync(join(folder, 'asked-setup'), 'utf8'))).toMatchObject({
    ...{ objective: 'psd-simplex', batch: 128, diagonal: 0.5, length, symbols },
    ...{ patch: 1, width: 128, depth: 6, heads: 4, frequencies: 64 },
  })
})

test('rows are of perceptrons, of pictures and of text, a few of them in minutes', () => {
  const names = (quick: boolean, only?: string) => workloads(quick, only).map(({ name }) => name)
  expect(names(false, 'text')).toEqual(['train-text-ce-128', 'train-text-psd-simplex-128'])
  expect(names(true)).toEqual([
    ...['train-psd-512', 'train-lsd-512', 'train-meanflow-512'],
    ...['train-dit-fm-28', 'train-dit-psd-28', 'train-dit-meanflow-28'],
    'train-text-psd-simplex-128',
  ])
})
