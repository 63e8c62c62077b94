import { execFile } from 'node:child_process'
import { existsSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { findNative } from '../../src/runtime/cpu/native.ts'
import { documentOf, runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('doctor')
afterEach(() => vi.unstubAllEnvs())

const plain = () => {
  for (const name of ['ENGINE', 'THREADS', 'DEVICE', 'INSTRUCTIONS', 'CACHE']) vi.stubEnv(`OXBOW_${name}`, '')
}

/** The table's lines by their names. */
const rows = (stdout: string): Record<string, string> =>
  Object.fromEntries(
    stdout
      .trimEnd()
      .split('\n')
      .map(line => [line.slice(0, 17).trim(), line.slice(17)]),
  )

describe('doctor', () => {
  test('says what is used where nothing is asked for, in a table and as a document', async () => {
    plain()
    const { code, stdout, stderr } = await runHere(['doctor'])
    expect([code, stderr]).toEqual([0, ''])
    expect(rows(stdout)).toMatchObject({
      Node: `${process.versions.node}, ${process.platform} ${process.arch}`,
      engine: findNative()
        ? 'the compiled engine (the default; OXBOW_ENGINE=onnx chooses ONNX Runtime)'
        : expect.stringMatching(/^ONNX Runtime \d+\.\d+\.\d+ \(the compiled engine is not here\)$/),
      threads: '2 (the default; OXBOW_THREADS sets another)',
      device: expect.stringMatching(/^cpu \(the default/),
      providers: 'cpu',
      'devices here': expect.stringMatching(/^cpu\b/),
      memory: expect.stringMatching(/^[\d.]+ GB, [\d.]+ GB free; Node's heap at most [\d.]+ GB$/),
    })
    const document = documentOf(await runHere(['doctor', '--json'])) as Record<string, never>
    expect(document).toMatchObject({
      oxbow: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      node: process.versions.node,
      engine: { name: findNative() ? 'compiled' : 'onnxruntime' },
      compiledEngine: { instructions: findNative()?.instructions() ?? null, problem: null },
      threads: { count: 2 },
      device: { name: 'cpu', providers: ['cpu'] },
      problems: [],
    })
    const { totalBytes, freeBytes } = document.memory
    expect(totalBytes).toBeGreaterThan(freeBytes)
  })

  test('says what was asked for by the environment', async () => {
    plain()
    vi.stubEnv('OXBOW_CACHE', join(folder, 'none'))
    vi.stubEnv('OXBOW_THREADS', '3')
    vi.stubEnv('OXBOW_ENGINE', 'fast')
    expect(rows((await runHere(['doctor'])).stdout)).toMatchObject({
      engine: expect.stringContaining('OXBOW_ENGINE is "fast", expected native, onnx or wasm'),
      threads: '3 (OXBOW_THREADS)',
      'cache folder': `${join(folder, 'none')} (not there yet)`,
    })
    expect(existsSync(join(folder, 'none'))).toBe(false)
    vi.stubEnv('OXBOW_THREADS', 'many')
    vi.stubEnv('OXBOW_CACHE', folder)
    expect(rows((await runHere(['doctor'])).stdout)).toMatchObject({
      threads: '2 (OXBOW_THREADS is "many", which is no whole number above 0)',
      'cache folder': folder,
    })
  })

  test.skipIf(!findNative())('says which engine is used where one is asked for', async () => {
    plain()
    vi.stubEnv('OXBOW_ENGINE', 'native')
    const { code, stdout } = await runHere(['doctor'])
    expect(code).toBe(0)
    expect(rows(stdout)).toMatchObject({
      engine: 'the compiled engine (OXBOW_ENGINE is native)',
      'compiled engine': `built, runs on ${findNative()!.instructions()}`,
    })
    vi.stubEnv('OXBOW_ENGINE', 'onnx')
    expect(rows((await runHere(['doctor'])).stdout)).toMatchObject({
      engine: expect.stringMatching(/^ONNX Runtime .* \(OXBOW_ENGINE is onnx\)$/),
    })
  })

  test('says that a device is none or not here, and ends with 1', async () => {
    plain()
    vi.stubEnv('OXBOW_DEVICE', 'abacus')
    const { code, stdout, stderr } = await runHere(['doctor'])
    expect([code, stderr]).toEqual([1, ''])
    expect(rows(stdout)).toMatchObject({
      device: 'abacus (OXBOW_DEVICE)',
      providers: 'none, see below',
      problem: expect.stringMatching(/^device: expected one of cpu, .*, found abacus$/),
    })
    const missing = process.platform === 'darwin' ? 'directml' : 'coreml'
    const asked = await runHere(['doctor', '--device', missing, '--json'])
    expect(asked.code).toBe(1)
    expect(JSON.parse(asked.stdout)).toMatchObject({
      device: { name: missing, providers: [], why: '--device' },
      problems: [expect.stringContaining(`${missing} is not in this installation`)],
    })
  })

  test('says that the compiled engine is not built, and ends with 1 where it is asked for', async () => {
    plain()
    // The built command, as it is beside no native/.
    for (const name of ['dist', 'node_modules', 'package.json'])
      symlinkSync(resolve(name), join(folder, name))
    const links = ['--preserve-symlinks', '--preserve-symlinks-main']
    const doctor = (engine: string) =>
      promisify(execFile)(process.execPath, [...links, join(folder, 'dist/cli/main.js'), 'doctor'], {
        env: { ...process.env, OXBOW_ENGINE: engine },
      })
    expect(rows((await doctor('')).stdout)).toMatchObject({
      'compiled engine': 'not built here; npm run build:native builds it',
    })
    const asked = await doctor('native').catch(error => error)
    expect(asked.code).toBe(1)
    expect(rows(asked.stdout)).toMatchObject({
      engine: 'none, see below',
      problem: 'OXBOW_ENGINE: native is not built here; npm run build:native builds it',
    })
  })
})
