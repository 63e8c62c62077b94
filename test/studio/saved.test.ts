import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { savedModel, savedRuns } from '../../src/studio/server/saved.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

// Whoever runs the tests may be allowed to read everything.
vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>()
  const readdirSync = (path: string, options: object) => {
    if (String(path).endsWith('locked')) throw new Error('EACCES: permission denied')
    return fs.readdirSync(path, options as never)
  }
  return { ...fs, default: fs, readdirSync }
})

const folder = temporaryFolder('saved')
const runs = join(folder, 'runs')
const outside = join(folder, 'outside')

const copy = (name: string): string => {
  const directory = join(runs, name)
  cpSync(outside, directory, { recursive: true })
  return directory
}

beforeAll(async () => {
  mkdirSync(runs)
  await train({ ...tiny, objective: 'psd', steps: 5 }, { directory: outside })
  copy('plain')
})

const problems = (): Record<string, string | null> =>
  Object.fromEntries(savedRuns(runs).map(({ path, problem }) => [path, problem]))

test('a folder that cannot be read hides no other', () => {
  mkdirSync(join(runs, 'locked'))
  expect(problems()).toEqual({ plain: null })
})

test('no link inside a run is followed, and no pipe waited for', async () => {
  const linked = copy('linked')
  rmSync(join(linked, 'config.json'))
  symlinkSync(join(outside, 'config.json'), join(linked, 'config.json'))
  const piped = copy('piped')
  rmSync(join(piped, 'config.json'))
  execFileSync('mkfifo', [join(piped, 'config.json')])
  const model = copy('model')
  rmSync(join(model, 'model.safetensors'))
  symlinkSync(join(outside, 'model.safetensors'), join(model, 'model.safetensors'))
  const checkpoints = copy('checkpoints-elsewhere')
  rmSync(join(checkpoints, 'checkpoints'), { recursive: true })
  symlinkSync(join(outside, 'checkpoints'), join(checkpoints, 'checkpoints'))

  const list = problems()
  expect(list.plain).toBeNull()
  expect(list.linked).toContain('no plain file')
  expect(list.piped).toContain('no plain file')
  expect(list.model).toBe('it has no model yet')
  const steps = (name: string) => savedRuns(runs).find(({ path }) => path === name)!.steps
  expect([steps('plain'), steps('checkpoints-elsewhere')]).toEqual([5, 0])
  expect(savedModel(runs, 'model')).toBeUndefined()
  expect(savedModel(runs, 'plain')).toMatch(/plain.model\.safetensors$/)
})
