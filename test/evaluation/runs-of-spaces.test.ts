import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { type EvaluationRequest, evaluateRun } from '../../src/evaluation/evaluate.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('runs-of-spaces')
const request: EvaluationRequest = { steps: [1, 8], method: 'auto', count: 600, seed: 0, weights: ['ema'] }

async function trained(name: string, config: UserConfig): Promise<string> {
  const directory = join(folder, name)
  await train({ batch: 128, optimizer: { learningRate: 2e-3 }, seed: 1, ...config }, { directory })
  return directory
}

describe('a run of text', () => {
  const text: UserConfig = { data: 'words', network: { hidden: 64 }, steps: 300 }

  test('is measured as text, its floors those of the language, and beside the exact flow', async () => {
    const { rows } = await evaluateRun(await trained('words', { ...text, objective: 'psd-simplex' }), request)
    const [one, eight] = rows.map(({ metrics }) => metrics)
    expect(one.validity.floor).toBe(1)
    expect(eight.validity.value!).toBeGreaterThan(0.4)
    expect(one.trajectoryError.floor).toBe(0)
    // Two points of four symbols each are at most the root of 8 apart.
    expect(one.trajectoryError.value!).toBeLessThan(Math.sqrt(8))
    expect(Object.keys(one)).toEqual([
      ...['validity', 'sequenceKL', 'sequenceTV', 'perplexity', 'sampleEntropy', 'distinct'],
      ...['ngramJS1', 'ngramJS2', 'ngramJS3', 'commitment', 'trajectoryError'],
    ])
  })

  test('learns from the exact velocity of its language', async () => {
    const taught: UserConfig = {
      ...text,
      objective: 'psd-simplex',
      teacher: 'exact',
      diagonal: { objective: 'teacher-velocity' },
    }
    const { rows } = await evaluateRun(await trained('taught', taught), request)
    expect(rows[1].metrics.validity.value!).toBeGreaterThan(0.4)
  })

  test('has no exact teacher where its law is not known', async () => {
    const file = join(folder, 'lines.txt')
    writeFileSync(file, Array.from({ length: 60 }, (_, i) => `${i % 7}a${i % 5}`).join('\n'))
    await expect(
      trained('unknown', {
        ...text,
        data: file,
        objective: 'psd-simplex',
        teacher: 'exact',
        diagonal: { objective: 'teacher-velocity' },
      }),
    ).rejects.toThrow('teacher: exact needs a Gaussian mixture or a language with a known distribution')
  })
})

describe('a run on the sphere', () => {
  test('has the likelihood of its flow beside that of the data', async () => {
    const run = await trained('sphere', {
      data: 'sphere-vmf',
      objective: 'rfm',
      network: { hidden: 64, layers: 3 },
      steps: 500,
    })
    const { maps, rows } = await evaluateRun(run, { ...request, count: 300, metrics: ['quick', 'flowNLL'] })
    const { value, floor } = maps[0].metrics.flowNLL
    expect(Object.keys(rows[0].metrics)).toEqual(['offData', 'energyDistance'])
    // Above that of the data, and below that of the uniform law.
    expect(value!).toBeGreaterThan(floor! - 0.1)
    expect(value!).toBeLessThan(Math.log(4 * Math.PI) - 0.5)
  })

  test('of a file of places begins by --space, which is part of its data', async () => {
    const file = join(folder, 'places.csv')
    const rows = Array.from({ length: 80 }, (_, i) => `${10 + (i % 9)},${20 + (i % 11)}`)
    writeFileSync(file, ['latitude,longitude', ...rows].join('\n'))
    const run = await trained('places', { data: file, space: 'sphere', objective: 'g-psd', steps: 20 })
    const { data } = await evaluateRun(run, { ...request, count: 50 })
    expect([data.space, data.dimension]).toEqual(['sphere', 3])
    await expect(trained('flat', { data: 'ring', space: 'sphere', steps: 20 })).rejects.toThrow(
      'space: ring lives in flat space, which is part of the data; found "sphere"',
    )
  })
})
