import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { paths } from '../../src/serialization/run.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { isFaults } from '../helpers/long.ts'
import { newestCheckpoint } from '../helpers/training.ts'
import { type Change, canRecord, record } from './record.ts'
import {
  expectNothingLost,
  finishedBefore,
  inFolder,
  nameOf,
  type Straight,
  statesOf,
  straightOf,
} from './states.ts'

const folder = temporaryFolder('faults-train')
const run = join(folder, 'run')
const scratch = join(folder, 'scratch')
const STEPS = ['--steps', '40', '--checkpointEvery', '10', '--logEvery', '5', '--chunk', '5']
/** Of the states in which a training is stopped, one in so many is trained to its end. */
const RESUMED = isFaults ? 12 : 200

describe.skipIf(!canRecord())('a training that is stopped at any call of the file system', () => {
  let changes: Change[] = []
  let straight: Straight
  beforeAll(async () => {
    changes = await record(['train', ...TINY, ...STEPS, '--out', run], run, join(folder, 'log'))
    straight = straightOf(changes, run, scratch)
  }, 300_000)

  test('is recorded as it was: the replayed files are those of the run', async () => {
    expect([...straight.states.keys()]).toEqual([10, 20, 30, 40])
    let last: ReadonlyMap<string, Buffer | null> = new Map()
    for (const { tree, how } of statesOf(changes, run)) if (how === 'killed') last = tree
    for (const [path, content] of last) {
      if (content) expect(readFileSync(join(run, path)).equals(content), path).toBe(true)
    }
    expect(last.has('model.onnx')).toBe(true)
  })

  test('has lost nothing that was finished, and goes on to the same end', { timeout: 600_000 }, async () => {
    let [count, resumed] = [0, 0]
    const problems: string[] = []
    for (const state of statesOf(changes, run)) {
      count++
      await inFolder(state.tree, scratch, async at => {
        try {
          expectNothingLost(at, finishedBefore(changes, state.after, run), straight)
          if (count % RESUMED !== 0) return
          resumed++
          const isBegun = state.tree.has('config.json')
          const { code, stderr } = await runHere([
            'train',
            ...TINY,
            ...STEPS,
            '--out',
            at,
            ...(isBegun ? ['--resume'] : []),
          ])
          expect(code, stderr).toBe(0)
          expect(newestCheckpoint(at)).toEqual(newestCheckpoint(run))
          expect(readFileSync(paths(at).model).equals(straight.model)).toBe(true)
        } catch (error) {
          problems.push(`${nameOf(state)}: ${(error as Error).message.slice(0, 400)}`)
        }
      })
    }
    console.log(
      `${changes.length} changes, ${count} states, ${resumed} trained to their end, ${problems.length} faults`,
    )
    expect(problems.slice(0, 10)).toEqual([])
    expect(count).toBeGreaterThan(100)
  })
})
