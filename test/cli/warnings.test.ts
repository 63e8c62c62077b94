import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('oxbow-warnings-')

test('what is odd about the data is said before training, also where training fails', async () => {
  const data = join(folder, 'large.csv')
  writeFileSync(data, '1e30,2e30\n-3e30,1e30\n')
  const out = join(folder, 'run')
  const { code, stderr } = await runHere(['train', '--data', data, '--out', out, '--steps', '20', ...TINY])
  const lines = stderr.trim().split('\n')
  expect(lines[0]).toMatch(/^oxbow: .*large\.csv: values lie between -3e\+30 and 2e\+30; rescale them/)
  expect(code).toBe(1)
  expect(lines.at(-1)).toMatch(/not finite.*or rescaled data/)
})
