import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type ModelCardData, modelCard } from '../../src/report/model-card.ts'
import { example } from './example.ts'

const card: ModelCardData = {
  name: 'ring-lsd',
  run: 'runs/my ring',
  version: '0.1.0',
  objective: { id: 'lsd', label: 'Lagrangian self-distillation', paper: 'Boffi et al., arXiv:2505.18825' },
  dataset: { name: 'ring', dimension: 3, fingerprint: 'sha256:abc' },
  parameters: 76418,
  steps: 6000,
  seed: 4,
  config: { network: { hidden: 192, note: 'a | b' }, times: [0.05, 1], nothing: undefined, teacher: null },
  command: 'oxbow train --data ring',
  evaluation: example(),
}

const text = modelCard(card)
const frontMatter = (of: string) => parse(of.match(/^---\n([\s\S]*?)\n---\n/)![1])

describe('modelCard', () => {
  it('begins with front matter for the hub; the pipeline only for images, the licence only where one is given', () => {
    const bare = { ...card, evaluation: undefined }
    expect(frontMatter(modelCard(bare))).toEqual({
      library_name: 'oxbow',
      tags: ['flow-map', 'one-step-generation', 'onnx', 'lsd'],
    })
    expect(frontMatter(modelCard({ ...bare, license: 'cc-by-4.0' })).license).toBe('cc-by-4.0')
    const images = modelCard({ ...card, dataset: { ...card.dataset, image: [8, 8, 1] } })
    expect(frontMatter(images).pipeline_tag).toBe('unconditional-image-generation')
  })

  it('has each measured value in the form of an evaluation result of the hub', () => {
    const { 'model-index': index, ...rest } = frontMatter(text)
    expect(rest).not.toHaveProperty('license')
    const [{ name, results }] = index
    expect([index.length, name, results.length]).toEqual([1, 'ring-lsd', 1])
    expect(results[0].dataset).toEqual({ type: 'ring', name: 'ring' })
    expect(results[0].task).toEqual({ type: 'other', name: 'unconditional generation' })
    const { methods, metrics } = example()
    const values = methods.flatMap(({ label, cells }) =>
      cells.flatMap(({ steps, values }) =>
        metrics.flatMap(metric => {
          const { mean } = values[metric.name] ?? {}
          if (mean === undefined || !Number.isFinite(mean)) return []
          const named = `${metric.label}, ${steps} step${steps === 1 ? '' : 's'}, ${label}`
          return [{ type: metric.name, name: named, value: mean }]
        }),
      ),
    )
    expect(values.length).toBeGreaterThan(3)
    expect(results[0].metrics).toEqual(values)
  })

  it('says what a map is told, and is not called unconditional then', () => {
    const names = Array.from({ length: 10 }, (_, k) => `digit_${k}`)
    const pictures = { ...card, dataset: { ...card.dataset, image: [8, 8, 1] as const } }
    const digits = modelCard({ ...pictures, condition: { kind: 'class', names, none: true } })
    expect(digits.replace('; it is also unconditional.', '')).not.toContain('unconditional')
    expect(digits).toContain('It is conditional on the class, one of 10 (digit\\_0, ')
    expect(digits).toContain('; it is also unconditional.')
    const { tags, pipeline_tag, 'model-index': index } = frontMatter(digits)
    expect([tags.at(-1), pipeline_tag]).toEqual(['class-conditional', undefined])
    expect(index[0].results[0].task).toEqual({ type: 'other', name: 'class-conditional image generation' })
    const range = { minimum: [0, 0], maximum: [1, 1] }
    const columns = ['hour', 'latitude']
    const weather = modelCard({
      ...card,
      condition: { kind: 'vector', size: 2, columns, ...range, none: false },
    })
    expect(weather.replace('; it is not unconditional,', '')).not.toContain('unconditional')
    expect(weather).toContain(
      'It is conditional on a vector of 2 numbers (hour, latitude); it is not unconditional',
    )
    expect(text).not.toContain('It is conditional')
  })

  it('says what a map of pictures and of scales takes', () => {
    const of = modelCard({ ...card, scales: [1, 8], dataset: { ...card.dataset, image: [28, 28, 1] } })
    expect(of).toContain('`x [batch, 28, 28, 1]`')
    expect(of).toContain('standard_normal((batch, 28, 28, 1))')
    expect(of).toContain('batch, steps = 64, 1')
    expect(of).toContain('`w [batch]`, float32, is the guidance scale, from 1 (none is 1) to 8.')
    expect(of).toContain('"t": np.full(batch, t), "w": np.full(batch, 1, dtype=np.float32)}')
  })

  it('says how to sample, with the dimension and a quoted path', () => {
    expect(text).toContain("oxbow sample 'runs/my ring' --steps 1")
    expect(text).toContain('standard_normal((batch, 3))')
    expect(text).toContain('`x [batch, 3]`')
    expect(text).toContain('session.run(["y"], feeds)')
  })

  it('lists the configuration by dotted keys, one row each', () => {
    expect(text).toContain('| `network.hidden` | `192` |')
    expect(text).toContain('| `network.note` | `a \\| b` |')
    expect(text).toContain('| `times` | `[0.05,1]` |')
    expect(text).toContain('| `teacher` | `null` |')
    expect(text).not.toContain('nothing')
  })

  it('gives metrics with their floor, or no heading for them', () => {
    expect(text).toContain('| *noise floor* | 0.150 (0.100 to 0.210)')
    expect(modelCard({ ...card, evaluation: undefined })).not.toContain('## Metrics')
  })

  it('keeps a hostile name a heading and a hostile command a block', () => {
    const hostile = modelCard({ ...card, name: 'a\n# <b>', command: 'echo ```\n```' })
    expect(hostile).toContain('# a \\# \\<b\\>')
    expect(hostile).toContain('````sh\necho ```\n```\n````')
  })
})
