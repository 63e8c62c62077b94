import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { readRecord } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import type { TrainOptions } from '../../src/training/train-options.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('moved')
let projects = 0

const rows = (shift = 0) =>
  ['x,y', ...Array.from({ length: 60 }, (_, i) => `${Math.sin(i) + shift},${Math.cos(i * i)}`)].join('\n')

/** A folder of a project with data and an untouched name to move it to. */
function project(): { at: string; moved: string; data: string } {
  const at = join(folder, `project-${projects}`)
  mkdirSync(at)
  writeFileSync(join(at, 'd.csv'), rows())
  return { at, moved: join(folder, `moved-${projects++}`), data: join(at, 'd.csv') }
}
const small = { ...tiny, steps: 2 } as const
const more = (directory: string, user: UserConfig = {}, options: Partial<TrainOptions> = {}) =>
  train({ steps: 4, ...user }, { directory, resume: true, ...options })

test('a run is resumed and measured where its folder was moved with the data, which is then recorded', async () => {
  const { at, moved, data } = project()
  await train(
    { ...small, data: { csv: { path: data, columns: ['x', 'y'] } } },
    { directory: join(at, 'runs/r') },
  )
  renameSync(at, moved)
  const run = join(moved, 'runs/r')
  const request = { steps: [1], count: 50, seed: 0, method: 'auto', weights: ['ema'] } as const
  const { data: measured } = await evaluateRun(run, { ...request, metrics: ['slicedWasserstein'] })
  expect(measured.fingerprint).toEqual(readRecord(run).data.fingerprint)
  expect((await more(run)).steps).toBe(4)
  expect(readRecord(run).config.data).toEqual({ csv: { path: join(moved, 'd.csv'), columns: ['x', 'y'] } })
})

test('where the data at the old place has changed, the same data beside the copy is taken', async () => {
  const { at, moved, data } = project()
  const directory = join(at, 'r')
  await train({ ...small, data }, { directory })
  mkdirSync(moved)
  renameSync(directory, join(moved, 'r'))
  const right = readFileSync(data)
  for (const [i, path] of [data, join(moved, 'd.csv')].entries()) writeFileSync(path, rows(i + 1))
  await expect(more(join(moved, 'r'))).rejects.toThrow(/r: the data has changed since the run was started/)
  writeFileSync(join(moved, 'd.csv'), right)
  expect((await more(join(moved, 'r'))).steps).toBe(4)
})

describe('data named anew on resume', () => {
  test('is taken where its bytes are the same, whatever its name', async () => {
    const { at, moved, data } = project()
    const directory = join(at, 'r')
    await train({ ...small, data: { csv: { path: data, columns: ['y', 'x'] } } }, { directory })
    mkdirSync(moved)
    const other = join(moved, 'other.csv')
    renameSync(data, other)
    await expect(more(directory)).rejects.toThrow(/d\.csv: no such file; .* name it with --data/)
    expect((await more(directory, { data: other })).steps).toBe(4)
    expect(readRecord(directory).config.data).toEqual({ csv: { path: other, columns: ['y', 'x'] } })
  })

  test('is refused where they are others, or are read otherwise', async () => {
    const { at, data } = project()
    const directory = join(at, 'r')
    await train({ ...small, data }, { directory })
    const other = join(at, 'other.csv')
    writeFileSync(other, rows(1))
    await expect(more(directory, { data: other })).rejects.toThrow(
      /^data: cannot change when a run is resumed: .*other\.csv is other data than the run's \(sha256 \w{12}\.\.\., recorded \w{12}/,
    )
    await expect(more(directory, { data: 'ring' })).rejects.toThrow(/ring is other data/)
    const part = { csv: { path: data, columns: ['x'] } }
    await expect(more(directory, { data: part })).rejects.toThrow(/is read with other options/)
  })
})

test('a teacher that was moved too is found, and told', async () => {
  const { at, moved, data } = project()
  const velocity = {
    ...small,
    data,
    objective: 'flow-matching',
    network: { ...tiny.network, conditioning: 's' },
  }
  await train(velocity as UserConfig, { directory: join(at, 'teacher') })
  const student = { ...small, data, objective: 'lmd', teacher: join(at, 'teacher') }
  await train(student, { directory: join(at, 'student') })
  renameSync(at, moved)
  const told: string[] = []
  await more(join(moved, 'student'), {}, { onStart: lines => told.push(...lines) })
  expect(told).toContain(`teacher: ${join(at, 'teacher')} is gone; taken from ${join(moved, 'teacher')}`)
  expect(readRecord(join(moved, 'student')).config.teacher).toBe(join(moved, 'teacher'))
})

test('and so is the weaker model that a run is guided away from', async () => {
  const { at, moved } = project()
  const classes = { ...small, condition: { kind: 'class' }, objective: 'flow-matching' } as const
  await train(classes, { directory: join(at, 'weak') })
  const cwd = process.cwd()
  process.chdir(at)
  try {
    const guidance = { rule: 'auto', weak: 'weak' } as const
    await train({ ...classes, teacher: 'exact', guidance }, { directory: 'guided' })
  } finally {
    process.chdir(cwd)
  }
  expect(readRecord(join(at, 'guided')).config.guidance.weak).toBe(join(at, 'weak'))
  renameSync(at, moved)
  const told: string[] = []
  await more(join(moved, 'guided'), {}, { onStart: lines => told.push(...lines) })
  expect(told).toContain(`guidance.weak: ${join(at, 'weak')} is gone; taken from ${join(moved, 'weak')}`)
})

describe('--config', () => {
  const options = ['--steps', '2']
  const dataOf = (run: string) => readRecord(run).config.data

  test('takes the config.json of a run, also of one that was moved with its data', async () => {
    const { at, moved, data } = project()
    await train({ ...small, data, seed: 5 }, { directory: join(at, 'r') })
    renameSync(at, moved)
    const out = join(moved, 'again')
    const { stderr } = await runHere(['train', '--config', join(moved, 'r/config.json'), '--out', out])
    expect(stderr).toBe('')
    expect(dataOf(out)).toBe(join(moved, 'd.csv'))
    expect(readRecord(out).config.seeds.data).toBe(5)
    expect(readFileSync(join(out, 'model.safetensors')).length).toBeGreaterThan(0)
  })

  test('has its relative paths from its own folder, whatever the current one', async () => {
    const { at } = project()
    const size = 'batch: 32\nnetwork: {hidden: 16, layers: 1}\n'
    const write = (name: string, text: string) => writeFileSync(join(at, name), `${text}\n${size}`)
    write('velocity.yaml', 'data: d.csv\nobjective: flow-matching')
    write('map.yaml', 'data: {csv: {path: ./d.csv}}\nobjective: lmd\nteacher: velocity\ninitFrom: velocity')
    for (const name of ['velocity', 'map']) {
      const words = ['train', '--config', join(at, `${name}.yaml`), '--out', join(at, name), ...options]
      const outcome = await runHere(words)
      expect(outcome).toMatchObject({ code: 0, stderr: '' })
    }
    const { config } = readRecord(join(at, 'map'))
    expect(config.data).toEqual({ csv: { path: join(at, 'd.csv') } })
    expect([config.teacher, config.initFrom]).toEqual([join(at, 'velocity'), join(at, 'velocity')])
  })
})
