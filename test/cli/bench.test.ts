import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findNative } from '../../src/runtime/cpu/native.ts'
import { run } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'

const folder = temporaryFolder('bench')
const ONE = ['bench', '--rounds', '1', '--only', 'train-psd-512']

/** A program in the place of Python, whose first step has a loss and a gradient of the size of 1. */
function pretender(): string {
  const path = join(folder, 'python')
  const answers = { hello: { ok: true, version: '1' }, setup: { ok: true, loss: 1, gradientNorm: 1 } }
  writeFileSync(
    path,
    `#!${process.execPath}
const answers = ${JSON.stringify(answers)}
require('node:readline').createInterface({ input: process.stdin }).on('line', line => {
  const { cmd } = JSON.parse(line)
  if (cmd === 'quit') process.exit()
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
