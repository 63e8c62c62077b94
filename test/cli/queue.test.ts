import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { planComparison, resolveComparison } from '../../src/evaluation/comparison.ts'
import { train } from '../../src/report/train.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { isTrained } from '../../src/sweep/done.ts'
import { jobsOf } from '../../src/sweep/job.ts'
import { SweepQueue } from '../../src/sweep/queue.ts'
import { documentOf, run, type Started, start, until } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { isSkipped } from '../helpers/installed.ts'
import { isWhole } from '../helpers/long.ts'
import { RedisServer } from '../helpers/redis.ts'
import { metricsOf, newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('queue')
const at = (name: string) => join(folder, name)
const skipped = isSkipped('redis-server')

const sleep = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

describe.skipIf(skipped)('jobs in a queue on Redis', () => {
  let redis: RedisServer
  let queue: SweepQueue
  const running = new Set<Started>()
  const startWorker = (...args: string[]): Started => {
    const worker = start(['worker', '--queue', redis.url, ...args])
    running.add(worker)
    void worker.done.then(() => running.delete(worker))
    return worker
  }
  beforeAll(async () => {
    mkdirSync(at('redis'))
    redis = await RedisServer.start(at('redis'))
    queue = await SweepQueue.open(redis.url, () => {})
  })
  afterAll(async () => {
    for (const worker of running) worker.child.kill('SIGKILL')
    await queue.close()
    await redis.kill()
  })

  test('workers killed at random and Redis restarted: every run once, equal to a local one bit for bit', async () => {
    const root = at('killed')
    const seeds = isWhole ? 20 : 3
    const comparison = resolveComparison({
      objectives: ['psd', 'lmd'],
      seeds,
      training: {
        steps: 60,
        batch: 16,
        network: { hidden: 8, layers: 1 },
        logEvery: 10,
        checkpointEvery: 20,
      },
      teacherTraining: { steps: 20 },
      teacher: 'exact',
    })
    const plan = planComparison(comparison, root)
    const jobs = jobsOf(plan)
    expect(jobs).toHaveLength(2 * seeds)
    await queue.put(jobs, null)

    const options = ['--out', root, '--lease', '2', '--drain']
    let workers = Array.from({ length: 3 }, () => startWorker(...options))
    // Not by chance: a failure is found again.
    let state = 7
    const random = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647
    const isOver = () => plan.runs.every(isTrained)
    const began = Date.now()
    let [killed, restarted] = [0, false]
    while (!isOver() && Date.now() - began < 150_000) {
      await sleep(2000 + 3000 * random())
      if (isOver()) break
      if (!restarted && plan.runs.some(isTrained)) {
        await redis.kill()
        await sleep(500)
        await redis.start()
        restarted = true
        continue
      }
      if (killed >= seeds) continue
      const victim = Math.floor(3 * random())
      workers[victim].child.kill('SIGKILL')
      killed++
      workers = workers.map((worker, i) => (i === victim ? startWorker(...options) : worker))
    }
    expect(isOver()).toBe(true)
    expect([restarted, killed > 0]).toEqual([true, true])
    // Those that live end by themselves, as nothing is left.
    const outcomes = await Promise.all(workers.map(worker => worker.done))
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0])

    const listed = await queue.list()
    expect(listed.map(({ id }) => id).sort()).toEqual(jobs.map(({ id }) => id).sort())
    expect(listed.filter(({ state }) => state !== 'done')).toEqual([])
    expect(readdirSync(join(root, 'runs')).sort()).toEqual(jobs.map(job => job.folder).sort())
    for (const { directory, config } of plan.runs) {
      const local = directory.replace(root, at('local'))
      await train(config, { directory: local, threads: 1 })
      expect(newestCheckpoint(directory), directory).toEqual(newestCheckpoint(local))
      expect(metricsOf(directory), directory).toEqual(metricsOf(local))
      expect(readFileSync(join(directory, 'model.safetensors'))).toEqual(
        readFileSync(join(local, 'model.safetensors')),
      )
    }
  }, 300_000)

  test('compare --queue waits for workers, measures and reports; the teacher is trained first', async () => {
    const training = ['--training.network.hidden', '16', '--training.batch', '32', '--training.steps', '60']
    const args = [
      ...['compare', '--objectives', 'lmd', '--steps', '1', '--count', '100', ...training],
      ...['--teacherTraining.steps', '40', '--out', at('shared')],
    ]
    const detached = await run([...args, '--queue', redis.url, '--detach', '--json'])
    expect((documentOf(detached) as { jobs: unknown[] }).jobs).toHaveLength(2)
    const waiting = documentOf(await run(['jobs', '--queue', redis.url, '--json'])) as {
      jobs: { name: string; state: string }[]
    }
    expect(waiting.jobs.filter(({ state }) => state === 'waiting').map(({ name }) => name)).toEqual([
      'teacher seed 0',
      'lmd seed 0',
    ])
    const worker = startWorker('--out', at('shared'), '--jobs', '2')
    const compared = await run([...args, '--queue', redis.url, '--json'])
    expect((documentOf(compared) as { rows: unknown[] }).rows.length).toBeGreaterThan(0)
    expect(compared.stderr).toMatch(/\[2\/2\] lmd seed 0 done/)
    worker.child.kill('SIGINT')
    expect((await worker.done).code).toBe(130)
    const { stdout } = await run(['jobs', '--queue', redis.url])
    expect(stdout).toMatch(/^lmd seed 0 +done$/m)
  }, 180_000)

  test('Ctrl-C gives a job back with its checkpoint, and another worker goes on from there', async () => {
    const root = at('given-back')
    const comparison = resolveComparison({
      objectives: ['psd'],
      training: {
        steps: 100_000,
        batch: 16,
        network: { hidden: 8 },
        logEvery: 10,
        checkpointEvery: 1_000_000,
      },
    })
    const [job] = jobsOf(planComparison(comparison, root))
    await queue.put([job], null)
    const directory = join(root, 'runs', job.folder)
    const metrics = join(directory, 'metrics.jsonl')
    const first = startWorker('--out', root)
    await until(() => existsSync(metrics), 'it trains', 60_000)
    first.child.kill('SIGINT')
    expect((await first.done).code).toBe(130)
    const saved = checkpointSteps(directory).at(-1)!
    expect(saved).toBeGreaterThan(0)
    expect((await queue.find(job.id))?.state).toBe('waiting')
    const second = startWorker('--out', root)
    await until(() => (metricsOf(directory).at(-1)?.step ?? 0) > saved + 20, 'another goes on', 60_000)
    expect((await queue.find(job.id))?.state).toBe('running')
    second.child.kill('SIGTERM')
    expect((await second.done).code).toBe(143)
    const steps = metricsOf(directory).map(line => line.step)
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b))
    const raw = new Queue('trainings', { connection: { port: redis.port }, prefix: 'oxbow' })
    await raw.remove(job.id)
    await raw.close()
  }, 180_000)

  test('a hostile queue makes a worker refuse, in a line each, and write and run nothing', async () => {
    const root = at('hostile')
    const [job] = jobsOf(planComparison(resolveComparison({ objectives: ['psd'] }), root))
    const { id, ...rest } = job
    const { VERSION } = await import('../../src/serialization/version.ts')
    const { jobId } = await import('../../src/evaluation/identity.ts')
    const payload = { oxbow: VERSION, ...rest, request: null }
    const withConfig = (changes: object) => {
      const config = { ...payload.config, ...changes }
      return [jobId(config), { ...payload, config }] as const
    }
    const raw = new Queue('trainings', { connection: { port: redis.port }, prefix: 'oxbow' })
    const nested = (depth: number): unknown =>
      Array.from({ length: depth }).reduce<unknown>(inner => [inner], 0)
    const attacks: (readonly [string, unknown, RegExp])[] = [
      ['0'.repeat(63) + 'a', payload, /the id is not the hash of the configuration/],
      [id, { ...payload, folder: '../../../etc-seed0-00000000' }, /none of a comparison \(folder/],
      [`${'b'.repeat(64)}`, 'rm -rf /', /none of a comparison/],
      [`${'c'.repeat(64)}`, { ...payload, command: 'sh' }, /none of a comparison/],
      [...withConfig({ data: '/etc/passwd.csv' }), /names a file, "\/etc\/passwd\.csv"/],
      [...withConfig({ data: { csv: { path: '../secret.csv' } } }), /names a file/],
      [...withConfig({ teacher: '/root/run', objective: 'lmd' }), /names a file/],
      [...withConfig({ steps: '$(touch /tmp/x)' }), /steps: expected/],
      [...withConfig({ data: 'etc' }), /names a file, "etc"|unknown data/],
      ['d'.repeat(64), { ...payload, config: { a: nested(3000) } }, /nested deeper than 64 levels/],
      ['e'.repeat(64), JSON.parse('{"__proto__":{"polluted":1}}'), /a key that no configuration can have/],
      [`f${'0'.repeat(63)}`, { ...payload, name: 'x'.repeat(1_100_000) }, /longer than 1000000 characters/],
      [`f${'1'.repeat(63)}`, { ...payload, request: { steps: [1e9] } }, /none of a comparison \(request/],
      [`f${'2'.repeat(63)}`, { ...payload, after: { id, folder: '../x' } }, /none of a comparison \(after/],
    ]
    for (const [jobId, data] of attacks) await raw.add('\x1b[2J evil', data, { jobId })
    const worker = await run(['worker', '--queue', redis.url, '--out', root, '--drain', '--json'])
    expect(JSON.parse(worker.stdout).done).toEqual([])
    for (const [jobId, , line] of attacks) {
      const found = await queue.find(jobId)
      expect(found, jobId).toMatchObject({ state: 'failed', line: expect.stringMatching(line) })
    }
    expect(existsSync(join(root, 'runs'))).toBe(false)
    const { stdout } = await run(['jobs', '--queue', redis.url])
    expect(stdout).not.toContain('\x1b')
    for (const [jobId] of attacks) await raw.remove(jobId)
    await raw.close()
  }, 120_000)

  test.each([
    [
      'an address of another kind',
      'http://127.0.0.1:1',
      /expected an address such as redis:\/\/localhost:6379/,
    ],
    ['no server', 'redis://127.0.0.1:1', /redis:\/\/127\.0\.0\.1:1: nothing listens there/],
    ['no such database', 'redis://127.0.0.1:PORT/99', /it has no database of that number/],
  ])('%s is one line with exit code 2', async (_, url, line) => {
    const { code, stderr } = await run(['jobs', '--queue', url.replace('PORT', `${redis.port}`)])
    expect([code, stderr]).toEqual([2, expect.stringMatching(line)])
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('a wrong password is one line with exit code 2, which does not tell it', async () => {
    mkdirSync(at('locked'))
    const locked = await RedisServer.start(at('locked'), 'right-one')
    for (const secret of ['', ':wrong-one@']) {
      const { code, stderr } = await run(['jobs', '--queue', `redis://${secret}127.0.0.1:${locked.port}`])
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/it rejected the user or the password[^\n]*\n$/),
      ])
      expect(stderr).not.toContain('wrong-one')
    }
    expect((await run(['jobs', '--queue', locked.url])).stdout).toBe('no jobs\n')
    await locked.kill()
  }, 120_000)
})
