import { describe, expect, test } from 'vitest'
import { ConfigError, resolveConfig } from '../../src/config/index.ts'
import { readRecord } from '../../src/serialization/run.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('aliases')
const run = `${folder}/run`

describe("names of other libraries' settings", () => {
  test('are understood in train and sample', async () => {
    const theirs = [
      '--learning_rate',
      '5e-3',
      '--iterations=7',
      '--weight-decay',
      '0.25',
      '--max-grad-norm',
      '2',
    ]
    const trained = await runHere(['train', '--objective', 'psd', ...TINY, ...theirs, '--output-dir', run])
    expect(trained.code, trained.stderr).toBe(0)
    const { config } = readRecord(run)
    expect(config).toMatchObject({ steps: 7, optimizer: { learningRate: 5e-3, weightDecay: 0.25, clip: 2 } })
    const drawn = await runHere(['sample', run, '--num-samples', '11', '--num-inference-steps', '2'])
    expect(drawn.stdout).toContain('11 points, 2 jump steps')
  })

  test('an option of the command itself is what it says', async () => {
    const { stderr } = await runHere(['sample', run, '--count', 'x', '--steps', '1'])
    expect(stderr).toContain('--count')
  })

  test('epochs are answered by steps', async () => {
    const { code, stderr } = await runHere(['train', '--epochs', '3'])
    expect(code).toBe(2)
    expect(stderr).toContain('use --steps')
  })

  test('in a comparison iterations are those of its trainings', async () => {
    const { stderr } = await runHere([
      'compare',
      '--iterations',
      'many',
      '--objectives',
      'psd',
      '--out',
      `${folder}/c`,
    ])
    expect(stderr).toContain('steps: expected')
    expect(stderr).not.toContain('--steps')
  })
})

test.each([
  ['optimizer', { optimizer: { lr: 3 } }, 'optimizer.learningRate'],
  ['top level', { lr: 3 }, 'optimizer.learningRate'],
  ['batch', { batchSize: 3 }, 'batch'],
  ['a leaf elsewhere', { network: { clip: 3 } }, 'optimizer.clip'],
])('a configuration with a name of others, at %s, is answered by ours', (_, given, ours) => {
  expect(() => resolveConfig({ data: 'ring', objective: 'psd', ...given } as never)).toThrow(ConfigError)
  expect(() => resolveConfig({ data: 'ring', objective: 'psd', ...given } as never)).toThrow(
    `did you mean ${ours}?`,
  )
})
