import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('oxbow-warnings-')

test('what is odd about the data is said before training, also where training fails', async () => {
  const data = join(folder, 'large.csv')
  writeFileSync(data, '1e30,2\n-3e30,2\n')
  const out = join(folder, 'run')
  const units = ['--standardize', 'none']
  const { code, stderr } = await runHere([
    'train',
    '--data',
    data,
    '--out',
    out,
    '--steps',
    '20',
    ...units,
    ...TINY,
  ])
  const lines = stderr.trim().split('\n')
  expect(lines[0]).toMatch(/^oxbow: .*large\.csv: column 2 is constant \(2\)$/)
  expect(lines[1]).toMatch(/^oxbow: .*large\.csv: no row is held out of 2 rows/)
  expect(code).toBe(1)
  expect(lines.at(-1)).toMatch(/not finite.*a lower learning rate/)
})

test('data of any scale trains when it is standardised', async () => {
  const data = join(folder, 'wide.csv')
  writeFileSync(data, Array.from({ length: 40 }, (_, i) => `${i}e30,${1e6 + (i % 7)}\n`).join(''))
  const out = join(folder, 'wide')
  const { code } = await runHere(['train', '--data', data, '--out', out, '--steps', '20', ...TINY])
  expect(code).toBe(0)
})
