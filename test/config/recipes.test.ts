import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { teacherConfig } from '../../src/config/teacher-config.ts'
import { trainCommand } from '../../src/report/command.ts'
import { load } from '../../src/serialization/load.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { teacherDirectory } from '../../src/training/own-teacher.ts'
import { train } from '../../src/training/train.ts'
import type { Progress } from '../../src/training/train-options.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, mixture, newestCheckpoint, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('recipes')
const small: UserConfig = {
  data: mixture,
  network: { hidden: 16, layers: 1 },
  batch: 32,
  steps: 150,
  coupling: { steps: 8 },
}

describe('one-step', () => {
  test('is what a configuration without an objective is', () => {
    const config = resolveConfig({ data: 'ring' })
    expect(config).toEqual(resolveConfig({ data: 'ring', recipe: 'one-step' }))
    expect(config).toMatchObject({
      recipe: 'one-step',
      objective: 'cmt',
      teacher: 'train',
      initFrom: 'teacher',
    })
    expect(config.times.full).toBe(0.25)
    expect(resolveConfig(config)).toEqual(config)
  })

  test('leaves a named objective alone', () => {
    const config = resolveConfig({ objective: 'lsd' })
    expect(config).toMatchObject({ recipe: null, teacher: null, steps: 6000, times: { full: 0 } })
  })

  test('yields to what the user says', () => {
    const config = resolveConfig({ steps: 30, batch: 64, network: { hidden: 8 }, teacher: 'exact' })
    expect(config).toMatchObject({ teacher: 'exact', initFrom: null, network: { hidden: 8, layers: 4 } })
    expect(config.coupling.pairs).toBe(512)
    expect(resolveConfig({ steps: 6000 }).coupling.pairs).toBe(16_384)
  })

  test('takes the batch and the learning rate that suit a transformer, not those of its own network', () => {
    const network = { kind: 'dit' }
    const config = resolveConfig({ network })
    expect(config).toMatchObject({ recipe: 'one-step', batch: 64, optimizer: { learningRate: 1e-3 } })
    expect(config.coupling.pairs).toBe(32_768 / 8)
    expect(resolveConfig({ objective: 'flow-matching', network }).batch).toBe(64)
    expect(resolveConfig({ objective: 'flow-matching', network, batch: 7 }).batch).toBe(7)
    expect(resolveConfig({}).optimizer.learningRate).toBe(4e-3)
  })

  test.each([
    [{ recipe: 'one-step', objective: 'lsd' }, 'recipe: one-step trains cmt, found the objective "lsd"'],
    [{ recipe: 'one' }, 'recipe: expected one of one-step; found "one"'],
    [
      { objective: 'lsd', teacherTraining: { steps: 3 } },
      'teacherTraining: this run does not train a teacher',
    ],
    [
      { objective: 'lsd', initFrom: 'teacher' },
      'initFrom: "teacher" is the teacher that this run trains first',
    ],
    [{ objective: 'ct', times: { full: 0.5 } }, 'times.full: ct only draws one of its two times'],
    [{ objective: 'flow-matching', times: { full: 0.5 } }, 'times.full: flow-matching trains no jumps'],
  ] as [UserConfig, string][])('%j is refused', (config, message) => {
    expect(() => resolveConfig(config)).toThrow(message)
  })

  test.each([
    [{ data: 'ring' }, "teacherTraining.data: is the run's own"],
    [{ stepz: 3 }, 'teacherTraining: unknown key stepz'],
    [{ steps: -3 }, 'teacherTraining: steps: '],
  ])('%j is refused before anything is written', async (teacherTraining, message) => {
    const directory = join(folder, 'refused')
    await expect(train({ ...small, teacherTraining }, { directory })).rejects.toThrow(message)
    expect(existsSync(directory)).toBe(false)
  })

  test('writes itself as a command', () => {
    const config = resolveConfig({ data: 'ring', steps: 900 })
    const command = 'oxbow train --data ring --recipe one-step --steps 900 --seed 0 --out r'
    expect(trainCommand(config, 'r')).toBe(command)
  })
})

describe('a run that trains its own teacher', () => {
  const straight = join(folder, 'straight')
  const stages: (string | undefined)[] = []
  beforeAll(async () => {
    const onProgress = ({ stage }: Progress) => stages.push(stage)
    const result = await train(small, { directory: straight, onProgress })
    expect(result).toMatchObject({ steps: 150, finished: true })
  })

  const files = (directory: string) =>
    [paths(directory).model, paths(teacherDirectory(directory)).model].map(file => readFileSync(file))

  const expectSame = (directory: string) => {
    expect(files(directory)).toEqual(files(straight))
    expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(straight))
    expect(metricsOf(directory)).toEqual(metricsOf(straight))
  }

  test('trains a velocity of the same size, two thirds as long, and begins with it', () => {
    const own = readRecord(teacherDirectory(straight)).config
    expect(own).toMatchObject({ objective: 'flow-matching', steps: 100, batch: 32, teacher: null })
    expect(own.network).toMatchObject({ hidden: 16, layers: 1, conditioning: 's' })
    expect(stages).toEqual(['teacher', 'teacher', undefined, undefined, undefined])
  })

  test('says nothing of where it lies: the folder may move', async () => {
    const directory = join(folder, 'before')
    const moved = join(folder, 'after')
    await train(small, { directory, shouldStop: stopAfter(7) })
    renameSync(directory, moved)
    await train({}, { directory: moved, resume: true })
    expectSame(moved)
  })

  // A chunk is 25 steps, after a first single one: within the teacher, at its end, and within the run.
  test.each([0, 2, 5, 8])('stopped after %d chunks, goes on to the same bytes', async chunks => {
    const directory = join(folder, `stopped-${chunks}`)
    const result = await train(small, { directory, shouldStop: stopAfter(chunks) })
    expect(result.finished).toBe(false)
    await train({}, { directory, resume: true })
    expectSame(directory)
  })

  test('can be stopped while its trajectories are solved', async () => {
    const directory = join(folder, 'solving')
    const config = { ...small, teacher: 'exact', coupling: { pairs: 9000, steps: 2 } }
    const result = await train(config, { directory, shouldStop: stopAfter(0) })
    expect(result).toMatchObject({ steps: 0, finished: false })
    expect(existsSync(join(directory, 'coupling.safetensors'))).toBe(false)
    expect(await train({}, { directory, resume: true })).toMatchObject({ steps: 150, finished: true })
  })

  test('needs its teacher no more once it has begun', async () => {
    const directory = join(folder, 'alone')
    await train(small, { directory, shouldStop: stopAfter(9) })
    rmSync(teacherDirectory(directory), { recursive: true })
    await train({}, { directory, resume: true })
    expect(readFileSync(paths(directory).model)).toEqual(readFileSync(paths(straight).model))
  })

  test('is a model as any other', async () => {
    const map = await load(straight)
    expect((await map.jump(new Float32Array([0.5, 0.5]), 1, 0)).length).toBe(2)
    await map.close()
    expect(readModel(straight).config.objective).toBe('cmt')
  })

  test('gives a flow map to an objective that learns from one', () => {
    const config = resolveConfig({ objective: 'pfmm', teacher: 'train' })
    expect(teacherConfig(config).objective).toBe('psd')
  })

  test('takes keys of its own', () => {
    const teacherTraining = { steps: 7, optimizer: { learningRate: 0.5 } }
    const config = resolveConfig({ ...small, teacherTraining })
    expect(teacherConfig(config)).toMatchObject({ steps: 7, optimizer: { learningRate: 0.5, name: 'adam' } })
  })
})
