import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint } from '../helpers/training.ts'

const folder = temporaryFolder('starts')

const at = (name: string) => join(folder, name)
const vectorOf = (run: string, vector: string) => Float32Array.from(newestCheckpoint(at(run))[vector].data)
const small = { data: 'ring', batch: 16, ema: 0.9, logEvery: 2, network: { hidden: 8, layers: 1 } } as const
const still = { learningRate: 1e-12 }
const trained = (name: string, user: UserConfig) => train({ ...small, ...user }, { directory: at(name) })

describe('a player', () => {
  beforeAll(async () => {
    const network = { ...small.network, conditioning: 's' } as const
    await trained('velocity', { objective: 'flow-matching', steps: 20, network })
    await trained('map', { objective: 'psd', steps: 4 })
    await trained('other', {
      objective: 'flow-matching',
      steps: 4,
      network: { ...small.network, conditioning: 's', hidden: 9 },
    })
  })

  const expectClose = (found: Float32Array, expected: Float32Array) => {
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i], 6)
  }
  const averages = (run: string, player: string) => vectorOf(run, `${player}.average`)

  test.each([
    ['a fake score', 'dmd', 'teacher', {}, 'fake'],
    ['a fake score of a map of velocities', 'sid', 'map', { teacher: 'exact' }, 'fake'],
    ['a critic', 'gan', 'map', {}, 'critic'],
    ['a critic beside a map', 'psd', 'map', { adversarial: { weight: 0.1 } }, 'critic'],
  ] as const)('that is %s begins with a run', async (_, objective, start, more, player) => {
    await trained(`${objective}-${player}`, {
      ...{ objective, ...more, steps: 2, [start === 'map' ? 'initFrom' : 'teacher']: at('velocity') },
      players: { [player]: { start, ...still } },
    })
    const begun = vectorOf(`${objective}-${player}`, `${player}.parameters`)
    const teacher = averages('velocity', 'map')
    expect(begun).toHaveLength(teacher.length)
    expectClose(begun, teacher)
  })

  test('is drawn where nothing is said, and has its average from its start on', async () => {
    const dmd = { objective: 'dmd', teacher: at('velocity'), steps: 2 } as const
    await trained('drawn', { ...dmd, players: { fake: still } })
    expect(vectorOf('drawn', 'fake.parameters')).not.toEqual(vectorOf('dmd-fake', 'fake.parameters'))
    expectClose(averages('dmd-fake', 'fake'), vectorOf('dmd-fake', 'fake.parameters'))
  })

  test('goes on after a stop without the run that it began with', async () => {
    await train({ steps: 4 }, { directory: at('dmd-fake'), resume: true })
    expect(vectorOf('dmd-fake', 'fake.parameters').every(Number.isFinite)).toBe(true)
  })

  test.each([
    [
      'an exact teacher',
      { teacher: 'exact' },
      'players.fake.start: the exact teacher is a closed form without parameters; use random, or train a teacher with --objective flow-matching',
    ],
    [
      'a map that there is not',
      { teacher: 'exact', players: { fake: { start: 'map' } } },
      'players.fake.start: map is the run of initFrom, and there is none; name one',
    ],
    [
      'a network of another size',
      { teacher: 'other' },
      /cannot start this run: network\.hidden is 9 there and 8 here/,
    ],
    [
      'a map in the place of a velocity',
      { teacher: 'exact', initFrom: 'map', players: { fake: { start: 'map' } } },
      /cannot start this run: network\.conditioning is "s,t" there and "s" here/,
    ],
    [
      'a start of the map itself',
      { teacher: 'exact', players: { map: { start: 'teacher' } } },
      'players.map.start: map of dmd cannot start from another run; use initFrom',
    ],
  ] as const)('refuses %s', async (_, { teacher, ...more }, message) => {
    const user: UserConfig = {
      ...{ objective: 'dmd', teacher: teacher === 'exact' ? teacher : at(teacher), steps: 2 },
      ...{ players: { fake: { start: 'teacher' } }, ...more },
      ...('initFrom' in more && { initFrom: at(more.initFrom) }),
    }
    await expect(trained('refused', user)).rejects.toThrow(message)
  })
})
