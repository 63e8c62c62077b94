import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { newestIntact } from '../../src/serialization/checkpoint.ts'
import { isRun, paths, readMetrics, readRecord } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { isFaults } from '../helpers/long.ts'
import { type Change, canRecord, record } from './record.ts'
import { inFolder, nameOf, statesOf } from './states.ts'

const folder = temporaryFolder('faults-compare')
const out = join(folder, 'out')
const SMALL = ['--training.steps', '20', '--training.batch', '16', '--training.network.hidden', '8']
const ARGS = ['compare', '--data', 'ring', '--objectives', 'psd', ...SMALL, '--count', '200', '--steps', '1']

/** Every file below a folder that is not there only while another is written. */
function* filesBelow(at: string): Generator<string> {
  for (const name of readdirSync(at)) {
    if (name.startsWith('.')) continue
    const path = join(at, name)
    if (statSync(path).isDirectory()) yield* filesBelow(path)
    else yield path
  }
}

function expectWhole(at: string): void {
  for (const path of filesBelow(at)) {
    if (path.endsWith('.json')) JSON.parse(readFileSync(path, 'utf8'))
    if (path.endsWith('.safetensors')) decodeSafetensors(readFileSync(path), path)
    if (path.endsWith('.html')) expect(readFileSync(path, 'utf8')).toContain('</html>')
    if (!path.endsWith('/config.json')) continue
    const run = path.slice(0, -'/config.json'.length)
    if (!isRun(run)) continue
    expect(readRecord(run).intact).toBe(true)
    const { checkpoint, damaged } = newestIntact(run)
    expect(damaged).toEqual([])
    const steps = readMetrics(run).map(({ step }) => step)
    if (existsSync(paths(run).onnx)) expect([checkpoint?.step, steps.at(-1)]).toEqual([20, 20])
  }
}

describe.skipIf(!canRecord() || !isFaults)(
  'a comparison that is stopped at any call of the file system',
  () => {
    let changes: Change[] = []
    beforeAll(() => {
      changes = record([...ARGS, '--jobs', '1', '--out', out], out, join(folder, 'log'))
    }, 300_000)

    test('holds whole files alone, and no model without its checkpoint and its log', {
      timeout: 600_000,
    }, async () => {
      const problems: string[] = []
      let count = 0
      for (const state of statesOf(changes, out)) {
        count++
        await inFolder(state.tree, join(folder, 'scratch'), at => {
          try {
            expectWhole(at)
          } catch (error) {
            problems.push(`${nameOf(state)}: ${(error as Error).message.slice(0, 300)}`)
          }
        })
      }
      console.log(`${changes.length} changes, ${count} states, ${problems.length} faults`)
      expect(problems.slice(0, 10)).toEqual([])
      expect(count).toBeGreaterThan(100)
    })
  },
)
