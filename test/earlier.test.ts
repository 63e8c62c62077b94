import { cpSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { load, sample, train } from '../src/index.ts'
import { drawNoise } from '../src/sampler/sampler.ts'
import { decodeState } from '../src/studio/state.ts'
import { temporaryFolder } from './helpers/folder.ts'
import { metricsOf } from './helpers/training.ts'

const folder = temporaryFolder('earlier')
const RUNS = ['unfinished', 'players', 'learned']

/** Numbers of a CSV file of the version's own. */
const written = (file: string): number[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .flatMap(line => line.split(',').map(Number))

function expectNear(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length)
  expected.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 4)
  })
}

// Written by these commits with `oxbow train`, `export` and `sample --seed 1 --count 3`.
describe.each(['3966e29', '9099059'])('files of commit %s still open', commit => {
  const made = resolve('test/fixtures/earlier', commit)

  test.each(
    RUNS.flatMap(run =>
      ['', 'model.safetensors', 'model.onnx'].map(file => [join(run, file), `${run}.csv`] as const),
    ),
  )('%s samples as it did', async (file, samples) => {
    const map = await load(join(made, file))
    const { points } = await sample(map, drawNoise(3, 2, 1), { grid: [1, 0] })
    await map.close()
    expectNear(points, written(join(made, samples)))
  })

  test('weights beside their configuration sample as they did', async () => {
    const map = await load(join(made, 'exported/weights.safetensors'))
    const { points } = await sample(map, drawNoise(3, 2, 1), { grid: [1, 0] })
    await map.close()
    expectNear(points, written(join(made, 'unfinished.csv')))
  })

  test.each([
    ['unfinished', 'on.jsonl'],
    ['players', 'players-on.jsonl'],
    ['learned', 'learned-on.jsonl'],
  ])('%s goes on to the same numbers', async (run, line) => {
    const directory = join(folder, commit, run)
    cpSync(join(made, run), directory, { recursive: true })
    const data = run === 'learned' ? { data: { csv: { path: join(made, 'mine.csv') } } } : {}
    await train({ steps: 20, ...data }, { directory, resume: true })
    const { stepsPerSecond: _, ...expected } = JSON.parse(readFileSync(join(made, line), 'utf8'))
    const found = metricsOf(directory).at(-1)!
    expect(found.step).toBe(20)
    expect(found.loss).toBeCloseTo(expected.loss, 4)
    expect(found.gradientNorm).toBeCloseTo(expected.gradientNorm, 4)
  })

  test('links of the studio show what they showed', () => {
    const [first, jump, reward] = readFileSync(join(made, 'links.txt'), 'utf8')
      .trim()
      .split('\n')
      .map(decodeState)
    expect(first.view).toBe('train')
    expect(jump).toMatchObject({ view: 'jump', selected: 1, jump: { s: 0.8, t: 0.2, point: 3 } })
    expect(jump.runs[0]).toMatchObject({
      target: { name: 'two-moons' },
      stages: [
        { objective: 'flow-matching', steps: 200, keep: false },
        { objective: 'psd', steps: 100, keep: true },
      ],
    })
    expect(reward.runs[0].stages[0].tilt).toEqual({ center: [1, 2], scale: 1.5, beta: 3 })
  })
})
