import { expect, test } from 'vitest'
import { words } from '../../src/data/text/languages.ts'
import { random } from '../../src/random/random.ts'
import { measured } from '../../src/report/html.ts'
import { readingOf, runReading } from '../../src/report/reading.ts'
import { drawnTexts, inLine } from '../../src/report/text-samples.ts'
import { textSheet } from '../../src/report/text-sheet.ts'
import type { ComparisonData } from '../../src/report/types.ts'
import { example } from './example.ts'

const data = words()

function points(spoil: boolean): Float32Array {
  const out = new Float32Array(30 * data.dimension)
  data.sample(random(0, 'texts'), out)
  // The first letter of the first word becomes another, so that it is no word.
  if (spoil) out.copyWithin(0, 6, 12)
  return out
}

const metric = (name: string) => ({ name, label: name, floor: null })
const score = (mean: number) => ({ mean, sd: null, values: [mean] })

function report(): ComparisonData {
  const base = example()
  const samples = [{ steps: 1, points: points(true), texts: drawnTexts(data, points(true)) }]
  const values = {
    validity: score(0.97),
    perplexity: score(2),
    sequenceKL: score(0.5),
    distinct: score(0.25),
  }
  return {
    ...base,
    metrics: ['validity', 'perplexity', 'sequenceKL', 'distinct'].map(metric),
    methods: [{ ...base.methods[0], cells: [{ steps: 1, values }], samples }],
    referenceTexts: drawnTexts(data, points(false)),
  }
}

test('texts are those of the points, and marked where they are not in the language', () => {
  const real = drawnTexts(data, points(false))!
  expect(real).toHaveLength(20)
  expect(real.every(({ isValid }) => isValid)).toBe(true)
  const [spoilt, ...rest] = drawnTexts(data, points(true))!
  expect(spoilt.isValid).toBe(false)
  expect(spoilt.text).toBe(real[0].text[1] + real[0].text.slice(1))
  expect(rest).toEqual(real.slice(1))
  expect(drawnTexts({}, points(false))).toBeUndefined()
})

test('validity is shown with the divergence and the distinct share beside it', () => {
  const [results, samples, , others] = measured(report())
  const headings = results.parts.join('').match(/<caption>[^<]*/g)
  expect(headings).toHaveLength(3)
  expect(samples.parts[0]).toContain('sequenceKL 0.5')
  expect(samples.parts[0]).toContain('distinct 0.25')
  expect(samples.parts[0].match(/not in the language\)/g)).toHaveLength(1)
  expect(others.parts).toHaveLength(1)
  expect(runReading(report())).toMatch(/validity.*SequenceKL 0\.5.*Distinct 0\.25/s)
  expect(readingOf(report())).toMatch(/SequenceKL 0\.5.*Distinct 0\.25/s)
  expect(textSheet(report())).toContain('✗ ')
})

test('spaces at the ends of a text and new lines are seen', () => {
  expect(inLine(' a b  ')).toBe('·a b··')
  expect(inLine('a\nb')).toBe('a\\nb')
})
