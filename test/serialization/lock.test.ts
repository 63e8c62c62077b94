import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { lockDirectory, trainerOf } from '../../src/serialization/lock.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { self } from '../../src/serialization/owner.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('lock')
let folders = 0
const fresh = () => {
  const directory = join(folder, String(folders++))
  mkdirSync(directory)
  return directory
}
const LOCK = fileURLToPath(new URL('../../dist/serialization/lock.js', import.meta.url))

const small = { ...tiny, steps: 2 }
const lockOf = (directory: string) => join(directory, '.lock')

/** A lock as a process of these traits leaves it. */
function leaveLock(directory: string, traits: object = {}): void {
  const content = { ...self, token: 'of another', since: '2026-01-02T03:04:05.000Z', ...traits }
  writeFileSync(lockOf(directory), JSON.stringify(content))
}

function huge(path: string): void {
  writeFileSync(path, '')
  truncateSync(path, 3 * 2 ** 30)
}

const GONE = { pid: 2 ** 22 + 1 }

test('a directory is given free again, and nothing is left', () => {
  const directory = fresh()
  const lock = lockDirectory(directory)
  expect(readdirSync(directory)).toEqual(['.lock'])
  expect(JSON.parse(readFileSync(lockOf(directory), 'utf8'))).toMatchObject({
    pid: process.pid,
    host: hostname(),
  })
  lock.release()
  expect(readdirSync(directory)).toEqual([])
})

describe('what is taken over', () => {
  test.each([
    ['nothing', ''],
    ['zero', '0'],
    ['a negative number', '-5'],
    ['the number of no process', '99999999'],
    ['a number that is none', '1e999'],
    ['garbage', '\0\0{'],
    ['half a lock', '{"pid":1,"host":"a'],
    ['a list', '[1]'],
  ])('a lock that holds %s', (_, text) => {
    const directory = fresh()
    writeFileSync(lockOf(directory), text)
    utimesSync(lockOf(directory), 1e9, 1e9)
    lockDirectory(directory).release()
    expect(readdirSync(directory)).toEqual([])
  })

  test.each([
    ['a process that is gone', GONE],
    ['an earlier process of the same number', { pid: process.ppid, start: '1' }],
  ])('the lock of %s', (_, traits) => {
    const directory = fresh()
    leaveLock(directory, traits)
    lockDirectory(directory).release()
    expect(existsSync(lockOf(directory))).toBe(false)
  })

  test('the lock of another machine that has been quiet for long', () => {
    const directory = fresh()
    leaveLock(directory, { host: 'elsewhere', boot: 'another' })
    const old = Date.now() / 1000 - 200
    utimesSync(lockOf(directory), old, old)
    lockDirectory(directory).release()
    expect(existsSync(lockOf(directory))).toBe(false)
  })

  test('what killed processes left of their taking over', () => {
    const directory = fresh()
    leaveLock(directory, GONE)
    writeFileSync(join(directory, '.lock-0123456789abcdef'), 'half')
    writeFileSync(join(directory, `.lock-by-${GONE.pid}`), 'half')
    lockDirectory(directory).release()
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('what is refused, with who holds it and what to do', () => {
  const REMEDY = /since 2026-01-02T03:04:05\.000Z; if that process is .*delete .*\.lock$/
  const start = (() => {
    try {
      return readFileSync(`/proc/${process.ppid}/stat`, 'utf8').split(') ')[1].split(' ')[19]
    } catch {
      return undefined
    }
  })()

  test.each([
    ['a living process', { pid: process.ppid, start }, `in use by process ${process.ppid} `],
    ['another machine', { pid: 7, host: 'elsewhere', boot: 'b' }, /process 7 of another .*\(elsewhere\) /],
    ['another container', { ...GONE, namespace: 'pid:[1]' }, /of another machine or container \(/],
  ])('%s', (_, traits, who) => {
    const directory = fresh()
    leaveLock(directory, traits)
    const before = snapshot(directory)
    expect(() => lockDirectory(directory)).toThrow(who)
    expect(() => lockDirectory(directory)).toThrow(REMEDY)
    expect(snapshot(directory)).toEqual(before)
  })

  test('a living process of version 0.1.0, which wrote its number alone', () => {
    const directory = fresh()
    writeFileSync(lockOf(directory), String(process.ppid))
    expect(() => lockDirectory(directory)).toThrow(`${directory}: in use by process ${process.ppid}; if`)
  })
})

describe('what is in the place of a lock and can be none is refused and left', () => {
  test.each([
    ['a link that leads nowhere', (path: string) => symlinkSync('/nonexistent/lock', path), 'a link'],
    ['a link to itself', (path: string) => symlinkSync('.lock', path), 'a link'],
    ['a device without end', (path: string) => symlinkSync('/dev/zero', path), 'a link'],
    ['a pipe', (path: string) => spawnSync('mkfifo', [path]), 'a pipe or a device'],
    ['a directory', (path: string) => mkdirSync(path), 'a directory'],
    ['a file of gigabytes', huge, `a file of ${3 * 2 ** 30} bytes`],
  ])('%s', (_, put, what) => {
    const directory = fresh()
    put(lockOf(directory))
    const refusal = `${lockOf(directory)}: is ${what}, expected the lock of a training; remove it`
    expect(() => lockDirectory(directory)).toThrow(refusal)
    expect(() => trainerOf(directory)).toThrow(refusal)
    expect(readdirSync(directory)).toEqual(['.lock'])
  })

  test('also where it came while a training held the directory', () => {
    const directory = fresh()
    const lock = lockDirectory(directory)
    rmSync(lockOf(directory))
    spawnSync('mkfifo', [lockOf(directory)])
    expect(() => lock.check()).toThrow(/another process has taken over the directory/)
    lock.release()
    expect(readdirSync(directory)).toEqual(['.lock'])
  })
})

test('a directory that cannot be written to is named, not the file that would be a lock', () => {
  const directory = fresh()
  const script = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    fs.writeFileSync = path => { throw Object.assign(new Error('no'), { code: 'EACCES', path }) }
    syncBuiltinESMExports()
    const { lockDirectory } = await import(${JSON.stringify(LOCK)})
    try { lockDirectory(${JSON.stringify(directory)}) } catch ({ path }) { console.log(path) }`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script])
  expect(stdout.toString()).toBe(`${directory}\n`)
})

test('a run without a model that is being trained says so, and by which process', async () => {
  const directory = join(fresh(), 'run')
  await train(small, { directory })
  rmSync(paths(directory).model)
  expect(() => readModel(directory)).toThrow(/no model yet; finish it with --resume$/)
  const lock = lockDirectory(directory)
  expect(() => readModel(directory)).toThrow(
    `${directory}: the run has no model yet; process ${process.pid} is training it, and writes one when it ends`,
  )
  lock.release()
  expect(() => readModel(directory)).toThrow(/no model yet; finish it with --resume$/)
})

test('release removes only its own lock, and work under a lock that is lost ends', () => {
  const directory = fresh()
  const lock = lockDirectory(directory)
  lock.check()
  leaveLock(directory, { token: 'new' })
  expect(() => lock.check()).toThrow(/another process has taken over the directory; this one stops writing/)
  lock.release()
  expect(readFileSync(lockOf(directory), 'utf8')).toContain('"new"')
})

test('two trainings of one folder in one process: one is refused and changes nothing', async () => {
  const directory = join(fresh(), 'run')
  const results = await Promise.allSettled([
    train({ ...small, seed: 1 }, { directory }),
    train({ ...small, seed: 2 }, { directory }),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(String((results[1] as PromiseRejectedResult).reason)).toMatch(
    /in use by another training of this process/,
  )
  expect(readRecord(directory).config.seeds.data).toBe(1)
  const again = train(small, { directory })
  await expect(again).rejects.toThrow(/already holds a run/)
  expect(existsSync(lockOf(directory))).toBe(false)
})

test('the directory is locked before it is looked at, until all is written', async () => {
  const directory = fresh()
  leaveLock(directory, { host: 'elsewhere', boot: 'b' })
  writeFileSync(paths(directory).config, 'half of anoth')
  const before = snapshot(directory)
  for (const resume of [false, true]) {
    await expect(train(small, { directory, resume })).rejects.toThrow(/in use by/)
  }
  expect(snapshot(directory)).toEqual(before)
})

test('a refused training leaves no folder behind', async () => {
  const above = fresh()
  const directory = join(above, 'a', 'b')
  await expect(train({ ...small, data: 'nothing-of-this-name' }, { directory })).rejects.toThrow(/unknown/)
  expect(readdirSync(above)).toEqual([])
})

/** Takes a lock in a process of its own and keeps it for a while. @returns whether it got it */
function contend(directory: string, withoutLinks: boolean): Promise<boolean> {
  const script = `
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    if (${withoutLinks}) {
      fs.linkSync = () => { throw Object.assign(new Error('no links'), { code: 'EPERM' }) }
      syncBuiltinESMExports()
    }
    const { lockDirectory } = await import(${JSON.stringify(LOCK)})
    process.stdout.write('.')
    await new Promise(resolve => process.stdin.once('data', resolve))
    const lock = lockDirectory(${JSON.stringify(directory)})
    setTimeout(() => { lock.release(); process.exit(0) }, 1500)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  ready.push(
    new Promise(resolve => child.stdout!.once('data', () => resolve(() => child.stdin!.write('go')))),
  )
  return new Promise(resolve => child.once('exit', code => resolve(code === 0)))
}
let ready: Promise<() => void>[] = []

test.each(
  some([
    ['', false],
    [' on a disk without links', true],
  ] as const),
)('of several that find one stale lock at once, one gets it%s', async (_, withoutLinks) => {
  const directory = fresh()
  leaveLock(directory, GONE)
  ready = []
  const got = [0, 1, 2, 3].map(() => contend(directory, withoutLinks))
  for (const go of await Promise.all(ready)) go()
  expect((await Promise.all(got)).filter(Boolean)).toHaveLength(1)
  expect(readdirSync(directory)).toEqual([])
})
