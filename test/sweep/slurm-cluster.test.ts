import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { documentOf, run, until } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { isSkipped } from '../helpers/installed.ts'
import { isWhole } from '../helpers/long.ts'
import { SlurmCluster } from '../helpers/slurm.ts'
import { metricsOf, newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('slurm-cluster')
/** A place with all that a shell, and Slurm's names of logs, take for something else. */
const work = join(folder, "100%a of it's work")
const root = join(work, 'cluster runs')

/** One row takes long enough to be stopped on its way. */
const COMPARISON = `
objectives:
  - { id: psd, training: { steps: 6000, checkpointEvery: 100 } }
  - lmd
seeds: 2
steps: [1]
count: 100
training: { steps: 100, batch: 16, network: { hidden: 8 } }
teacherTraining: { steps: 100 }
`
const STEPS = 6000

const comparison = (out: string) => ['compare', '--config', join(work, 'sweep.yaml'), '--out', out]

const skipped = !isWhole || isSkipped('slurmctld') || isSkipped('munged')

describe.skipIf(skipped)('a comparison on a cluster of Slurm', () => {
  let cluster: SlurmCluster
  beforeAll(async () => {
    mkdirSync(work)
    writeFileSync(join(work, 'sweep.yaml'), COMPARISON)
    mkdirSync(join(folder, 'slurm'))
    cluster = await SlurmCluster.start(join(folder, 'slurm'))
  }, 60_000)
  afterAll(() => cluster?.stop(), 60_000)

  /** Writes the scripts of what is missing. @returns the names of its tasks */
  async function write(): Promise<string[]> {
    const { code, stdout } = await run([...comparison(root), '--slurm', 'scripts'], { cwd: work })
    expect([code, stdout]).toEqual([0, 'sh scripts/submit.sh\n'])
    const rows = readFileSync(join(work, 'scripts/tasks.txt'), 'utf8').split('\n')
    return rows.filter(Boolean).map(row => row.split('\t')[1])
  }
  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, ...cluster.environment })
  const submit = (): string =>
    execFileSync('sh', ['scripts/submit.sh'], { cwd: work, env: environment(), encoding: 'utf8' })
  const logs = (): string =>
    readdirSync(join(work, 'scripts/logs'))
      .map(name => `${name}:\n${readFileSync(join(work, 'scripts/logs', name), 'utf8')}`)
      .join('\n')
  const stepOf = (name: string): number => {
    const [found] = existsSync(join(root, 'runs'))
      ? readdirSync(join(root, 'runs')).filter(each => each.startsWith(name))
      : []
    return found === undefined ? -1 : (checkpointSteps(join(root, 'runs', found)).at(-1) ?? -1)
  }

  test('an array that the cluster refuses ends the submission, and nothing is submitted after it', async () => {
    await write()
    const env = { ...environment(), SBATCH_PARTITION: 'nowhere' }
    const { status, stdout, stderr } = spawnSync('sh', ['scripts/submit.sh'], {
      ...{ cwd: work, env, encoding: 'utf8' },
    })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/invalid partition/i)
    expect(cluster.queue()).toEqual([])
  }, 60_000)

  test('tasks go on after their time is over, stay cancelled, and are gathered into the table of one machine', async () => {
    const tasks = await write()
    expect(tasks.slice(0, 4)).toEqual(['teacher seed 0', 'psd seed 0', 'teacher seed 1', 'psd seed 1'])
    expect(tasks.slice(4)).toEqual(['lmd seed 0', 'lmd seed 1'])
    const [, gathering] = /^the report follows job (\d+)/.exec(submit())!
    // Tasks wait in one array, and the second level and the gathering for it.
    const [first] = cluster.queue()
    const array = first.split('_')[0]
    expect(cluster.show(gathering).Dependency).toMatch(/^afterany:\d+_\*\(unfulfilled\)$/)
    const late = `${array}_${tasks.indexOf('psd seed 0') + 1}`
    const cancelled = `${array}_${tasks.indexOf('psd seed 1') + 1}`

    await until(() => stepOf('psd-seed0') > 0, 'the first task is on its way', 60_000)
    // What Slurm sends before the time is over.
    cluster.warn(late)
    await until(() => cluster.show(late).JobState === 'PENDING', 'it is queued again', 60_000)
    const saved = stepOf('psd-seed0')
    expect([cluster.show(late).Restarts, saved < STEPS]).toEqual(['1', true])
    // A job that was put back waits two minutes.
    cluster.run('scontrol', 'update', `JobId=${late}`, 'StartTime=now')

    await until(() => stepOf('psd-seed1') > 0, 'another task is on its way', 60_000)
    cluster.run('scancel', cancelled)
    await until(() => !cluster.queue().includes(cancelled), 'it is cancelled', 60_000)
    expect(cluster.show(cancelled)).toMatchObject({ JobState: 'CANCELLED', Restarts: '0' })
    const left = stepOf('psd-seed1')
    expect(left).toBeLessThan(STEPS)

    await until(() => cluster.queue().length === 0, 'all have ended', 120_000)
    expect(cluster.show(gathering).JobState, logs()).toBe('FAILED')
    expect(logs()).toMatch(/psd-seed1-\w+: is not trained yet/)
    expect(stepOf('psd-seed0'), logs()).toBe(STEPS)
    expect(stepOf('psd-seed1')).toBe(left)

    expect(await write()).toEqual(['psd seed 1'])
    const [, second] = /^the report follows job (\d+)/.exec(submit())!
    await until(() => cluster.queue().length === 0, 'what was missing is done', 120_000)
    expect(cluster.show(second).JobState, logs()).toBe('COMPLETED')
    expect(existsSync(join(root, 'report.html'))).toBe(true)

    const local = join(folder, 'local')
    const expected = documentOf(await run([...comparison(local), '--jobs', '2', '--json']))
    const gathered = documentOf(await run([...comparison(root), '--gather', '--json']))
    const { rows } = gathered as { rows: unknown[] }
    expect(rows.length).toBeGreaterThan(0)
    expect(rows).toEqual((expected as { rows: unknown[] }).rows)
    const names = readdirSync(join(local, 'runs'))
    expect(readdirSync(join(root, 'runs'))).toEqual(names)
    for (const name of names) {
      const [there, here] = [root, local].map(each => join(each, 'runs', name))
      expect(newestCheckpoint(there), name).toEqual(newestCheckpoint(here))
      expect(metricsOf(there), name).toEqual(metricsOf(here))
    }
  }, 420_000)
})
