import type { Dataset } from '../data/dataset.ts'
import { diagonalLaws, type Times, timeLaws } from '../objective/index.ts'
import { random } from '../random/random.ts'
import type { Config } from './config.ts'
import { RATES, writeRates } from './optimizer.ts'
import type { Rows } from './step.ts'

/** The drawn inputs of several training steps, one after another: `[K, B, D]`, `[K, B, D]`, `[K, B, 3]`, `[K, 3]`. */
export interface Batches {
  readonly x0: Float32Array
  readonly eps: Float32Array
  readonly times: Float32Array
  readonly rates: Float32Array
}

/**
 * Draws the inputs of steps `first ... first+count-1` (counted from 1). Every step has streams of its own, addressed by
 * seed and step, so that a resumed run draws what an uninterrupted one would.
 */
export function drawBatches(
  config: Config,
  dataset: Dataset,
  rows: Rows,
  first: number,
  count: number,
): Batches {
  const { dimension } = dataset
  const size = rows.diagonal + rows.consistency
  const points = size * dimension
  const batches: Batches = {
    x0: new Float32Array(count * points),
    eps: new Float32Array(count * points),
    times: new Float32Array(count * size * 3),
    rates: new Float32Array(count * RATES),
  }
  const law = timeLaws[config.times.law](config.times)
  const diagonalLaw = diagonalLaws[config.times.law](config.times)
  for (let i = 0; i < count; i++) {
    const step = first + i
    dataset.sample(random(config.seeds.data, 'data', step), batches.x0.subarray(i * points, (i + 1) * points))
    const noise = random(config.seeds.noise, 'noise', step)
    for (let j = i * points; j < (i + 1) * points; j++) batches.eps[j] = noise.normal()
    const draw: Times = { s: 0, t: 0, m: 0 }
    const clock = random(config.seeds.noise, 'times', step)
    const row = batches.times.subarray(i * size * 3, (i + 1) * size * 3)
    for (let j = 0; j < rows.diagonal; j++) row.fill(diagonalLaw(clock), 3 * j, 3 * j + 3)
    for (let j = rows.diagonal; j < size; j++) {
      law(clock, draw)
      row[3 * j] = draw.s
      row[3 * j + 1] = draw.t
      row[3 * j + 2] = draw.m
    }
    writeRates(config, step, batches.rates.subarray(i * RATES, (i + 1) * RATES))
  }
  return batches
}
