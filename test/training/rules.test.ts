import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { pointsDataset } from '../../src/data/in-memory.ts'
import { evaluateRun } from '../../src/evaluation/evaluate.ts'
import { random } from '../../src/random/random.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import { openTrainingData } from '../../src/training/data.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint, quick, stopAfter } from '../helpers/training.ts'

const folder = temporaryFolder('rules')
const at = (name: string) => join(folder, name)
const stream = random(2, 'months')
const months = Array.from({ length: 600 }, () => 1 + stream.integer(12))
const config = {
  ...quick,
  objective: 'flow-matching',
  network: { ...quick.network, conditioning: 's' },
  steps: 40,
} as const

/** Makes the record of a run that of one by version 0.1.0, which trained on the index and by other rows. */
async function makeOld(directory: string): Promise<void> {
  const { config: path } = paths(directory)
  const content = JSON.parse(readFileSync(path, 'utf8'))
  content.data.split = { training: 0, heldOut: 0 }
  content.data.columns = undefined
  content.data.dimension = 2
  content.data.standardization = { shift: [0, 0], scale: [1, 1] }
  writeFileSync(path, JSON.stringify(content))
}

test('a run of version 0.1.0 sees its rows and columns as it did', async () => {
  writeFileSync(
    at('months.csv'),
    `Unnamed: 0,month\n${months.map((month, i) => `${i % 3},${month}`).join('\n')}\n`,
  )
  await train({ ...config, data: at('months.csv'), steps: 1 }, { directory: at('old') })
  expect(readRecord(at('old')).data).toMatchObject({ dimension: 1, columns: ['month'], split: { rules: 3 } })
  await makeOld(at('old'))
  const record = readRecord(at('old'))
  const { dimension, split, warnings } = await openTrainingData(record.config, undefined, record.data)
  expect(dimension).toBe(2)
  expect(split!.rules).toBe(1)
  expect(warnings!.join()).toMatch(/frequent values? with \d+ of 600 rows never trained: \(\d, \d+\)/)
})

test('a run resumed on rows from a program needs the split that it began with, and is then one never stopped', async () => {
  const old = () => pointsDataset(months, { dimension: 1, rules: 1 })
  await train(config, { directory: at('whole'), data: old() })
  await train(config, { directory: at('parts'), data: old(), shouldStop: stopAfter(1) })
  await expect(
    train(config, { directory: at('parts'), data: pointsDataset(months, { dimension: 1 }), resume: true }),
  ).rejects.toThrow(/rows are held out, \d+ were when the run began; give the option rules: 1/)
  await train(config, { directory: at('parts'), data: old(), resume: true })
  expect(newestCheckpoint(at('parts'))).toEqual(newestCheckpoint(at('whole')))
})

test('where held-out rows are none that were trained on, nothing is called a floor', async () => {
  const request = { steps: [4], count: 500, seed: 0, method: 'auto', weights: ['ema'] } as const
  const measure = async (rules: 1 | 2) => {
    const data = pointsDataset(months, { dimension: 1, rules })
    const { rows, notes } = await evaluateRun(at('whole'), request, data)
    return { floor: rows[0].metrics.slicedWasserstein.floor, notes: notes.join() }
  }
  expect(await measure(1)).toMatchObject({ floor: null, notes: expect.stringContaining('no floors') })
  const now = await measure(2)
  expect(now.floor).toBeLessThan(0.5)
  expect(now.notes).not.toContain('no floors')
})
