import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { distinct } from '../../../src/metric/text/distinct.ts'
import { fitNGram } from '../../../src/metric/text/n-gram.ts'
import { ngramJS } from '../../../src/metric/text/n-gram-divergence.ts'
import { novelty } from '../../../src/metric/text/novelty.ts'
import { perplexity } from '../../../src/metric/text/perplexity.ts'
import { sampleEntropy } from '../../../src/metric/text/sample-entropy.ts'
import { countSequences, sequenceKL, sequenceTV } from '../../../src/metric/text/sequence-law.ts'
import { countKeys, type TokenRows } from '../../../src/metric/text/token-rows.ts'
import { validity } from '../../../src/metric/text/validity.ts'
import { markovLogProbability } from '../../../src/model/categorical/markov-law.ts'
import { random } from '../../../src/random/random.ts'

const rows = (...sequences: number[][]): TokenRows => ({
  tokens: Uint16Array.from(sequences.flat()),
  length: sequences[0].length,
})
const { log, sqrt, exp } = Math

const law = {
  sequences: [
    [0, 1],
    [1, 0],
  ],
  probabilities: [0.25, 0.75],
}

test('validity is the share within the language', () => {
  const { value, interval } = validity(rows([0, 1], [1, 1], [1, 0], [0, 0]), row => row[0] !== row[1])
  expect(value).toBe(0.5)
  expect(interval[0]).toBeLessThan(0.5)
  expect(interval[1]).toBeGreaterThan(0.5)
})

test('no rows, and rows that are not whole, are refused', () => {
  expect(() => validity({ tokens: new Uint16Array(0), length: 2 }, () => true)).toThrow(
    'expected sequences of 2 symbols, found 0 symbols',
  )
  expect(() => distinct({ tokens: new Uint16Array(3), length: 2 })).toThrow('found 3 symbols')
})

describe('the law of whole sequences', () => {
  const counts = countSequences(rows([0, 1], [1, 0], [1, 0], [1, 1]), law)

  test('is counted, with what is outside of it', () => {
    expect([...counts]).toEqual([1, 2, 1])
  })

  test('sequenceKL has half a count more of each sequence, and none of what is outside', () => {
    expect(sequenceKL(counts, law).value).toBeCloseTo(0.25 * log(0.25 / 0.375) + 0.75 * log(0.75 / 0.625), 14)
  })

  test('sequenceTV counts what is outside', () => {
    expect(sequenceTV(counts, law).value).toBeCloseTo((0 + 0.25 + 0.25) / 2, 14)
    expect(sequenceTV(countSequences(rows([1, 1]), law), law).value).toBe(1)
    expect(sequenceTV(Float64Array.of(1, 3, 0), law).value).toBe(0)
  })

  test('intervals hold the value of many samples 95 times of 100', () => {
    const chosen = { sequences: law.sequences, probabilities: [0.6, 0.4] }
    const source = random(1, 'law')
    const truth = [0.25 * log(0.25 / 0.6) + 0.75 * log(0.75 / 0.4), 0.35]
    const held = [0, 0]
    for (let i = 0; i < 400; i++) {
      const drawn = Array.from({ length: 400 }, () => chosen.sequences[Number(source.uniform() > 0.6)])
      const found = countSequences(rows(...drawn), law)
      for (const [k, { interval }] of [sequenceKL(found, law), sequenceTV(found, law)].entries()) {
        if (interval[0] <= truth[k] && truth[k] <= interval[1]) held[k]++
      }
    }
    for (const times of held) expect(Math.abs(times / 400 - 0.95)).toBeLessThan(0.035)
  })

  test('a collapse to the likeliest sequence is seen, though all of it is valid', () => {
    const { language, text } = generatedDataset('words')
    const one = language!.law!.sequences[7]
    const collapsed = rows(...Array.from({ length: 500 }, () => [...one]))
    const fair = { tokens: new Uint16Array(500 * text!.length), length: text!.length }
    text!.tokens.sample(random(1, 'fair'), fair.tokens)
    const kl = (samples: TokenRows) =>
      sequenceKL(countSequences(samples, language!.law!), language!.law!).value
    expect(validity(collapsed, language!.isValid).value).toBe(1)
    expect(kl(collapsed)).toBeGreaterThan(3)
    expect(kl(fair)).toBeLessThan(0.03)
    expect(distinct(collapsed).value).toBeCloseTo(1 / 500, 12)
  })
})

describe('perplexity', () => {
  const file = new URL('../../fixtures/golden-spaces/exact-markov.json', import.meta.url)
  const { start, transition, sequences, ...known } = JSON.parse(readFileSync(file, 'utf8'))
  const chain = { initial: start as number[], transition: transition as number[][] }

  test('under a chain is that of the fixture, as is the entropy', () => {
    const found = perplexity(rows(...sequences), row => markovLogProbability(chain, row))
    expect(found.value).toBeCloseTo(known.perplexity, 9)
    const mean = known.sampleEntropy.reduce((a: number, b: number) => a + b, 0) / sequences.length
    expect(sampleEntropy(rows(...sequences)).value).toBeCloseTo(mean, 12)
    const turned = { initial: chain.initial, transition: chain.transition.toReversed() }
    const other = perplexity(rows(...sequences), row => markovLogProbability(turned, row))
    expect(Math.abs(other.value - known.perplexity)).toBeGreaterThan(0.01)
  })

  test('of the data is exp of the entropy for each symbol, and that of the likeliest sequence is lower', () => {
    const { language, text } = generatedDataset('markov')
    const { chain } = language!
    const step = -0.6 * log(0.6) - 0.4 * log(0.2)
    const truth = exp((log(8) + 15 * step) / 16)
    const source = random(1, 'markov')
    let held = 0
    for (let i = 0; i < 400; i++) {
      const tokens = new Uint16Array(100 * text!.length)
      text!.tokens.sample(source, tokens)
      const { interval } = perplexity({ tokens, length: 16 }, row => markovLogProbability(chain!, row))
      if (interval[0] <= truth && truth <= interval[1]) held++
    }
    expect(Math.abs(held / 400 - 0.95)).toBeLessThan(0.035)
    const likeliest = rows(Array.from({ length: 16 }, (_, l) => l % 8))
    expect(perplexity(likeliest, row => markovLogProbability(chain!, row)).value).toBeLessThan(2)
  })

  test('is infinite where a sample has no probability', () => {
    const chain = {
      initial: [1, 0],
      transition: [
        [1, 0],
        [0.5, 0.5],
      ],
    }
    const found = perplexity(rows([0, 0], [0, 1]), row => markovLogProbability(chain, row))
    expect(found).toEqual({ value: Infinity, interval: [Infinity, Infinity] })
  })

  test('under n-grams adds to each count', () => {
    const logProbability = fitNGram(rows([0, 1, 0], [0, 0, 1]), { order: 2, add: 0.5, symbols: 2 })
    // First symbols: 0 twice. After 0: 1 twice, 0 once. After 1: 0 once.
    expect(logProbability([0, 1, 0])).toBeCloseTo(log((2.5 / 3) * (2.5 / 4) * (1.5 / 2)), 14)
    expect(logProbability([1, 1, 1])).toBeCloseTo(log((0.5 / 3) * (0.5 / 2) * (0.5 / 2)), 14)
    const all = [0, 1].flatMap(a => [0, 1].flatMap(b => [0, 1].map(c => [a, b, c])))
    expect(all.reduce((sum, row) => sum + exp(logProbability(row)), 0)).toBeCloseTo(1, 12)
  })

  test('under n-grams of more symbols sees more before', () => {
    const data = rows([0, 1, 0], [1, 1, 1])
    const of = (order: number) => fitNGram(data, { order, add: 0.01, symbols: 2 })([0, 1, 1])
    expect(of(3)).toBeLessThan(of(2) - 1)
  })
})

test('sampleEntropy is of each sample by itself', () => {
  const { value } = sampleEntropy(rows([0, 0, 0, 0], [1, 1, 2, 2]))
  expect(value).toBeCloseTo(log(2) / 2, 14)
})

test('distinct and novelty count sequences', () => {
  const samples = rows([0, 1], [0, 1], [1, 1], [2, 1])
  expect(distinct(samples).value).toBe(0.75)
  const training = new Set(countKeys(rows([0, 1], [5, 5])).keys())
  expect(novelty(samples, training).value).toBe(0.5)
  // Numbers of two digits are no two numbers of one.
  expect(distinct(rows([1, 12], [11, 2])).value).toBe(1)
})

describe('ngramJS', () => {
  const [a, b] = [rows([0, 0, 1]), rows([0, 1, 1])]

  test('is that of the counted laws', () => {
    const js = (p: number[], q: number[]) =>
      p.reduce((sum, x, i) => {
        const m = (x + q[i]) / 2
        return sum + (x > 0 ? x * log(x / m) : 0) / 2 + (q[i] > 0 ? q[i] * log(q[i] / m) : 0) / 2
      }, 0)
    expect(ngramJS(a, b, 1).value).toBeCloseTo(js([2 / 3, 1 / 3], [1 / 3, 2 / 3]), 14)
    expect(ngramJS(a, b, 2).value).toBeCloseTo(js([0.5, 0.5, 0], [0, 0.5, 0.5]), 14)
    expect(ngramJS(a, b, 3).value).toBeCloseTo(log(2), 14)
    expect(ngramJS(a, a, 2).value).toBe(0)
    expect(() => ngramJS(a, b, 4)).toThrow('expected sequences of at least 4 symbols, found 3')
  })

  test('of pairs sees an order that single symbols do not', () => {
    const forth = rows(...Array.from({ length: 50 }, () => [0, 1, 2]))
    const back = rows(...Array.from({ length: 50 }, () => [2, 1, 0]))
    expect(ngramJS(forth, back, 1).value).toBe(0)
    expect(ngramJS(forth, back, 2).value).toBeCloseTo(log(2), 12)
  })

  test('has an interval as wide as its spread', () => {
    const source = random(4, 'ngrams')
    const drawn = (share: number, count: number) =>
      rows(...Array.from({ length: count }, () => [0, 1, 2].map(() => Number(source.uniform() < share))))
    const found = Array.from({ length: 200 }, () => ngramJS(drawn(0.5, 1000), drawn(0.03, 100), 2))
    const mean = found.reduce((sum, { value }) => sum + value, 0) / 200
    const spread = sqrt(found.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / 199)
    const width = found.reduce((sum, { interval }) => sum + (interval[1] - interval[0]) / 2 / 1.96, 0) / 200
    expect(Math.abs(width / spread - 1)).toBeLessThan(0.2)
  })
})
