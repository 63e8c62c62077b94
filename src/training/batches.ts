import type { Dataset } from '../data/dataset.ts'
import { diagonalLaws, type TimeLaw, type Times, timeLaws } from '../objective/index.ts'
import { type Random, random } from '../random/random.ts'
import type { Config } from './config.ts'
import { RATES, writeRates } from './optimizer.ts'
import type { Term, TermInputs } from './terms.ts'

type DrawTimes = (clock: Random, times: TermInputs<Float32Array>) => void

/** Diagonal samples have one time, drawn by the law of a single time. */
function timeDrawer({ times }: Config): DrawTimes {
  const single = diagonalLaws[times.law](times)
  const pair: TimeLaw = timeLaws[times.law](times)
  const draw: Times = { s: 0, t: 0, m: 0 }
  return (clock, { s, t, m }) => {
    if (!t || !m) {
      for (let i = 0; i < s.length; i++) s[i] = single(clock)
      return
    }
    for (let i = 0; i < s.length; i++) {
      pair(clock, draw)
      s[i] = draw.s
      t[i] = draw.t
      m[i] = draw.m
    }
  }
}

/** Draws the inputs of training steps. */
export interface BatchSource {
  /**
   * The inputs of steps `first ... first+count-1` (counted from 1), one array for each input of the step graph after the
   * state, step after step. The arrays are used again by the next call.
   */
  draw(first: number, count: number): Float32Array[]
}

/**
 * A source of batches. Every step has streams of its own, addressed by seed and step, so that a resumed run draws what
 * an uninterrupted one would.
 */
export function batchSource(config: Config, dataset: Dataset, terms: readonly Term[]): BatchSource {
  const { dimension } = dataset
  const { chunk, seeds } = config
  const drawTimes = timeDrawer(config)
  const rates = new Float32Array(chunk * RATES)
  const buffers = terms.map(({ name, rows }): TermInputs<Float32Array> => {
    const points = () => new Float32Array(chunk * rows * dimension)
    const times = () => new Float32Array(chunk * rows)
    const one = { x0: points(), eps: points(), s: times() }
    return name === 'diagonal' ? one : { ...one, t: times(), m: times() }
  })

  const drawStep = (step: number, i: number): void => {
    const data = random(seeds.data, 'data', step)
    const noise = random(seeds.noise, 'noise', step)
    const clock = random(seeds.noise, 'times', step)
    terms.forEach(({ rows }, k) => {
      const part = (array: Float32Array, width: number) =>
        array.subarray(i * rows * width, (i + 1) * rows * width)
      const { x0, eps, s, t, m } = buffers[k]
      dataset.sample(data, part(x0, dimension))
      const out = part(eps, dimension)
      for (let j = 0; j < out.length; j++) out[j] = noise.normal()
      drawTimes(clock, { x0, eps, s: part(s, 1), t: t && part(t, 1), m: m && part(m, 1) })
    })
    writeRates(config, step, rates.subarray(i * RATES, (i + 1) * RATES))
  }

  return {
    draw(first, count) {
      for (let i = 0; i < count; i++) drawStep(first + i, i)
      const arrays = buffers.flatMap(({ x0, eps, s, t, m }) => (t && m ? [x0, eps, s, t, m] : [x0, eps, s]))
      return [...arrays, rates].map(array => array.subarray(0, (array.length / chunk) * count))
    },
  }
}
