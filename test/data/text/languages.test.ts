import { describe, expect, test } from 'vitest'
import { generatedDataset as configured } from '../../../src/config/dataset.ts'
import { languages } from '../../../src/data/built-in.ts'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { standardizationOf } from '../../../src/data/standardized.ts'
import { type Grammar, sentencesOf } from '../../../src/data/text/grammar.ts'
import type { MarkovConfig } from '../../../src/data/text/markov.ts'
import { largestSymbols } from '../../../src/data/text/one-hot.ts'
import { decode, encode } from '../../../src/data/text/symbols.ts'
import { random } from '../../../src/random/random.ts'
import { draw } from '../draw.ts'

const open = (name: string) => {
  const { text, language, ...dataset } = generatedDataset(name)
  return { dataset, text: text!, language: language! }
}
const textsOf = (name: string): string[] => {
  const { text, language } = open(name)
  return language.law!.sequences.map(symbols => decode(symbols, text))
}

describe.each(Object.keys(languages))('%s', name => {
  const { dataset, text, language } = open(name)
  const { length, alphabet, tokens } = text
  const K = alphabet.length

  test('has one-hot points, which are its tokens', () => {
    expect(dataset.space).toBe('simplex')
    expect(dataset.shape).toEqual([length, K])
    const points = draw(generatedDataset(name), 50)
    const drawn = new Uint16Array(50 * length)
    tokens.sample(random(1, 'test'), drawn)
    expect(largestSymbols(points, K)).toEqual(drawn)
    expect(points.reduce((sum, value) => sum + value * value, 0)).toBe(50 * length)
    expect(points.every(value => value === 0 || value === 1)).toBe(true)
  })

  test('fills an array that held something else', () => {
    const out = new Float32Array(3 * dataset.dimension).fill(7)
    generatedDataset(name).sample(random(1, 'test'), out)
    expect(out).toEqual(Float32Array.from(draw(generatedDataset(name), 3)))
  })

  test('draws what is valid, and knows what is not', () => {
    const drawn = new Uint16Array(200 * length)
    tokens.sample(random(2, 'test'), drawn)
    for (let at = 0; at < drawn.length; at += length) {
      const row = drawn.subarray(at, at + length)
      expect(language.isValid(row)).toBe(true)
      expect(encode(decode(row, text), text)).toEqual([...row])
    }
    const shuffled = random(3, 'test')
    let valid = 0
    for (let i = 0; i < 200; i++) {
      valid += Number(language.isValid(Array.from({ length }, () => shuffled.integer(K))))
    }
    expect(valid).toBeLessThan(100)
  })

  test('draws by its law', () => {
    const { law } = language
    if (!law) return
    const N = 20_000
    const drawn = new Uint16Array(N * length)
    tokens.sample(random(4, 'test'), drawn)
    const counts = new Map<string, number>()
    for (let at = 0; at < drawn.length; at += length) {
      const key = drawn.subarray(at, at + length).join()
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    const square = law.sequences.reduce((sum, symbols, i) => {
      const expected = N * law.probabilities[i]
      return sum + ((counts.get(symbols.join()) ?? 0) - expected) ** 2 / expected
    }, 0)
    const free = law.sequences.length - 1
    expect(law.probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
    expect(square).toBeLessThan(free + 4 * Math.sqrt(2 * free))
    expect(square).toBeGreaterThan(free - 4 * Math.sqrt(2 * free))
  })

  test('is never standardised', () => {
    expect(standardizationOf('auto', generatedDataset(name))).toBeUndefined()
    expect(() => standardizationOf('column', generatedDataset(name))).toThrow(
      `standardize: column would take the points of ${name} off their space (simplex); expected auto or none`,
    )
  })
})

test('have the fingerprints of different data', () => {
  const hashes = Object.keys(languages).map(name => generatedDataset(name).fingerprint.sha256)
  expect(new Set(hashes).size).toBe(hashes.length)
})

test('words are eight, the last as likely as the first eight times', () => {
  const { text, language } = open('words')
  expect([text.length, text.alphabet.join('')]).toEqual([4, 'abcdef'])
  expect(textsOf('words')).toEqual(['abcd', 'acbd', 'bdca', 'cabd', 'dcba', 'eeff', 'fade', 'bead'])
  expect(language.law!.probabilities.map(p => Math.round(36 * p))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
})

test('sums are right', () => {
  const texts = textsOf('sums')
  expect(new Set(texts).size).toBe(25)
  for (const [a, b, c] of texts) expect((Number(a) + Number(b)) % 5).toBe(Number(c))
})

test('arithmetic is right', () => {
  const texts = textsOf('arithmetic')
  expect(new Set(texts).size).toBe(100)
  expect(texts).toContain('7+8=15')
  for (const text of texts) {
    const [, a, b, c] = /^(\d)\+(\d)=(\d\d)$/.exec(text)!.map(Number)
    expect(a + b).toBe(c)
  }
})

test('sentences of the grammar agree, and are of many lengths', () => {
  const texts = textsOf('grammar')
  const { text, language } = open('grammar')
  expect(text.end).toBe('\n')
  expect(text.alphabet[0]).toBe('\n')
  expect(texts).toContain('the cat naps')
  expect(texts).toContain('dogs see the cats')
  expect(Math.min(...texts.map(text => text.length))).toBe(8)
  expect(text.length).toBe(21)
  for (const text of texts) {
    const [, noun, verb] = /(cats?|dogs?) (naps?|sees?)\b/.exec(text)!
    expect(noun.endsWith('s')).toBe(!verb.endsWith('s'))
  }
  expect(language.isValid(encode('the cats naps', text))).toBe(false)
})

test('a grammar gives each sentence the product of its choices', () => {
  const small: Grammar = { S: { 'A b': 1, A: 3 }, A: { x: 1, 'x x': 1 } }
  expect(Object.fromEntries(sentencesOf(small, 'S'))).toEqual({
    'x b': 0.125,
    'x x b': 0.125,
    x: 0.375,
    'x x': 0.375,
  })
})

test('text is not tilted', () => {
  const tilted = {
    data: 'words',
    reward: { kind: 'gaussian', center: Array.from({ length: 24 }, () => 0), scale: 2 },
  }
  expect(() => configured({ tilted })).toThrow('data.tilted: expected points, found text (words)')
})

describe('a chain of a block', () => {
  const block: MarkovConfig = {
    symbols: 'ba',
    initial: [0.25, 0.75],
    transition: [
      [0, 1],
      [0.5, 0.5],
    ],
    length: 3,
  }

  test('has its symbols by code point, and the law of all its sequences', () => {
    const { text, language, name } = generatedDataset({ markov: block })
    expect([name, text!.alphabet.join('')]).toEqual(['markov', 'ab'])
    expect(language!.chain).toEqual({
      initial: [0.75, 0.25],
      transition: [
        [0.5, 0.5],
        [1, 0],
      ],
    })
    const law = Object.fromEntries(
      language!.law!.sequences.map((symbols, i) => [decode(symbols, text!), language!.law!.probabilities[i]]),
    )
    expect(law).toEqual({ aaa: 0.1875, aab: 0.1875, aba: 0.375, baa: 0.125, bab: 0.125 })
    expect(language!.isValid([1, 1, 0])).toBe(false)
  })

  const wrong: [Partial<Record<keyof MarkovConfig, unknown>>, string][] = [
    [{ symbols: 'aa' }, 'markov.symbols: expected from 2 to 256 different characters, found "aa"'],
    [{ symbols: ['ab', 'c'] }, 'markov.symbols: expected from 2 to 256 different characters'],
    [{ symbols: 'a' }, 'markov.symbols: expected from 2 to 256'],
    [{ transition: [[0.5, 0.5]] }, 'markov.transition: expected 2 rows, one for each symbol; found 1'],
    [
      { transition: [[1], [1]] },
      'markov.transition[0]: expected 2 probabilities, one for each symbol; found 1',
    ],
    [
      {
        transition: [
          [0.5, 0.5],
          [0.5, 0.4],
        ],
      },
      'markov.transition[1]: expected probabilities with the sum 1',
    ],
    [
      {
        transition: [
          [0.5, 0.5],
          [1.5, -0.5],
        ],
      },
      'markov.transition[1][1]: expected no number below 0; found -0.5',
    ],
    [{ initial: [1, 1] }, 'markov.initial: expected probabilities with the sum 1'],
    [{ length: 0 }, 'markov.length: '],
    [{ order: 2 } as never, 'markov: unknown key "order"'],
  ]
  test.each(wrong)('%j is refused', (change, message) => {
    expect(() => generatedDataset({ markov: { ...block, ...change } as MarkovConfig })).toThrow(message)
  })
})

describe.each([
  ['sums', ['0', '1', '2', '3', '4'], (text: string) => text[2]],
  [
    'arithmetic',
    ['no carry', 'carry'],
    (text: string) => (Number(text[0]) + Number(text[2]) > 9 ? 'carry' : 'no carry'),
  ],
  [
    'grammar',
    ['singular', 'plural'],
    (text: string) => (/^(the )?(cats|dogs)/.test(text) ? 'plural' : 'singular'),
  ],
] as const)('classes of %s', (name, names, nameOf) => {
  const dataset = generatedDataset(name)
  const { text, language } = open(name)
  const count = 200
  const [points, classes] = [new Float32Array(count * dataset.dimension), new Uint16Array(count)]
  dataset.sample(random(1, 'test'), points, classes)

  test('are those of its texts', () => {
    expect(dataset.labels).toEqual({ names })
    const tokens = largestSymbols(points, text.alphabet.length)
    const texts = Array.from({ length: count }, (_, i) =>
      decode(tokens.subarray(i * text.length, (i + 1) * text.length), text),
    )
    expect(Array.from(classes, k => names[k])).toEqual(texts.map(nameOf))
    expect(new Set(classes).size).toBe(names.length)
  })

  test('do not change what is drawn', () => {
    const plain = new Float32Array(points.length)
    dataset.sample(random(1, 'test'), plain)
    expect(plain).toEqual(points)
  })

  test('none is of a text outside of the language', () => {
    expect(language.classOf!(new Array(text.length).fill(0))).toBe(name === 'sums' ? 0 : -1)
  })
})

test('words have no classes', () => {
  expect(generatedDataset('words').labels).toBeUndefined()
  expect(open('words').language.classOf).toBeUndefined()
})
