import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { guidanceRecord } from '../../src/config/guidance.ts'
import type { UserConfig } from '../../src/config/index.ts'
import { readRecord } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { mixture, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('baked')
const at = (name: string) => join(folder, name)

const small = {
  ...tiny,
  data: mixture,
  objective: 'flow-matching',
  condition: { kind: 'class' },
  steps: 2,
} as const satisfies UserConfig

describe('a run that learns from a guided one', () => {
  const guided = at('guided')
  const student = { ...small, teacher: guided } as const
  const bakedOf = (name: string) => readRecord(at(name)).config.guidance.baked

  beforeAll(async () => {
    await train({ ...small, guidance: { rule: 'linear', scale: 3 } }, { directory: guided })
    const scales = { guidance: { rule: 'random' } } as const
    await train({ ...small, ...scales }, { directory: at('scales') })
  })

  test.each<[string, UserConfig, number | null]>([
    ['a distillation', { objective: 'lmd' }, 3],
    ['a velocity', { objective: 'teacher-velocity' }, 3],
    ['trajectories', { objective: 'cmt', coupling: { pairs: 8, steps: 2 } }, 3],
    [
      'pairs of another teacher',
      { objective: 'reflow', teacher: null, coupling: { teacher: guided, pairs: 8, steps: 2 } },
      3,
    ],
    ['a training that begins with it, on data', { teacher: null, initFrom: guided }, null],
    ['a copy of itself', { objective: 'psd', teacher: null, initFrom: guided, diagonal: { fraction: 0 } }, 3],
    ['its weights as they are', { objective: 'psd', teacher: null, initFrom: guided, steps: 0 }, 3],
    ['a teacher that is told scales, here none', { objective: 'lmd', teacher: at('scales') }, null],
    [
      'a teacher of its own',
      { objective: 'lmd', teacher: 'train', teacherTraining: { steps: 2, guidance: { rule: 'mix' } } },
      2,
    ],
    ['data alone', { teacher: null }, null],
  ])('%s', async (name, user, baked) => {
    await train({ ...student, ...user }, { directory: at(name) })
    expect(bakedOf(name)).toBe(baked)
  })

  test('and whoever learns from that', async () => {
    await train(
      { ...student, objective: 'lmd', teacher: at('a distillation') },
      { directory: at('grandchild') },
    )
    expect(bakedOf('grandchild')).toBe(3)
    const { config } = readRecord(at('grandchild'))
    expect(guidanceRecord(config)).toMatchObject({ applied: 'baked', scale: 3, null: true })
  })

  test.each<[UserConfig, RegExp]>([
    [
      { guidance: { rule: 'teacher' } },
      /^teacher: .*guided was itself trained with guidance, at the scale 3, and scales multiply; use guidance\.rule none, or an unguided run$/,
    ],
    [
      { guidance: { rule: 'teacher' }, teacher: at('scales') },
      /^teacher: .*scales was itself trained with guidance, on scales of 1 to 8, and scales multiply/,
    ],
    [
      { guidance: { rule: 'teacher' }, teacher: at('a distillation') },
      /^teacher: .*a distillation was itself trained with guidance, at the scale 3/,
    ],
    [
      { guidance: { rule: 'auto', weak: guided }, teacher: 'exact' },
      /^guidance\.weak: .*guided was itself trained with guidance, at the scale 3/,
    ],
    [
      { guidance: { rule: 'teacher' }, teacher: at('always told') },
      /^teacher: .*always told was never trained without the class; use --condition\.drop 0$/,
    ],
    [
      { guidance: { rule: 'teacher' }, teacher: at('always told'), condition: { kind: 'class', drop: 0 } },
      /^teacher: .*always told was trained with the class of every sample, but guidance also needs its unconditional velocity; train it with --condition\.drop 0\.1$/,
    ],
    [
      {
        guidance: { rule: 'teacher' },
        teacher: 'train',
        teacherTraining: { steps: 2, guidance: { rule: 'mix' } },
      },
      /^teacherTraining: guidance\.rule: the run guides its teacher by teacher, and scales multiply; use none, found mix$/,
    ],
    [
      { guidance: { rule: 'teacher' }, teacher: 'train', condition: { kind: 'class', drop: 0 } },
      /^guidance\.rule: teacher leads away from the teacher's velocity without its class, which condition\.drop 0 never trains/,
    ],
  ])('is not guided again: %j', async (user, message) => {
    const always = at('always told')
    if (!existsSync(always)) {
      await train({ ...small, condition: { kind: 'class', drop: 0 } }, { directory: always })
    }
    const run = train({ ...student, objective: 'lmd', ...user }, { directory: at('refused') })
    await expect(run).rejects.toThrow(message)
  })
})
