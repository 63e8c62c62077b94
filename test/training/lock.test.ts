import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDirectory } from '../../src/training/lock.ts'
import { train } from '../../src/training/train.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oxbow-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const small = { objective: 'psd', steps: 2, batch: 8, network: { hidden: 4 } }

test('a directory is given free again', () => {
  const release = lockDirectory(folder)
  expect(existsSync(join(folder, '.lock'))).toBe(true)
  release()
  expect(existsSync(join(folder, '.lock'))).toBe(false)
})

test('a directory in use by a living process is refused', async () => {
  const directory = join(folder, 'run')
  await train(small, { directory })
  // The parent of this process lives.
  writeFileSync(join(directory, '.lock'), String(process.ppid))
  const again = train({ steps: 4 }, { directory, resume: true })
  await expect(again).rejects.toThrow(`${directory}: in use by process ${process.ppid}`)
})

test('what a killed process left is taken over', async () => {
  const directory = join(folder, 'run')
  await train(small, { directory })
  // Larger than any process number.
  writeFileSync(join(directory, '.lock'), '99999999')
  expect((await train({ steps: 4 }, { directory, resume: true })).steps).toBe(4)
  expect(existsSync(join(directory, '.lock'))).toBe(false)
})
