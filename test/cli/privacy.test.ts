import { execFile, fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Report } from '../../src/studio/engine/protocol.ts'
import { freshPlan } from '../../src/studio/plan.ts'
import { COMMAND } from '../helpers/cli.ts'
import { filesIn, temporaryFolder } from '../helpers/folder.ts'
import { long } from '../helpers/long.ts'

const folder = temporaryFolder('privacy')
let home = ''
let number = 0
beforeEach(() => {
  home = join(folder, `home-${number++}`)
  mkdirSync(home)
})

const TINY = ['--network.hidden', '8', '--batch', '16']

/** Nothing that would turn telemetry off, as CI services do, or lead it elsewhere than home. */
const environment = () => ({ PATH: process.env.PATH, HOME: home })

const runNode = (...args: string[]) =>
  promisify(execFile)(process.execPath, args, { cwd: folder, env: environment() })

const program = (name: string, text: string): string => {
  const file = join(folder, name)
  const oxbow = JSON.stringify(pathToFileURL(resolve('dist/index.js')))
  writeFileSync(file, text.replace("'oxbow'", oxbow))
  return file
}

const TRAIN = `
import { train } from 'oxbow'
const small = { data: 'ring', objective: 'psd', steps: 4, batch: 16, network: { hidden: 8 } }
await train(small, { directory: 'from-' + import.meta.url.split('/').at(-1) })
`

describe('nothing is written to the home folder', () => {
  long('by the commands, and their child processes', async () => {
    const oxbow = (...args: string[]) => runNode(COMMAND, ...args)
    await oxbow('train', '--data', 'ring', '--objective', 'psd', '--steps', '10', ...TINY, '--out', 'run')
    await oxbow('sample', 'run', '--count', '5', '--out', 'samples.csv')
    await oxbow('evaluate', 'run', '--steps', '1', '--count', '200', '--metrics', 'energyDistance')
    const small = [
      '--training.network.hidden',
      '8',
      '--training.steps',
      '4',
      '--training.batch',
      '16',
      '--count',
      '200',
      '--jobs',
      '2',
      '--steps',
      '1',
    ]
    await oxbow('compare', '--data', 'ring', '--objectives', 'psd,lsd', ...small, '--out', 'compared')
    expect(filesIn(home)).toEqual([])
  })

  long('by the benchmark', async () => {
    await runNode(COMMAND, 'bench', '--only', 'train-psd-512', '--rounds', '1', '--python', 'no-python')
    expect(filesIn(home)).toEqual([])
  })

  test('by a process that trains for the studio', async () => {
    const child = fork(resolve('dist/studio/server/child.js'), {
      env: environment(),
      serialization: 'advanced',
    })
    const trained = new Promise<void>(resolve =>
      child.on('message', (report: Report) => {
        if (report.type === 'progress' && report.plan.stages[0].steps === 20) resolve()
      }),
    )
    const plan = { ...freshPlan, hidden: 16, layers: 1, batch: 32 }
    child.send({ type: 'open', run: 'a', plan })
    child.send({ type: 'step', run: 'a', steps: 20 })
    await trained
    child.kill()
    expect(filesIn(home)).toEqual([])
  })

  test('by a program that imports the package', async () => {
    await runNode(program('program.mjs', TRAIN))
    expect(filesIn(home)).toEqual([])
  })

  // Its worker has an environment of its own, which the native library does not read.
  test('by a worker of a program whose main thread does not import the package', async () => {
    program('worker.mjs', TRAIN)
    const main = program(
      'main.mjs',
      `import { Worker } from 'node:worker_threads'
      new Worker(new URL('worker.mjs', import.meta.url), { env: { HOME: process.env.HOME, ORT_DISABLE_TELEMETRY: '1' } })`,
    )
    await runNode(main)
    expect(filesIn(home)).toEqual([])
  })

  // The worker waits for the main thread's answer then, and for nothing else.
  test('by a worker of a program whose main thread is busy, and the worker ends well', async () => {
    program(
      'waiting.mjs',
      `import { parentPort } from 'node:worker_threads'
      import { load, train } from 'oxbow'
      parentPort.postMessage('ready')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      const small = { data: 'ring', objective: 'psd', steps: 1, batch: 16, network: { hidden: 8 } }
      await train(small, { directory: 'from-waiting' })
      await (await load('from-waiting')).close()`,
    )
    const main = program(
      'busy.mjs',
      `import { spawnSync } from 'node:child_process'
      import { Worker } from 'node:worker_threads'
      const worker = new Worker(new URL('waiting.mjs', import.meta.url))
      worker.once('message', () => spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 1000)']))
      worker.on('exit', code => console.log('exit', code))`,
    )
    expect((await runNode(main)).stdout).toBe('exit 0\n')
    expect(filesIn(home)).toEqual([])
  })
})
