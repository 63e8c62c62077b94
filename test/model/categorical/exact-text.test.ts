import { describe, expect, test } from 'vitest'
import { evaluate, spec, type Tensor, trace } from '../../../src/autodiff/index.ts'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { largestSymbols } from '../../../src/data/text/one-hot.ts'
import { exactText } from '../../../src/model/categorical/exact-text.ts'
import type { Language } from '../../../src/model/categorical/language.ts'
import { random } from '../../../src/random/random.ts'

const chain = generatedDataset({
  markov: {
    symbols: 'abc',
    initial: [0.5, 0.3, 0.2],
    transition: [
      [0.1, 0.6, 0.3],
      [0.4, 0.4, 0.2],
      [0.25, 0, 0.75],
    ],
    length: 4,
  },
})
const words = generatedDataset('words')

type Field = (x: Tensor, s: Tensor, t: Tensor) => Tensor

/** A function of points and two times that all of them share. */
function compiled(field: Field, points: number, dimension: number, dtype: 'float64' | 'float32' = 'float64') {
  const graph = trace(({ x, s, t }) => field(x as Tensor, s as Tensor, t as Tensor), {
    x: spec([points, dimension], dtype),
    s: spec([1, 1], dtype),
    t: spec([1, 1], dtype),
  })
  return (x: Float64Array, s: number, t = s): Float64Array => {
    const shared = (time: number) => ({ shape: [1, 1], data: Float64Array.of(time) })
    const [found] = evaluate(graph, [{ shape: [points, dimension], data: x }, shared(s), shared(t)])
    return Float64Array.from(found.data, Number)
  }
}

const exactOf = ({ language, shape }: typeof chain, of: Language = language!) =>
  exactText(of, shape as readonly [number, number])

function noise(count: number, seed = 1): Float64Array {
  const source = random(seed, 'noise')
  return Float64Array.from({ length: count }, () => source.normal())
}

const largest = (values: Float64Array) => Math.max(...values.map(Math.abs))

describe('the denoiser', () => {
  const N = 40
  const x = noise(N * chain.dimension)
  const { law, isValid } = chain.language!

  test('of a chain is that of all its sequences', () => {
    const byChain = compiled(exactOf(chain).denoised, N, chain.dimension)
    const byList = compiled(exactOf(chain, { isValid, law: law! }).denoised, N, chain.dimension)
    for (const s of [1, 0.5, 0.2, 0.1, 0.05]) {
      const [a, b] = [byChain, byList].map(each => each(x, s))
      expect(largest(a.map((value, i) => value - b[i]))).toBeLessThan(1e-12)
    }
  })

  test('of a chain that is a little another differs', () => {
    const { initial, transition } = chain.language!.chain!
    const other = { isValid, chain: { initial, transition: [transition[1], transition[0], transition[2]] } }
    const [a, b] = [exactOf(chain), exactOf(chain, other)].map(exact =>
      compiled(exact.denoised, N, chain.dimension)(x, 0.5),
    )
    expect(largest(a.map((value, i) => value - b[i]))).toBeGreaterThan(0.01)
  })

  test('is a probability at each position, also of points far from all sequences just before the data', () => {
    const far = x.map(value => 30 * value)
    for (const dtype of ['float64', 'float32'] as const) {
      for (const s of [1, 0.1, 1e-3]) {
        const D = compiled(exactOf(chain).denoised, N, chain.dimension, dtype)(far, s)
        for (let at = 0; at < D.length; at += 3) expect(D[at] + D[at + 1] + D[at + 2]).toBeCloseTo(1, 5)
      }
    }
  })

  test('is the symbol itself of data, and velocities are finite at time 0', () => {
    const hot = new Float64Array(N * words.dimension)
    words.sample(random(1, 'test'), hot)
    const exact = exactOf(words)
    expect(
      largest(compiled(exact.denoised, N, words.dimension)(hot, 0.05).map((d, i) => d - hot[i])),
    ).toBeLessThan(1e-12)
    expect(largest(compiled(exact.velocity, N, words.dimension)(hot, 0))).toBe(0)
  })

  test('is the mean of the data where there is noise alone, and the velocity leads away from it', () => {
    const exact = exactOf(words)
    const own = noise(N * words.dimension)
    const D = compiled(exact.denoised, N, words.dimension)(own, 1)
    const v = compiled(exact.velocity, N, words.dimension)(own, 1)
    const { sequences, probabilities } = words.language!.law!
    for (let i = 0; i < words.dimension; i++) {
      const [l, k] = [Math.floor(i / 6), i % 6]
      const mean = sequences.reduce((sum, word, n) => sum + probabilities[n] * Number(word[l] === k), 0)
      expect(D[i]).toBeCloseTo(mean, 12)
      expect(v[i]).toBeCloseTo(own[i] - mean, 12)
    }
  })

  test('is the best guess of data from noisy points', () => {
    // E|x0 - D|^2 is lower than with any other function of the point, such as D of another time.
    const M = 2000
    const x0 = new Float64Array(M * words.dimension)
    words.sample(random(5, 'test'), x0)
    const eps = noise(x0.length, 6)
    const denoise = compiled(exactOf(words).denoised, M, words.dimension)
    const noisy = x0.map((value, i) => 0.6 * value + 0.4 * eps[i])
    const errorOf = (s: number) => denoise(noisy, s).reduce((sum, d, i) => sum + (d - x0[i]) ** 2 / M, 0)
    expect(errorOf(0.4)).toBeLessThan(errorOf(0.3))
    expect(errorOf(0.4)).toBeLessThan(errorOf(0.5))
  })
})

describe('ends of the exact flow', () => {
  const LAST = 0.02
  const STEPS = 24

  interface Way {
    readonly between?: (x: Float64Array) => Float64Array
    readonly last?: number
    readonly denoises?: boolean
  }

  /** Pearson's statistic by the law of the data in its deviations from the mean, and the sequences outside of it. */
  function endsOf(data: typeof chain, { between = x => x, last = LAST, denoises = true }: Way = {}) {
    const N = 1000
    const exact = exactOf(data)
    const [step, denoise] = [exact.step, exact.denoised].map(field => compiled(field, N, data.dimension))
    let x = noise(N * data.dimension, 3)
    for (let i = 0; i < STEPS; i++) {
      x = between(step(x, last ** (i / STEPS), last ** ((i + 1) / STEPS)))
    }
    const [L, K] = data.shape
    const tokens = largestSymbols(denoises ? denoise(x, last) : x, K)
    const { law, isValid } = data.language!
    const counts = new Map<string, number>()
    let outside = 0
    for (let at = 0; at < tokens.length; at += L) {
      const row = tokens.subarray(at, at + L)
      if (!isValid(row)) outside++
      counts.set(row.join(), (counts.get(row.join()) ?? 0) + 1)
    }
    const { sequences, probabilities } = law!
    const square = sequences.reduce((sum, symbols, i) => {
      const expected = N * probabilities[i]
      return sum + ((counts.get(symbols.join()) ?? 0) - expected) ** 2 / expected
    }, 0)
    const free = sequences.length - 1
    const D = denoise(x, last)
    const undecided = D.filter(value => value > 1e-3 && value < 1 - 1e-3).length / (N * L)
    return { outside, deviations: (square - free) / Math.sqrt(2 * free), undecided }
  }

  test.each([
    ['words', words],
    ['a chain', chain],
  ])('of %s are in the data, each as often as it is there', (_, data) => {
    const { outside, deviations, undecided } = endsOf(data)
    expect(outside).toBe(0)
    expect(Math.abs(deviations)).toBeLessThan(4)
    expect(undecided).toBeLessThan(0.01)
  })

  test('are not where states are clamped to the simplex', () => {
    const { deviations } = endsOf(words, { between: x => x.map(value => Math.min(1, Math.max(0, value))) })
    expect(deviations).toBeGreaterThan(10)
  })

  test('are not where the last step is taken too early', () => {
    for (const denoises of [true, false]) {
      const { outside, deviations } = endsOf(words, { last: 0.7, denoises })
      expect(outside).toBeGreaterThan(100)
      expect(deviations).toBeGreaterThan(10)
    }
  })
})
