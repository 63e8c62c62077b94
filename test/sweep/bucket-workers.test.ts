import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { type BucketServer, startBucket } from '../helpers/bucket.ts'
import { documentOf, run, type Started, start, until } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { isSkipped } from '../helpers/installed.ts'
import { isWhole } from '../helpers/long.ts'
import { RedisServer } from '../helpers/redis.ts'
import { metricsOf, newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('bucket-workers')
const at = (name: string) => join(folder, name)

/** One row takes long enough to be stopped on its way. */
const COMPARISON = `
objectives:
  - { id: psd, training: { steps: 6000, checkpointEvery: 100 } }
  - lmd
steps: [1]
count: 100
training: { steps: 100, batch: 16, network: { hidden: 8 } }
teacherTraining: { steps: 100 }
`

interface Manifest {
  readonly id: string
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
}

describe.skipIf(!isWhole || isSkipped('redis-server'))('workers that share a bucket and no folder', () => {
  let redis: RedisServer
  let server: BucketServer
  const running = new Set<Started>()
  beforeAll(async () => {
    mkdirSync(at('redis'))
    writeFileSync(at('sweep.yaml'), COMPARISON)
    redis = await RedisServer.start(at('redis'))
    server = await startBucket()
  })
  afterAll(async () => {
    for (const worker of running) worker.child.kill('SIGKILL')
    await redis.kill()
    await server.close()
  })

  const queued = (): string[] => ['--queue', redis.url, '--results', 's3://bucket/sweep']
  const compare = (out: string, ...more: string[]) => {
    const args = ['compare', '--config', at('sweep.yaml'), '--out', at(out), '--json', ...more]
    return run(args, { env: server.environment })
  }
  const startWorker = (out: string, ...more: string[]): Started => {
    const args = ['worker', ...queued(), '--out', at(out), '--lease', '2', ...more]
    const worker = start(args, { env: server.environment })
    running.add(worker)
    void worker.done.then(() => running.delete(worker))
    return worker
  }
  const rowsOf = (outcome: Awaited<ReturnType<typeof run>>): unknown[] => {
    const { rows } = documentOf(outcome) as { rows: unknown[] }
    expect(rows.length).toBeGreaterThan(0)
    return rows
  }
  const named = (pattern: RegExp): string[] => [...server.objects.keys()].filter(name => pattern.test(name))
  /** The hash of what is kept under each name that is a hash. */
  const expectWhole = (): void => {
    for (const name of named(/^sweep\/(runs|partial)\/\w+\.json$/)) {
      const { files } = JSON.parse(server.objects.get(name)!.toString()) as Manifest
      expect(files.length).toBeGreaterThan(0)
      for (const { path, sha256 } of files) {
        const place = name.includes('/runs/') ? `files/${sha256}` : `${name.slice(6, -5)}/${sha256}`
        const content = server.objects.get(`sweep/${place}`)
        expect(content, `${name}: ${path}`).toBeDefined()
        expect(createHash('sha256').update(content!).digest('hex')).toBe(sha256)
      }
    }
  }

  test('stopped, and killed within an upload: the bucket holds whole runs alone, and the table is the local one', async () => {
    expect((await compare('gathered', ...queued(), '--detach')).code).toBe(0)
    // Whenever a list of files comes, its files are there.
    let lists = 0
    const problems: unknown[] = []
    server.onRequest = (method, name) => {
      if (method !== 'PUT' || !name.endsWith('.json')) return
      lists++
      setImmediate(() => {
        try {
          expectWhole()
        } catch (error) {
          problems.push(error)
        }
      })
    }
    const stepOf = (out: string): number => {
      const runs = join(at(out), 'runs')
      const [name] = existsSync(runs) ? readdirSync(runs).filter(each => each.startsWith('psd-')) : []
      return name === undefined ? -1 : (checkpointSteps(join(runs, name)).at(-1) ?? -1)
    }
    const first = startWorker('a')
    await until(() => stepOf('a') > 0, 'a run is on its way', 120_000)
    first.child.kill('SIGINT')
    expect((await first.done).code).toBe(130)
    const left = stepOf('a')
    expect(left).toBeLessThan(6000)
    const [partial] = named(/^sweep\/partial\/\w+\.json$/)
    expect(JSON.parse(server.objects.get(partial)!.toString()).step).toBe(left)
    rmSync(at('a'), { recursive: true })

    // The next one takes it up and ends without a word while it uploads its first finished run.
    const second = startWorker('b')
    const finished = named(/^sweep\/runs\//)
    let uploaded = 0
    const watch = server.onRequest
    server.onRequest = (method, name) => {
      watch(method, name)
      if (method === 'PUT' && name.startsWith('sweep/files/') && ++uploaded === 3)
        second.child.kill('SIGKILL')
    }
    expect((await second.done).signal).toBe('SIGKILL')
    expect(named(/^sweep\/runs\//)).toEqual(finished)
    expect(named(/^sweep\/files\//).length).toBeGreaterThan(0)
    rmSync(at('b'), { recursive: true })

    server.onRequest = watch
    server.failures.push(503, 500)
    const others = ['c', 'd'].map(out => startWorker(out, '--drain'))
    const gathered = rowsOf(await compare('gathered', ...queued()))
    for (const { done } of others) expect((await done).code).toBe(0)

    expect(lists).toBeGreaterThan(3)
    expect(problems).toEqual([])
    expectWhole()
    expect(named(/^sweep\/runs\//)).toHaveLength(3)
    expect(named(/^sweep\/partial\//)).toEqual([])
    const taken = server.requests.filter(request => request.startsWith(`GET ${partial.slice(0, -5)}/`))
    expect(taken.length).toBeGreaterThan(0)

    const local = rowsOf(await compare('local', '--jobs', '2'))
    expect(gathered).toEqual(local)
    for (const name of readdirSync(join(at('local'), 'runs'))) {
      const [there, here] = ['gathered', 'local'].map(out => join(at(out), 'runs', name))
      expect(newestCheckpoint(there), name).toEqual(newestCheckpoint(here))
      expect(metricsOf(there), name).toEqual(metricsOf(here))
    }
    // No worker is left: all comes from the bucket.
    expect(rowsOf(await compare('elsewhere', ...queued()))).toEqual(local)
  }, 420_000)
})
