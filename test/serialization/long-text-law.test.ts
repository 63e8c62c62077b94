import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { type LoadedMap, sampleTexts, type TextOptions } from '../../src/index.ts'
import { exactText } from '../../src/model/categorical/exact-text.ts'
import type { MarkovChain } from '../../src/model/categorical/language.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { Program } from '../../src/runtime/program.ts'

/** A chain whose exact map is known, also of texts whose first symbols are given. */
const TRANSITION = [
  [0.1, 0.6, 0.3],
  [0.4, 0.4, 0.2],
  [0.25, 0, 0.75],
]
const INITIAL = [0.5, 0.3, 0.2]
const [L, K] = [8, 3]

/** Steps of Runge and Kutta in log time, and where nearly every point is decided. */
const [STEPS, LAST] = [16, 0.02]

interface Flow {
  readonly step: Program
  readonly denoise: Program
}

const flows = new Map<string, Promise<Flow>>()

/** The exact flow of `length` symbols of a chain. */
function flowOf(chain: MarkovChain, length: number): Promise<Flow> {
  const compile = async (): Promise<Flow> => {
    const exact = exactText({ chain, isValid: () => true }, [length, K])
    const compiled = (field: typeof exact.step) =>
      nodeRuntime().compile(
        simplify(
          trace(({ x, s, t }) => field(x, s, t), {
            x: spec([DYNAMIC, length * K], 'float64'),
            s: spec([1, 1], 'float64'),
            t: spec([1, 1], 'float64'),
          }),
        ),
      )
    return { step: await compiled(exact.step), denoise: await compiled(exact.denoised) }
  }
  const key = JSON.stringify([chain.initial, length])
  if (!flows.has(key)) flows.set(key, compile())
  return flows.get(key)!
}

/** Points from `s` to `t` along the exact flow. */
async function carry({ step, denoise }: Flow, x: Float64Array, s: number, t: number): Promise<Float64Array> {
  const end = Math.max(t, LAST)
  const time = (i: number) => Float64Array.of(s * (end / s) ** (i / STEPS))
  for (let i = 0; i < STEPS; i++) {
    x = (await step.run([x, time(i), time(i + 1)]))[0] as Float64Array
  }
  if (t > 0) return x
  const at = Float64Array.of(end)
  return (await denoise.run([x, at, at]))[0] as Float64Array
}

/** How many of its first symbols a point has without noise. */
function givenOf(x: Float32Array): number {
  let given = 0
  const isHot = (l: number) => {
    const row = x.subarray(l * K, (l + 1) * K)
    return row.every(value => value === 0 || value === 1) && row.indexOf(1) === row.lastIndexOf(1)
  }
  while (given < L && isHot(given)) given++
  return given
}

/** The exact map of what is learned from texts with prefixes: what is given stands still, and the rest follows its last symbol. */
async function conditional(x: Float32Array, s: number, t: number): Promise<Float32Array> {
  const [given, y] = [givenOf(x), x.slice()]
  const rows = Array.from({ length: x.length / (L * K) }, (_, i) => i * L * K)
  const lastOf = (at: number) => (given === 0 ? -1 : x.indexOf(1, at + (given - 1) * K) % K)
  for (const last of new Set(rows.map(lastOf))) {
    const own = rows.filter(at => lastOf(at) === last)
    const chain = { initial: last < 0 ? INITIAL : TRANSITION[last], transition: TRANSITION }
    const rest = (L - given) * K
    const from = Float64Array.from(own.flatMap(at => [...x.subarray(at + given * K, at + L * K)]))
    const moved = await carry(await flowOf(chain, L - given), from, s, t)
    for (const [i, at] of own.entries()) y.set(moved.subarray(i * rest, (i + 1) * rest), at + given * K)
  }
  return y
}

/** The exact map of whole texts, which does not know that something is given. */
const unconditional = async (x: Float32Array, s: number, t: number): Promise<Float32Array> =>
  Float32Array.from(
    await carry(await flowOf({ initial: INITIAL, transition: TRANSITION }, L), Float64Array.from(x), s, t),
  )

const mapOf = (jump: LoadedMap['jump']) =>
  ({
    dimension: L * K,
    shape: [L, K],
    space: 'simplex',
    interpolant: 'linear',
    text: { alphabet: ['a', 'b', 'c'], unit: 'character', length: L, stream: true },
    prefix: 0.5,
    inner: { jump, velocity: () => Promise.reject(new Error('only jumps are known here')) },
    jump,
  }) as unknown as LoadedMap

interface Deviations {
  /** Pearson's statistic of transitions in standard deviations from its mean. */
  readonly deviations: number
  /** Transitions that the chain never makes. */
  readonly impossible: number
  /** Total variation between the transitions found and those of the chain, over the law of the first symbol. */
  readonly variation: number
}

/** The transitions from positions `l` to `l + 1` against those of the chain. */
function transitions(texts: readonly string[], positions: readonly number[]): Deviations {
  const counts = TRANSITION.map(row => row.map(() => 0))
  const at = (text: string, l: number) => text.charCodeAt(l) - 97
  for (const text of texts) for (const l of positions) counts[at(text, l)][at(text, l + 1)]++
  let [square, free, impossible, variation] = [0, 0, 0, 0]
  const all = texts.length * positions.length
  counts.forEach((row, a) => {
    const total = row.reduce((sum, n) => sum + n, 0)
    row.forEach((n, b) => {
      const expected = total * TRANSITION[a][b]
      variation += Math.abs(n - expected) / 2 / all
      if (expected === 0) impossible += n
      else square += (n - expected) ** 2 / expected
    })
    free += TRANSITION[a].filter(p => p > 0).length - 1
  })
  return { deviations: (square - free) / Math.sqrt(2 * free), impossible, variation }
}

const COUNT = 1000
const OVERLAP = 3
const LENGTH = 33
/** The last symbols of all blocks but the last. */
const BORDERS = Array.from({ length: (LENGTH - L) / (L - OVERLAP) }, (_, i) => L - 1 + i * (L - OVERLAP))
const WITHIN = Array.from({ length: LENGTH - 1 }, (_, l) => l).filter(l => !BORDERS.includes(l))

const drawn = async (jump: LoadedMap['jump'], options: Partial<TextOptions> = {}) =>
  (await sampleTexts(mapOf(jump), { count: COUNT, length: LENGTH, overlap: OVERLAP, seed: 2, ...options }))
    .texts

afterAll(async () => {
  for (const flow of flows.values()) {
    const { step, denoise } = await flow
    await Promise.all([step.close(), denoise.close()])
  }
})

/** Four standard deviations of the sampling error. */
const MOST = 4

describe('long text of the exact map of a chain', () => {
  let texts: readonly string[]
  beforeAll(async () => {
    texts = await drawn(conditional)
  }, 240_000)

  test.each([
    ['from block to block', BORDERS],
    ['within blocks', WITHIN],
  ])('has the transitions of the chain %s', (_, positions) => {
    expect(texts.every(text => text.length === LENGTH)).toBe(true)
    const { deviations, impossible } = transitions(texts, positions)
    expect(impossible).toBe(0)
    expect(Math.abs(deviations)).toBeLessThan(MOST)
  })

  test('has others from block to block where blocks do not know each other', async () => {
    const alone = (seed: number) => drawn(conditional, { length: L, overlap: undefined, seed })
    const [first, second] = [await alone(3), await alone(4)]
    const joined = first.map((text, i) => text + second[i])
    expect(transitions(joined, [L - 1]).deviations).toBeGreaterThan(10 * MOST)
    expect(transitions(joined, [L - 1]).impossible).toBeGreaterThan(0)
    expect(Math.abs(transitions(joined, [0, 1, 2, 3, 4, 5, 6]).deviations)).toBeLessThan(MOST)
  }, 240_000)

  test('has others where a map of whole texts is made to keep a beginning, which it was never given', async () => {
    const two = BORDERS.slice(0, 2)
    const forced = transitions(await drawn(unconditional, { length: two[1] + 2 }), two)
    expect(forced.deviations).toBeGreaterThan(5 * MOST)
    expect(forced.variation).toBeGreaterThan(4 * transitions(texts, two).variation)
  }, 240_000)
})
