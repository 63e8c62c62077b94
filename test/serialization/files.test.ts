import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeFileAtomic } from '../../src/serialization/files.ts'
import { makeFolder, removeEmptyFolders } from '../../src/serialization/folders.ts'
import { ownMark } from '../../src/serialization/owner.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('files')
const fresh = () => mkdtempSync(join(folder, 'case-'))
const write = (path: string, content = 'new') => writeFileAtomic(dirname(path), path, content)
const modeOf = (path: string) => statSync(path).mode & 0o777
const text = (path: string) => readFileSync(path, 'utf8')
const canMakePipes = (() => {
  try {
    execFileSync('mkfifo', [join(folder, 'probe')])
    return true
  } catch {
    return false
  }
})()

describe('a link', () => {
  test('is followed, also to another folder, and stays', () => {
    const at = fresh()
    mkdirSync(join(at, 'far'))
    writeFileSync(join(at, 'far', 'file'), 'old')
    symlinkSync('far/file', join(at, 'one'))
    symlinkSync('one', join(at, 'two'))
    write(join(at, 'two'))
    expect(text(join(at, 'far', 'file'))).toBe('new')
    expect(['one', 'two'].map(name => lstatSync(join(at, name)).isSymbolicLink())).toEqual([true, true])
    expect(readdirSync(at).sort()).toEqual(['far', 'one', 'two'])
  })

  test('that leads nowhere yet is followed too', () => {
    const at = fresh()
    symlinkSync('later', join(at, 'link'))
    write(join(at, 'link'))
    expect(text(join(at, 'later'))).toBe('new')
  })

  test('into a folder that is not there is refused, and no folder is made', () => {
    const at = fresh()
    symlinkSync('nowhere/file', join(at, 'link'))
    expect(() => write(join(at, 'link'))).toThrow(
      `${join(at, 'link')}: is a link to nowhere/file, and there is no folder ${join(at, 'nowhere')}`,
    )
    expect(readdirSync(at)).toEqual(['link'])
  })

  test('to itself is refused', () => {
    const at = fresh()
    symlinkSync('link', join(at, 'link'))
    expect(() => write(join(at, 'link'))).toThrow(`${join(at, 'link')}: is a link to itself`)
  })
})

test('a file keeps its mode, a new one has that of the process', () => {
  const at = fresh()
  writeFileSync(join(at, 'old'), '')
  chmodSync(join(at, 'old'), 0o640)
  write(join(at, 'old'))
  expect(modeOf(join(at, 'old'))).toBe(0o640)
  const before = process.umask(0o027)
  try {
    write(join(at, 'new'))
  } finally {
    process.umask(before)
  }
  expect(modeOf(join(at, 'new'))).toBe(0o640)
})

describe('a pipe or a device', () => {
  test.skipIf(!canMakePipes)('is written into and stays', async () => {
    const pipe = join(fresh(), 'pipe')
    execFileSync('mkfifo', [pipe])
    const reader = spawn('cat', [pipe])
    let length = 0
    reader.stdout.on('data', (bytes: Buffer) => {
      length += bytes.length
    })
    const closed = new Promise(resolve => reader.once('close', resolve))
    // More than a pipe holds.
    write(pipe, 'x'.repeat(300_000))
    await closed
    expect(length).toBe(300_000)
    expect(lstatSync(pipe).isFIFO()).toBe(true)
  })

  test.skipIf(!existsSync('/dev/full'))('that takes nothing is told by its name', () => {
    write('/dev/null')
    expect(() => write('/dev/full')).toThrow(expect.objectContaining({ code: 'ENOSPC', path: '/dev/full' }))
    expect(['/dev/null', '/dev/full'].map(path => lstatSync(path).isCharacterDevice())).toEqual([true, true])
  })
})

test('what killed processes left unfinished is removed, and nothing of living ones', () => {
  const at = fresh()
  const pending = join(at, '.pending')
  mkdirSync(pending)
  const old = new Date(Date.now() - 3_600_000)
  const leave = (name: string, time = new Date()) => {
    writeFileSync(join(pending, name), 'half')
    utimesSync(join(pending, name), time, time)
  }
  const mark = ownMark()
  const elsewhere = mark.replace(/-[0-9a-f]+-[0-9a-f]+$/, '-0-0')
  leave(mark)
  leave(mark.replace(/^\d+/, '4194305'))
  leave('model.onnx.4194305')
  leave(elsewhere)
  leave(elsewhere.replace(/0$/, '1'), old)
  leave('file.cut')
  write(join(at, 'file'))
  expect(readdirSync(pending).sort()).toEqual([mark, elsewhere].sort())
})

test('folders are made one after another and removed again as far as they are empty', () => {
  const at = fresh()
  const made = makeFolder(join(at, 'a', 'b', 'c'))
  expect(made).toEqual(['a', 'a/b', 'a/b/c'].map(name => join(at, name)))
  expect(makeFolder(join(at, 'a', 'b'))).toEqual([])
  writeFileSync(join(at, 'a', 'file'), '')
  removeEmptyFolders(made)
  expect(readdirSync(at)).toEqual(['a'])
  expect(() => makeFolder(join(at, 'a', 'file', 'x'))).toThrow(/ENOTDIR|EEXIST/)
})
