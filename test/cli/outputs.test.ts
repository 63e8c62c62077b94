import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { train } from '../../src/index.ts'
import { COMMAND, type Outcome, runHere } from '../helpers/cli.ts'
import { filesIn, snapshot, temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('outputs')
const run = join(folder, 'run')
const MEASURED = ['--steps', '1', '--count', '100', '--metrics', 'slicedWasserstein']
beforeAll(() => train({ ...tiny, steps: 2 }, { directory: run }))

/** Runs `oxbow` in a shell, whose redirections it sees. */
function inShell(line: string): Outcome {
  const words = `"${process.execPath}" "${COMMAND}" ${line}`
  const { status, stdout, stderr } = spawnSync('bash', ['-c', words], { encoding: 'utf8', cwd: folder })
  return { code: status, stdout, stderr }
}

describe.skipIf(!existsSync('/dev/full'))('standard output that cannot be written', () => {
  test.each([
    ['objectives --json', 1],
    ['--help', 1],
    ['sample run --count 3 --out full.csv', 1],
    // Its own failure is told, and no second one.
    ['sample nowhere --json', 2],
  ])('%s: one line and exit code %i', (line, code) => {
    const outcome = inShell(`${line} >/dev/full`)
    expect(outcome.code).toBe(code)
    expect(outcome.stderr).toMatch(
      code === 1 ? /^oxbow: standard output: no space.*\n$/ : /^oxbow: nowhere.*\n$/,
    )
    if (line.startsWith('sample run')) expect(existsSync(join(folder, 'full.csv'))).toBe(true)
  })

  test('a reader that has seen enough is no failure, and neither is a full standard error', () => {
    expect(inShell('objectives --json | head -c 1; exit $PIPESTATUS')).toMatchObject({
      code: 0,
      stderr: '',
    })
    expect(inShell('sample nowhere 2>/dev/full').code).toBe(2)
  })
})

test('what is written to standard output is not mixed with words about it', () => {
  const { stdout, stderr } = inShell('export run --out /dev/stdout > got.onnx')
  expect(stdout).toBe('')
  expect(stderr).toMatch(/^\/dev\/stdout: onnx, \d+ bytes\n$/)
  expect(readFileSync(join(folder, 'got.onnx')).equals(readFileSync(join(run, 'model.onnx')))).toBe(true)
})

long('samples and reports are written into standard output and devices, whose names have no ending', () => {
  const samples = inShell('sample run --count 2 --out /dev/stdout > got.csv')
  expect(samples).toMatchObject({ code: 0, stdout: '', stderr: '/dev/stdout: 2 points, 1 jump step\n' })
  expect(readFileSync(join(folder, 'got.csv'), 'utf8')).toMatch(
    /^x0,x1\n[-\d.e]+,[-\d.e]+\n[-\d.e]+,[-\d.e]+\n$/,
  )
  expect(inShell('sample run --count 2 --out /dev/null').code).toBe(0)
  cpSync(run, join(folder, 'measured'), { recursive: true })
  inShell(`evaluate measured ${MEASURED.join(' ')}`)
  expect(inShell('report measured --out /dev/stdout').stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i)
  expect(inShell('sample run --out points').stderr).toMatch(/--out points: expected a name ending in \.csv/)
})

test('a run that is resumed where nothing is left to do says so, and no pace', () => {
  const { stdout } = inShell('train --resume --out run')
  expect(stdout).toMatch(/^run: step 2, loss [\d.]+, no further step trained\n/)
})

/** Makes a folder that cannot be written: by a mount as root, for whom modes do not count. */
function readOnlyCopy(): { at: string; free: () => void } | undefined {
  const at = join(folder, 'read-only')
  mkdirSync(at)
  if (process.getuid?.() !== 0) {
    cpSync(run, join(at, 'run'), { recursive: true })
    const all = [...filesIn(at), 'run', 'run/checkpoints', '.']
    for (const name of all) chmodSync(join(at, name), name.includes('.') && name !== '.' ? 0o444 : 0o555)
    const free = () => {
      for (const name of all) chmodSync(join(at, name), 0o755)
    }
    return { at, free }
  }
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', at], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  cpSync(run, join(at, 'run'), { recursive: true })
  execFileSync('mount', ['-o', 'remount,ro', at])
  return { at, free: () => execFileSync('umount', [at]) }
}

describe('a run that may only be read', () => {
  let copy: ReturnType<typeof readOnlyCopy>
  let own: string
  const CANNOT = /(read-only|permission denied)/
  beforeAll(async () => {
    await runHere(['evaluate', run, ...MEASURED, '--no-report'])
    copy = readOnlyCopy()
    own = join(copy?.at ?? '', 'run')
  })
  afterAll(() => copy?.free())
  const skipUnmounted = (skip: (note: string) => never) => copy ?? skip('cannot mount here')

  test('is measured, with a word that nothing is saved', async ({ skip }) => {
    skipUnmounted(skip)
    const { code, stdout, stderr } = await runHere(['evaluate', own, ...MEASURED, '--json'])
    const { rows, warnings } = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(rows[0].metrics.slicedWasserstein.value).toBeGreaterThan(0)
    expect(warnings.at(-1)).toMatch(CANNOT)
    expect(stderr).toMatch(/oxbow: evaluated, but not everything could be saved: .*evaluation\.json: /)
    const text = await runHere(['evaluate', own, ...MEASURED])
    expect(text).toMatchObject({ code: 0, stdout: expect.stringMatching(/[\d.]+/) })
  })

  test('is sampled, exported and reported into another folder', async ({ skip }) => {
    skipUnmounted(skip)
    for (const [command, name] of [
      ['sample', 'a.csv'],
      ['export', 'a.onnx'],
      ['report', 'a.html'],
    ]) {
      expect(await runHere([command, own, '--out', join(folder, name)])).toMatchObject({ code: 0 })
      const inside = await runHere([command, own])
      // `export` writes the file that is there already.
      expect(inside).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/; name another file with --out\n$/),
      })
      expect(inside.stderr).toMatch(CANNOT)
    }
  })

  test('nothing can be made in it, and the reason is told', async ({ skip }) => {
    skipUnmounted(skip)
    const before = snapshot(copy!.at)
    for (const words of [
      ['train', '--steps', '1', '--out', join(copy!.at, 'a/b')],
      ['train', '--resume', '--steps', '9', '--out', own],
      ['sample', run, '--out', join(copy!.at, 'x/y.csv')],
      ['compare', '--objectives', 'lsd', '--out', join(copy!.at, 'c')],
    ]) {
      expect(await runHere(words)).toMatchObject({ code: 2, stderr: expect.stringMatching(CANNOT) })
    }
    expect(snapshot(copy!.at)).toEqual(before)
  })
})
