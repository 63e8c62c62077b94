import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { fillOneHot } from '../../../src/data/text/one-hot.ts'
import { prepareMetrics } from '../../../src/metric/prepare.ts'
import { allMetrics } from '../../../src/metric/table.ts'
import { textMetrics } from '../../../src/metric/text/catalogue.ts'
import { random } from '../../../src/random/random.ts'

const drawn = (name: string, count: number, seed = 9): Float32Array => {
  const { sample, dimension } = generatedDataset(name)
  const out = new Float32Array(count * dimension)
  sample(random(seed, 'samples'), out)
  return out
}

describe.each(['words', 'sums', 'arithmetic', 'grammar', 'markov'])('of %s', name => {
  const dataset = generatedDataset(name)
  const measures = prepareMetrics(dataset, { count: 1000 })
  const found = measures.estimate(drawn(name, 1000))

  test('all that it can be measured by is, within its range', () => {
    const expected = Object.keys(textMetrics).filter(
      metric => metric !== 'novelty' && (dataset.language!.law || !metric.startsWith('sequence')),
    )
    expected.push('commitment')
    expect(Object.keys(found)).toEqual(expected)
    for (const [metric, { value, interval }] of Object.entries(found)) {
      const [least, greatest] = allMetrics[metric].range
      expect(value).toBeGreaterThanOrEqual(least)
      expect(value).toBeLessThanOrEqual(greatest)
      expect(interval[0]).toBeLessThanOrEqual(value + 1e-12)
      expect(interval[1]).toBeGreaterThanOrEqual(value - 1e-12)
    }
  })

  test('data is at its floors, and noise is not', () => {
    const { floors } = measures
    for (const [metric, { value }] of Object.entries(found)) {
      const { low, high } = floors[metric]
      const room = Math.max(high - low, 1e-9)
      expect(value).toBeGreaterThan(low - room)
      expect(value).toBeLessThan(high + room)
    }
    const source = random(1, 'noise')
    const { length, alphabet } = dataset.text!
    const symbols = Uint16Array.from({ length: 1000 * length }, () => source.integer(alphabet.length))
    const noise = new Float32Array(symbols.length * alphabet.length)
    fillOneHot(symbols, alphabet.length, noise)
    const ofNoise = measures.estimate(noise)
    for (const metric of ['validity', 'sequenceKL', 'sequenceTV', 'perplexity', 'ngramJS3']) {
      if (!(metric in ofNoise)) continue
      const { low, high } = floors[metric]
      const { value } = ofNoise[metric]
      expect([metric, value < low - 1e-9 || value > high + 1e-9]).toEqual([metric, true])
    }
  })
})

test('the same seed gives the same numbers, and another other ones', () => {
  const of = (seed: number) => prepareMetrics(generatedDataset('words'), { count: 200, seed }).floors
  expect(of(1)).toEqual(of(1))
  expect(of(1)).not.toEqual(of(2))
})

test.each([
  [
    { count: 10, names: ['validty'] },
    'unknown metric "validty"; did you mean "validity"? (known: validity, ',
  ],
  [{ count: 10, names: ['novelty'] }, 'metric novelty needs training rows, and words has none'],
  [{ count: 1 }, 'metric count: expected a whole number of at least 2, found 1'],
])('%j is refused', (options, message) => {
  expect(() => prepareMetrics(generatedDataset('words'), options)).toThrow(message)
})
