import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkpointSteps, newestIntact } from '../../src/serialization/checkpoint.ts'
import { isRun, paths, readRecord } from '../../src/serialization/run.ts'
import { run, start, TINY, until } from '../helpers/cli.ts'
import { filesIn, temporaryFolder } from '../helpers/folder.ts'
import { mountOverNetwork, type NetworkDisk } from '../helpers/network-disk.ts'
import { metricsOf, newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('faults-network')
const served = join(folder, 'served')
mkdirSync(served)

const STEPS = ['--steps', '3000', '--checkpointEvery', '20', '--logEvery', '10', '--chunk', '10']
const train = (out: string): string[] => [
  ...['train', '--out', out],
  ...(isRun(out) ? ['--resume'] : [...TINY, ...STEPS]),
]
const newest = (run: string): number => checkpointSteps(run).at(-1) ?? -1

test('on a network file system a training is refused twice, killed and cut off, and comes to the same end', {
  timeout: 300_000,
}, async ({ skip }) => {
  const mounts: NetworkDisk[] = []
  const mount = (name: string): NetworkDisk => {
    const disk = mountOverNetwork(folder, name, served)
    if (typeof disk === 'string') {
      console.warn(`skipped: the test with a network disk, because ${disk}`)
      return skip(disk)
    }
    mounts.push(disk)
    return disk
  }
  try {
    const straight = join(folder, 'straight')
    expect((await run(train(straight))).code).toBe(0)
    const [here, there] = [mount('here'), mount('there')]
    const own = join(here.at, 'run')
    const onServer = join(served, 'run')

    const first = start(train(own))
    await until(() => newest(onServer) > 0, 'a checkpoint is there', 60_000)
    // Another mount of the same folder, as another machine has.
    const second = await run(['train', '--resume', '--out', join(there.at, 'run')])
    expect([second.code, second.stderr]).toEqual([
      2,
      expect.stringMatching(/^oxbow: [^\n]*: in use by process \d+[^\n]*\n$/),
    ])
    first.child.kill('SIGKILL')
    expect((await first.done).signal).toBe('SIGKILL')
    expect(newestIntact(onServer).damaged).toEqual([])

    const killed = newest(onServer)
    const cut = start(train(own))
    await until(() => newest(onServer) > killed || cut.child.exitCode !== null, 'it goes on', 60_000)
    expect(cut.child.exitCode, cut.stderr()).toBeNull()
    here.cut()
    const { code, stderr } = await cut.done
    // sshfs unmounts what it cannot reach, so that its files are gone, or says that it cannot be read.
    expect([1, 2], stderr).toContain(code)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^oxbow: .*here\/run/)
    expect(readdirSync(here.at)).toEqual([])
    expect(newestIntact(onServer).damaged).toEqual([])
    expect(readRecord(onServer).intact).toBe(true)
    const left = newest(onServer)
    expect(left).toBeGreaterThanOrEqual(killed)
    expect(left).toBeLessThan(3000)

    const last = await run(train(join(there.at, 'run')))
    expect(last.code, last.stderr).toBe(0)
    expect(newestCheckpoint(onServer)).toEqual(newestCheckpoint(straight))
    expect(metricsOf(onServer)).toEqual(metricsOf(straight))
    const model = readFileSync(paths(straight).model)
    expect(readFileSync(paths(onServer).model).equals(model)).toBe(true)
    expect(filesIn(onServer).filter(name => name.startsWith('.'))).toEqual([])
    expect(existsSync(paths(onServer).onnx)).toBe(true)
  } finally {
    for (const { free } of mounts) free()
  }
})
