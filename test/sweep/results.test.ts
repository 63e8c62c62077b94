import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Results } from '../../src/sweep/results.ts'
import { openBucket } from '../../src/sweep/s3.ts'
import { type BucketServer, startBucket } from '../helpers/bucket.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('results')
const at = (name: string) => join(folder, name)
const ID = 'a'.repeat(64)

/** A folder that looks like a run. */
function makeRun(name: string, step: number): string {
  const run = at(name)
  mkdirSync(join(run, 'checkpoints'), { recursive: true })
  writeFileSync(join(run, 'config.json'), '{}')
  writeFileSync(join(run, '.lock'), 'somebody')
  writeFileSync(join(run, `checkpoints/step-${String(step).padStart(6, '0')}.safetensors`), `state ${step}`)
  return run
}

describe('runs in a bucket', () => {
  let server: BucketServer
  let results: Results
  beforeAll(async () => {
    server = await startBucket()
    results = new Results(openBucket('s3://bucket/some/folder/', server.environment))
  })
  afterAll(() => server.close())
  beforeEach(() => {
    server.objects.clear()
    server.requests.length = 0
  })

  test('come back as they were, without what belongs to a process', async () => {
    const run = makeRun('run', 60)
    await results.save(ID, run)
    expect(await results.stepOf(ID)).toBe(60)
    expect(await results.fetch(ID, at('back'))).toBe(true)
    const { '.lock': _, ...rest } = snapshot(run)
    expect(snapshot(at('back'))).toEqual(rest)
    expect(readdirSync(folder).filter(name => name.startsWith('.fetch'))).toEqual([])
  })

  test('are there whole or not at all: the list of the files comes last', async () => {
    await results.save(ID, makeRun('whole', 60))
    const puts = server.requests.filter(request => request.startsWith('PUT'))
    expect(puts.at(-1)).toBe(`PUT some/folder/runs/${ID}.json`)
    // An upload that ends before it leaves nothing that anybody reads.
    server.objects.delete(`some/folder/runs/${ID}.json`)
    expect(await results.stepOf(ID)).toBeUndefined()
    expect(await results.fetch(ID, at('none'))).toBe(false)
    expect(existsSync(at('none'))).toBe(false)
  })

  test('that are on their way are kept until they are finished, and only the newest', async () => {
    await results.save(ID, makeRun('way', 20), 'partial')
    const [old] = server.objects.keys()
    const further = makeRun('further', 40)
    await results.save(ID, further, 'partial')
    expect(await results.stepOf(ID, 'partial')).toBe(40)
    expect(await results.stepOf(ID)).toBeUndefined()
    expect(await results.fetch(ID, at('taken-up'), 'partial')).toBe(true)
    expect(readdirSync(join(at('taken-up'), 'checkpoints'))).toEqual(['step-000040.safetensors'])
    await results.save(ID, further)
    const names = [...server.objects.keys()]
    expect(names.filter(name => name.includes('partial'))).toEqual([])
    expect(old).toContain('partial')
  })

  test('are given up as soon as an object is larger than its run says', async () => {
    await results.save(ID, makeRun('swollen', 60))
    const [file] = [...server.objects.keys()].filter(name => name.includes('/files/'))
    server.objects.set(file, Buffer.alloc(8 << 20))
    await expect(results.fetch(ID, at('too-large'))).rejects.toThrow(/is larger than the \d+ bytes expected/)
    expect(existsSync(at('too-large'))).toBe(false)
  })

  test('that are damaged, or lead elsewhere, are refused and leave nothing', async () => {
    await results.save(ID, makeRun('damaged', 60))
    const [file] = [...server.objects.keys()].filter(name => name.includes('/files/'))
    server.objects.set(file, Buffer.from('other'))
    await expect(results.fetch(ID, at('refused'))).rejects.toThrow(
      /is missing or damaged; remove runs\/a+\.json/,
    )
    for (const path of ['../out', '/etc/out', 'a/../../out', '.lock', 'a//b']) {
      const manifest = { id: ID, step: 1, files: [{ path, sha256: 'b'.repeat(64), size: 1 }] }
      server.objects.set(`some/folder/runs/${ID}.json`, Buffer.from(JSON.stringify(manifest)))
      await expect(results.fetch(ID, at('refused')), path).rejects.toThrow(/is not the list of a run's files/)
    }
    expect(existsSync(at('refused'))).toBe(false)
    expect(readdirSync(folder).filter(name => name.startsWith('.fetch'))).toEqual([])
  })

  test('survive a server that fails for a moment', async () => {
    server.failures.push(500, 503)
    await results.save(ID, makeRun('again', 60))
    expect(await results.stepOf(ID)).toBe(60)
  })

  test.each([
    ['an address of another kind', 'https://bucket', {}, /expected an address such as s3:\/\/bucket\/folder/],
    ['a folder above', 's3://bucket/../x', {}, /expected an address such as/],
    ['no credentials', 's3://bucket', { AWS_ACCESS_KEY_ID: '' }, /needs credentials; set AWS_ACCESS_KEY_ID/],
    ['no endpoint', 's3://bucket', { AWS_ENDPOINT_URL: 'nowhere' }, /AWS_ENDPOINT_URL: expected an address/],
    ['other credentials', 's3://bucket', { AWS_ACCESS_KEY_ID: 'wrong' }, /the credentials are refused/],
    ['no such bucket', 's3://other', {}, /there is no such bucket/],
    ['no server', 's3://bucket', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, /cannot be reached/],
  ])('%s is refused in one line', async (_, address, changes, line) => {
    const open = async () => {
      const bucket = openBucket(address, { ...server.environment, ...changes })
      await new Results(bucket).stepOf(ID)
    }
    await expect(open()).rejects.toMatchObject({ name: 'QueueError', message: expect.stringMatching(line) })
  })
})
