import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../../src/cli/config-file.ts'
import { guidanceRecord } from '../../src/config/guidance.ts'
import { pointOf, resolveConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { fromVelocity } from '../../src/model/index.ts'
import { buildStep } from '../../src/training/step.ts'

const FOLDER = 'examples/images'
const files = readdirSync(FOLDER).filter(name => name.endsWith('.yaml'))
const configOf = (name: string) => resolveConfig(parse(readFileSync(`${FOLDER}/${name}`, 'utf8')))
const velocity = fromVelocity(x => x.neg())

/** What samplers are told of a map that such a training makes. */
const GUIDED: Readonly<Record<string, object>> = {
  'velocity.yaml': { applied: 'none', null: true },
  'meanflow.yaml': { applied: 'baked', scale: 2 },
  'self-distillation.yaml': { applied: 'baked', scale: 2 },
  'mid-training.yaml': { applied: 'baked', scale: 2 },
  'decoupled-meanflow.yaml': { applied: 'baked', scale: 2 },
  'tvm.yaml': { applied: 'baked', scale: 2 },
  'imf.yaml': { applied: 'input', range: [1, 8], input: 'complement' },
  'pixel-meanflow.yaml': { applied: 'input', range: [1, 8], input: 'complement' },
  'guidance-free.yaml': { applied: 'input', range: [1, 8], input: 'inverse' },
  'ayf.yaml': { applied: 'input', range: [1, 3], input: 'complement' },
}

describe('recipes for pictures', () => {
  test('are all known here', () => {
    expect([...files].sort()).toEqual(Object.keys(GUIDED).sort())
  })

  test.each(files)('%s finds the runs that its commands write from the root of the checkout', async name => {
    const { teacher, initFrom, guidance } = await readConfig(`${FOLDER}/${name}`)
    const { weak } = (guidance ?? {}) as { weak?: unknown }
    for (const run of [teacher, initFrom, weak]) {
      expect([undefined, 'runs/velocity', 'runs/weak']).toContain(run)
    }
  })

  test.each(files)('%s builds a training step, and records its guidance', name => {
    const config = configOf(name)
    const point = pointOf(config, generatedDataset('glyphs'))
    const step = buildStep(config, point, { teacher: velocity, pretrained: velocity, weak: velocity })
    expect(step.metrics).toContain('loss')
    expect(guidanceRecord(config)).toMatchObject(GUIDED[name])
  })
})
