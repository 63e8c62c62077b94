import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { newestIntact } from '../../src/serialization/checkpoint.ts'
import { isRun, readRecord } from '../../src/serialization/run.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint } from '../helpers/training.ts'
import { canRecord, record } from './record.ts'
import { nameOf, statesOf } from './states.ts'

const folder = temporaryFolder('faults-files')
const run = join(folder, 'run')
const STEPS = ['--steps', '30', '--checkpointEvery', '5', '--logEvery', '5', '--chunk', '5']
beforeAll(async () => {
  expect((await runHere(['train', ...TINY, ...STEPS, '--out', run])).code).toBe(0)
}, 120_000)

test.skipIf(!canRecord())('an exported file is the old one or the new one at every moment', async () => {
  const out = join(folder, 'out')
  const file = join(out, 'model.safetensors')
  const args = ['export', run, '--format', 'safetensors', '--out', file]
  const changes = await record(args, out, join(folder, 'log'))
  const whole = readFileSync(file)
  let [count, complete] = [0, 0]
  for (const state of statesOf(changes, out)) {
    count++
    const found = state.tree.get('model.safetensors')
    if (found) complete++
    if (found) expect(found.equals(whole), nameOf(state)).toBe(true)
    const config = state.tree.get('config.json')
    if (config) expect(config.equals(readFileSync(join(out, 'config.json'))), nameOf(state)).toBe(true)
    // The command has said that the file is there.
    if (state.after === changes.length) expect(found, nameOf(state)).toBeDefined()
  }
  expect(count).toBeGreaterThan(20)
  expect(complete).toBeGreaterThan(0)
})

/** A small disk of its own; nothing where none can be mounted. */
function smallDisk(
  name: string,
  limits: string,
): { at: string; grow(limits: string): void; free(): void } | undefined {
  const at = join(folder, name)
  mkdirSync(at)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', limits, 'tmpfs', at], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return {
    at,
    grow: limits => execFileSync('mount', ['-o', `remount,${limits}`, at]),
    free: () => execFileSync('umount', [at]),
  }
}

test('a disk that is only read refuses a training in one line, and its runs can be opened and sampled', async ({
  skip,
}) => {
  const disk = smallDisk('read-only', 'size=8m')
  if (!disk) return skip('cannot mount here')
  try {
    cpSync(run, join(disk.at, 'run'), { recursive: true })
    disk.grow('ro')
    const own = join(disk.at, 'run')
    const before = snapshot(disk.at)
    const commands = [
      ['train', ...TINY, ...STEPS, '--out', join(disk.at, 'other')],
      ['train', '--resume', '--steps', '60', '--out', own],
      ['compare', '--objectives', 'psd', '--steps', '1', '--out', join(disk.at, 'compare')],
      ['export', own, '--format', 'safetensors', '--out', join(disk.at, 'model.safetensors')],
    ]
    for (const args of commands) {
      const { code, stderr } = await runHere(args)
      expect([code, stderr], args[0]).toEqual([
        2,
        expect.stringMatching(/^oxbow: [^\n]*the file system is read-only[^\n]*\n$/),
      ])
    }
    const sampled = await runHere(['sample', own, '--count', '10', '--out', join(folder, 'points.csv')])
    expect(sampled.code, sampled.stderr).toBe(0)
    expect(snapshot(disk.at)).toEqual(before)
  } finally {
    disk.free()
  }
})

describe('a disk without room', () => {
  test.for([
    ['for bytes', 'size=64k', 'size=8m'],
    ['for files', 'size=8m,nr_inodes=9', 'size=8m,nr_inodes=1000'],
  ])(
    '%s ends a training with one line, and it goes on when there is room',
    async ([name, small, large], { skip }) => {
      const disk = smallDisk(name.replace(' ', '-'), small)
      if (!disk) return skip('cannot mount here')
      try {
        const own = join(disk.at, 'run')
        const { code, stderr } = await runHere(['train', ...TINY, ...STEPS, '--out', own])
        expect(code, stderr).toBe(1)
        expect(stderr).toMatch(/oxbow: .*(no space left|disk is full|ENOSPC)/i)
        if (isRun(own)) {
          readRecord(own)
          expect(newestIntact(own).damaged).toEqual([])
        }
        disk.grow(large)
        const again = await runHere([
          'train',
          ...(isRun(own) ? ['--resume'] : [...TINY, ...STEPS]),
          '--out',
          own,
        ])
        expect(again.code, again.stderr).toBe(0)
        expect(newestCheckpoint(own)).toEqual(newestCheckpoint(run))
        expect(readdirSync(own).filter(each => each.startsWith('.'))).toEqual([])
      } finally {
        disk.free()
      }
    },
  )
})
