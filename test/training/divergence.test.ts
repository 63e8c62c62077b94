import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { paths } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { train } from '../../src/training/train.ts'
import { DivergenceError } from '../../src/training/train-options.ts'
import { runHere, TINY } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('divergence')

test('a learning rate far too high stops the run, names the step and keeps what is needed to look into it', async () => {
  const directory = join(folder, 'wild')
  const error: Error = await train({ ...tiny, optimizer: { learningRate: 1e12 } }, { directory }).then(
    () => new Error('it did not stop'),
    reason => reason,
  )
  expect(error).toBeInstanceOf(DivergenceError)
  const [, step] = /^step (\d+): .*not finite; saved the state of step \d+ and the batch/.exec(error.message)!
  expect(error.message).toContain('a lower learning rate (now 1000000000000)')
  expect(error.message).toContain('--optimizer.clip 1')

  const { failedBatch } = paths(directory)
  expect(error.message).toContain(failedBatch)
  const { tensors, metadata } = decodeSafetensors(readFileSync(failedBatch), failedBatch)
  expect(metadata.step).toBe(step)
  const rows = Object.values(tensors).filter(({ shape }) => shape[1] === 2)
  expect(rows.reduce((total, { shape }) => total + shape[0], 0)).toBe(2 * tiny.batch)

  const saved = checkpointSteps(directory).at(-1)!
  expect(saved).toBeLessThan(Number(step))
  for (const { data } of Object.values(newestCheckpoint(directory))) {
    expect(data.every(Number.isFinite)).toBe(true)
  }
})

test('the command says so in one line and fails with 1', async () => {
  const out = join(folder, 'command')
  const args = ['train', ...TINY, '--steps', '2000', '--lr', '1e6', '--out', out]
  const { code, stdout, stderr } = await runHere([...args, '--json'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^oxbow: step \d+: [^\n]+ not finite; [^\n]+\n$/)
  expect(JSON.parse(stdout)).toEqual({ error: { code: 'diverged', message: stderr.slice(7, -1) } })
})

test('a sound learning rate does not', async () => {
  const { finished, loss } = await train({ ...tiny, steps: 50 }, { directory: join(folder, 'sound') })
  expect(finished).toBe(true)
  expect(Number.isFinite(loss)).toBe(true)
})

test.each([
  ['parameters of the last step', 'lsd', 1e39],
  ['averaged parameters, which no loss sees', 'flow-matching', 1e39],
])('%s that are not finite end without a model', async (_, objective, learningRate) => {
  const directory = join(folder, `last-${objective}`)
  const training = train({ ...tiny, objective, steps: 1, optimizer: { learningRate } }, { directory })
  await expect(training).rejects.toThrow(DivergenceError)
  await expect(training).rejects.toThrow(
    /^step 1: the \w+ ?\w* ?are no longer finite numbers; nothing was saved; train again into another --out with a lower/,
  )
  expect([checkpointSteps(directory), existsSync(paths(directory).model)]).toEqual([[], false])
})
