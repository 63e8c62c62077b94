import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { readModel } from '../../src/serialization/model-files.ts'
import { isRun, readRecord } from '../../src/serialization/run.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'
import { type FakeHub, fakeHub } from '../helpers/hub.ts'
import { canRecord, record } from './record.ts'
import { inFolder, nameOf, statesOf } from './states.ts'

const TOKEN = 'hf_token'
const folder = temporaryFolder('faults-hub')
const at = (name: string) => join(folder, name)

describe.skipIf(!canRecord())('a push and a pull that are stopped at any call of the file system', () => {
  let hub: FakeHub
  let env: Record<string, string>
  beforeAll(async () => {
    hub = await fakeHub(TOKEN)
    env = { HF_ENDPOINT: hub.url, HF_TOKEN: TOKEN, HF_HOME: at('no-home') }
    mkdirSync(at('runs'))
    const args = ['train', ...TINY, '--steps', '20', '--out', join(at('runs'), 'run')]
    expect((await runHere(args)).code).toBe(0)
  }, 120_000)
  afterEach(() => void vi.unstubAllEnvs())
  afterAll(() => hub.close())

  test('a push changes nothing on the disk', async () => {
    const before = snapshot(at('runs'))
    const args = ['push', join(at('runs'), 'run'), 'someone/ring']
    expect(await record(args, folder, at('log'), env)).toEqual([])
    expect(snapshot(at('runs'))).toEqual(before)
    expect([...hub.repositories.get('someone/ring')!.files.keys()]).toContain('model.safetensors')
  }, 120_000)

  test('a pull leaves a whole run or none, and the next one brings it', { timeout: 300_000 }, async () => {
    for (const [key, value] of Object.entries(env)) vi.stubEnv(key, value)
    const root = at('pulled')
    mkdirSync(root)
    const changes = await record(['pull', 'someone/ring', '--out', join(root, 'run')], root, at('log'), env)
    const whole = snapshot(join(root, 'run'))
    let [states, there] = [0, 0]
    for (const state of statesOf(changes, root)) {
      states++
      await inFolder(state.tree, at('scratch'), async out => {
        const run = join(out, 'run')
        const name = nameOf(state)
        if (state.after === changes.length) expect(isRun(run), name).toBe(true)
        if (state.tree.has('run')) there++
        else expect((await runHere(['pull', 'someone/ring', '--out', run])).code, name).toBe(0)
        expect(readdirSync(out), name).toEqual(['run'])
        expect(snapshot(run), name).toEqual(whole)
        expect(readRecord(run).intact).toBe(true)
        readModel(run)
      })
    }
    console.log(`pull: ${changes.length} changes, ${states} states`)
    expect(states).toBeGreaterThan(20)
    expect(there).toBeGreaterThan(0)
  })
})
