import type { Dataset } from '../data/dataset.ts'
import { diagonalLaws, type TimeLaw, type Times, timeLaws } from '../objective/index.ts'
import { type Random, random } from '../random/random.ts'
import type { Config } from './config.ts'
import { RATES, writeRates } from './optimizer.ts'
import type { Term, TermInputs } from './terms.ts'

/** The drawn inputs of several training steps, step after step, in the order of the step graph's inputs. */
export interface Batches {
  readonly terms: readonly TermInputs<Float32Array>[]
  /** `[K, RATES]` */
  readonly rates: Float32Array
}

/** The arrays as the step graph takes them. */
export const inputsOf = ({ terms, rates }: Batches): Float32Array[] => [
  ...terms.flatMap(({ x0, eps, s, t, m }) => (t && m ? [x0, eps, s, t, m] : [x0, eps, s])),
  rates,
]

/** Diagonal samples have one time, drawn by the law of a single time. */
function drawTimes(config: Config, clock: Random, { s, t, m }: TermInputs<Float32Array>): void {
  if (!t || !m) {
    const law = diagonalLaws[config.times.law](config.times)
    for (let i = 0; i < s.length; i++) s[i] = law(clock)
    return
  }
  const law: TimeLaw = timeLaws[config.times.law](config.times)
  const draw: Times = { s: 0, t: 0, m: 0 }
  for (let i = 0; i < s.length; i++) {
    law(clock, draw)
    s[i] = draw.s
    t[i] = draw.t
    m[i] = draw.m
  }
}

/**
 * Draws the inputs of steps `first ... first+count-1` (counted from 1). Every step has streams of its own, addressed by
 * seed and step, so that a resumed run draws what an uninterrupted one would.
 */
export function drawBatches(
  config: Config,
  dataset: Dataset,
  terms: readonly Term[],
  first: number,
  count: number,
): Batches {
  const { dimension } = dataset
  const rates = new Float32Array(count * RATES)
  const drawn = terms.map(({ name, rows }): TermInputs<Float32Array> => {
    const points = () => new Float32Array(count * rows * dimension)
    const times = () => new Float32Array(count * rows)
    const one = { x0: points(), eps: points(), s: times() }
    return name === 'diagonal' ? one : { ...one, t: times(), m: times() }
  })
  for (let i = 0; i < count; i++) {
    const step = first + i
    const data = random(config.seeds.data, 'data', step)
    const noise = random(config.seeds.noise, 'noise', step)
    const clock = random(config.seeds.noise, 'times', step)
    terms.forEach(({ rows }, k) => {
      const part = (array: Float32Array, width: number) =>
        array.subarray(i * rows * width, (i + 1) * rows * width)
      const { x0, eps, s, t, m } = drawn[k]
      dataset.sample(data, part(x0, dimension))
      const out = part(eps, dimension)
      for (let j = 0; j < out.length; j++) out[j] = noise.normal()
      drawTimes(config, clock, { x0, eps, s: part(s, 1), t: t && part(t, 1), m: m && part(m, 1) })
    })
    writeRates(config, step, rates.subarray(i * RATES, (i + 1) * RATES))
  }
  return { terms: drawn, rates }
}
