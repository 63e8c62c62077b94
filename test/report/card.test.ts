import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { recordedEvaluation, writeEvaluation } from '../../src/evaluation/evaluate.ts'
import { evaluateRun, train } from '../../src/index.ts'
import { writeCard } from '../../src/report/card.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const run = join(temporaryFolder('card'), 'ring')
const card = () => readFileSync(join(run, 'README.md'), 'utf8')
const frontMatter = () => parse(card().split('---\n')[1])
const request = { steps: [1], method: 'auto', count: 200, seed: 0, weights: ['ema'] } as const

test('a card shows the evaluation of the run as it is, and keeps its licence', async () => {
  await train({ ...tiny, steps: 4 }, { directory: run })
  expect(card()).not.toContain('## Metrics')
  writeEvaluation(run, await evaluateRun(run, request))
  writeCard(run, { license: 'mit' })
  expect(card()).toContain('## Metrics')
  expect(frontMatter()).toMatchObject({ license: 'mit', 'model-index': [{ name: 'ring' }] })
  expect(recordedEvaluation(run, request)?.trainedSteps).toBe(4)

  await train({ steps: 6 }, { directory: run, resume: true })
  expect(card()).toContain('6 steps, seed 0')
  expect(card()).not.toContain('## Metrics')
  expect(frontMatter()).toMatchObject({ license: 'mit' })
  expect(frontMatter()).not.toHaveProperty('model-index')
  expect(recordedEvaluation(run, request)).toBeUndefined()

  writeEvaluation(run, await evaluateRun(run, request))
  writeCard(run)
  expect(card()).toContain('## Metrics')
})
