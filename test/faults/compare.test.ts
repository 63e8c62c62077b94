import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { isSkipped } from '../helpers/installed.ts'
import { isFaults } from '../helpers/long.ts'
import { RedisServer } from '../helpers/redis.ts'
import { checkStates, comparison, straightRows } from './comparison.ts'
import { canRecord, record } from './record.ts'

const folder = temporaryFolder('faults-compare')
const at = (name: string) => join(folder, name)

describe.skipIf(!canRecord() || !isFaults)('what is stopped at any call of the file system', () => {
  let rows: unknown[] = []
  beforeAll(async () => {
    rows = await straightRows(at('straight'))
  }, 120_000)

  /** @param every  of the states whose jobs are listed, one in so many is brought to its end */
  async function expectNoFaults(args: readonly string[], root: string, every: number): Promise<void> {
    const began = process.cpuUsage()
    const changes = await record(args, root, at('log'))
    const found = await checkStates(changes, root, at('scratch'), { every, rows })
    const { user, system } = process.cpuUsage(began)
    const { states, continued, problems } = found
    console.log(
      `${args[0]}: ${changes.length} changes, ${states} states, ${continued} brought to their end, ${problems.length} faults, ${Math.round((user + system) / 1e6)} s of this process`,
    )
    expect(problems.slice(0, 10)).toEqual([])
    expect(states).toBeGreaterThan(100)
    expect(continued).toBeGreaterThan(5)
  }

  test('a comparison holds whole files alone, lists what is done, and goes on to the same table', {
    timeout: 900_000,
  }, async () => {
    mkdirSync(at('compare'))
    await expectNoFaults([...comparison(at('compare')), '--jobs', '1'], at('compare'), 12)
  })

  describe.skipIf(isSkipped('redis-server'))('with a queue', () => {
    let redis: RedisServer
    beforeAll(async () => {
      mkdirSync(at('redis'))
      redis = await RedisServer.start(at('redis'))
    })
    afterAll(() => redis.kill())

    test('a worker holds whole files alone, and a comparison goes on from there to the same table', {
      timeout: 900_000,
    }, async () => {
      const root = at('worker')
      const detached = [...comparison(root), '--queue', redis.url, '--detach', '--json']
      expect((await runHere(detached)).code).toBe(0)
      await expectNoFaults(['worker', '--queue', redis.url, '--out', root, '--drain'], root, 3)
    })
  })
})
