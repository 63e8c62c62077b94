import { waited } from '../config/alone.ts'
import { guidanceRecord } from '../config/guidance.ts'
import { type Config, findObjective, pointOf } from '../config/index.ts'
import { progressAt, scheduledValuesOf, writeScheduledValues } from '../config/scheduled-values.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import {
  type ConditionKind,
  conditionKinds,
  interpolants,
  isNull,
  type PointSpec,
  seenSize,
  spaceOf,
  timeOfRatio,
} from '../model/index.ts'
import {
  bend,
  scaleLaws,
  singleTime,
  type TimeLaw,
  type Times,
  timeLaws,
  valueAt,
} from '../objective/index.ts'
import { type Random, random } from '../random/random.ts'
import { type Drawn, drawTold, roomFor, writeTold } from './conditions.ts'
import { type InputName, isPoints, type TermInputs } from './guides.ts'
import { matchNoise } from './optimal-transport.ts'
import { RATES, writeRates } from './optimizer/rates.ts'
import { optimizerKeys } from './players.ts'
import { drawPair, drawTrajectory, type TrajectoryCache } from './trajectory-cache.ts'
import type { TurnPlan } from './turns.ts'

type Arrays = Omit<TermInputs<Float32Array>, ConditionKind> & { readonly [kind in ConditionKind]?: Drawn }

/** How a configuration draws the times of one sample. */
interface Clock {
  /** Samples after one another with the same times. */
  readonly group: number
  readonly single: (random: Random) => number
  readonly pair: TimeLaw
  readonly anchor: (random: Random) => number
}

/** The law's own mean and deviation where the configuration has none. */
const withoutNulls = <T extends { mean: number | null; deviation: number | null }>(options: T) => {
  const { mean, deviation, ...rest } = options
  return { ...rest, ...(mean !== null && { mean }), ...(deviation !== null && { deviation }) }
}

/** @param gap  the longest jump at the moment */
function clockOf(
  { times, anchor, objective, interpolant }: Config,
  gap: () => number,
  { shape }: PointSpec,
): Clock {
  const ofPath = { timeOfRatio: (r: number) => timeOfRatio(interpolants[interpolant], r) }
  const options = { ...withoutNulls(times), ...ofPath, alphabet: shape[shape.length - 1] }
  const single = singleTime(times.law, options)
  const law = timeLaws[times.law](options)
  const { jumps } = findObjective(objective)
  // From pure noise the drawn time is the target, down to the data; `minimum` is of source times.
  const drawn = jumps === 'from-noise' ? singleTime(times.law, { ...options, minimum: 0 }) : single
  return {
    single,
    group: times.group,
    pair: bend(law, drawn, jumps, gap),
    anchor:
      anchor.law === null
        ? single
        : singleTime(anchor.law, { ...withoutNulls({ ...times, ...anchor }), ...ofPath }),
  }
}

/** Diagonal samples have one time, drawn by the law of a single time. */
function drawTimes(
  { single, group, pair, anchor }: Clock,
  random: Random,
  { s, t, m, r, r2, u, anchor: own }: Arrays,
): void {
  const draw: Times = { s: 0, t: 0, m: 0 }
  for (let i = 0; i < s!.length; i++) {
    if (t && m) {
      if (i % group === 0) pair(random, draw)
      s![i] = draw.s
      t[i] = draw.t
      m[i] = draw.m
    } else s![i] = single(random)
    if (r) r[i] = single(random)
    if (r2) r2[i] = single(random)
    if (u) u[i] = random.uniform()
    if (own) own[i] = anchor(random)
  }
}

/** Where noise is added on the way, times lie in [0.01, 0.99]: at both ends it changes infinitely fast. */
const END = 0.01

/** A jump to the data still ends there. */
function keepFromEnds({ s, t, m, r, anchor }: Arrays): void {
  for (const times of [s, t, m, r, anchor]) {
    if (!times || (times === t && times.every(time => time === 0))) continue
    for (let i = 0; i < times.length; i++) times[i] = END + (1 - 2 * END) * times[i]
  }
}

/** Steps that players stood still in, by name: none where absent. */
export type Missed = Readonly<Record<string, number>>

/** The rates of every update of a round: each player's go by its own number of updates. */
function writeUpdates(
  config: Config,
  updates: readonly string[],
  step: number,
  missed: Missed,
  out: Float32Array,
): void {
  updates.forEach((name, i) => {
    const [before, inRound] = [updates.slice(0, i), updates].map(
      list => list.filter(other => other === name).length,
    )
    const own = { ...config, optimizer: optimizerKeys(config, name) }
    const taken = Math.max(0, step - 1 - (missed[name] ?? 0) - waited(config, name, step))
    writeRates(own, step, out.subarray(i * RATES, (i + 1) * RATES), taken * inRound + before + 1)
  })
}

/** A beginning that is given is data at every time: its noise is the data itself, and its velocity nothing. */
function giveBeginnings(
  random: Random,
  share: number,
  [length, symbols]: readonly number[],
  points: Float32Array,
  noise: Float32Array,
): void {
  const size = length * symbols
  for (let i = 0; i < points.length; i += size) {
    const [isGiven, part] = [random.uniform() < share, random.uniform()]
    if (!isGiven) continue
    const given = (1 + Math.floor(part * (length - 1))) * symbols
    noise.set(points.subarray(i, i + given), i)
  }
}

/** The random stream that fills an input of the step graph: its seed's name, and its own, which the step follows in its address. */
export interface StreamName {
  readonly seed: 'data' | 'noise'
  readonly stream: 'data' | 'noise' | 'times' | 'guidance' | 'intervals'
}

/** Which stream an input is drawn from; see `streamsOf`. */
export function streamOf(name: InputName): StreamName {
  if (name === 'x0' || name === 'xs' || name === 'xt' || name === 'logWeight') return ofData
  if (name === 'scale') return { seed: 'noise', stream: 'guidance' }
  if (name === 'low' || name === 'high') return { seed: 'noise', stream: 'intervals' }
  if (isPoints(name)) return { seed: 'noise', stream: 'noise' }
  return isCondition(name) ? ofData : { seed: 'noise', stream: 'times' }
}

const ofData: StreamName = { seed: 'data', stream: 'data' }
const isCondition = (name: InputName): boolean => (conditionKinds as readonly string[]).includes(name)

/** Draws the inputs of training steps. */
export interface BatchSource {
  /**
   * The inputs of batches `first ... first+count-1` (counted from 1), one array for each input of the step graph after the
   * state, batch after batch. A step has one batch, or `optimizer.accumulate` of them. The arrays are used again by the next
   * call.
   */
  draw(first: number, count: number): Drawn[]
}

/**
 * A source of batches. Every step has streams of its own, addressed by seed and step, so that a resumed run draws what
 * an uninterrupted one would; it begins with the first batch of a step.
 *
 * @param turns  of a round, each update of which has draws and rates of its own
 * @param pool  what a coupled training draws from
 * @param missed  what the updates of players are counted without
 */
export function batchSource(
  config: Config,
  dataset: StandardizedDataset,
  turns: readonly Pick<TurnPlan, 'trains' | 'terms'>[],
  pool?: TrajectoryCache,
  missed: Missed = {},
): BatchSource {
  const { dimension } = dataset
  const { chunk, seeds, coupling } = config
  const { accumulate } = config.optimizer
  const { drop } = config.condition
  const point = pointOf(config, dataset)
  const { condition } = point
  const { law, range, form, scale } = config.guidance
  // A rule of velocities has its scale in its keys; cross-entropy is told it.
  const fixed = form === 'logit' ? (guidanceRecord(config).scale ?? scale) : scale
  const drawScale = (random: Random): number => (law === 'fixed' ? fixed : scaleLaws[law](random, range))
  const { noise: base } = spaceOf(point)
  /** Points at time 1. */
  const drawFirst = (random: Random, out: Float32Array): void => {
    if (dataset.source) dataset.source.sample(random, out)
    else base.draw(random, out, dimension)
  }
  const moments = scheduledValuesOf(config)
  let gap = 1
  const clock = clockOf(config, () => gap, point)
  const terms = turns.flatMap(({ terms }) => terms)
  const updates = turns.flatMap(({ trains }) => trains)
  const ratesWidth = updates.length * RATES
  const rates = new Float32Array(chunk * ratesWidth)
  const present = new Float32Array(chunk * moments.length)
  const last = new Float32Array(chunk)
  const width = (name: InputName): number => {
    if (name === condition?.kind) return seenSize(condition)
    return isPoints(name) ? dimension : 1
  }
  const bufferFor = (name: InputName, rows: number): Drawn => {
    const length = chunk * rows * width(name)
    return name === condition?.kind ? roomFor(condition, length) : new Float32Array(length)
  }
  const buffers = terms.map(
    ({ rows, inputs }): Arrays => Object.fromEntries(inputs.map(name => [name, bufferFor(name, rows)])),
  )

  /** What is drawn of a condition: nothing where a formula makes the noisy points itself. */
  const toldIn = (arrays: Arrays) => (condition && arrays[condition.kind] ? condition : undefined)

  /** @returns what the network is told of each sample, where it is told something */
  const drawPoints = (
    data: Random,
    noise: Random,
    none: Random,
    matching: Random,
    beginnings: Random,
    arrays: Arrays,
  ): Float32Array | undefined => {
    const { x0, eps, xs, xt, s, t } = arrays
    const condition = toldIn(arrays)
    if (pool && xs && xt) return drawTrajectory(pool, data, { xs, xt, s: s!, t: t! })
    if (pool && x0 && eps) return drawPair(pool, data, noise, { x0, eps })
    // Objectives that see no data take its conditions alone.
    const points = x0 ?? (condition && new Float32Array(eps!.length))
    const seen = condition && drawTold(condition, dataset, data, points!, { drop, none })
    // Weights are the one number that such data have beside each point.
    if (points && !condition) dataset.sample(data, points, undefined, arrays.logWeight)
    if (eps) drawFirst(noise, eps)
    if (eps && x0 && config.prefix > 0) giveBeginnings(beginnings, config.prefix, point.shape, x0, eps)
    if (eps && points && coupling.kind === 'ot') matchNoise(points, eps, dimension, coupling, matching)
    return seen
  }

  /** A sample that is shown the null is not guided. */
  const drawScales = (random: Random, seen: Float32Array | undefined, out: Float32Array): void => {
    const size = condition ? seenSize(condition) : 0
    for (let i = 0; i < out.length; i++) {
      const w = drawScale(random)
      const isAlone = !condition || !seen || isNull(condition, seen.subarray(i * size, (i + 1) * size))
      out[i] = isAlone ? 1 : w
    }
  }

  /** Geng et al. 2025 (iMF), arXiv:2512.02012: from the first half of times to the second, and for velocities everywhere. */
  const drawIntervals = (random: Random, { s, t, low, high }: Arrays): void => {
    for (let i = 0; i < low!.length; i++) {
      const ends = [0.5 * random.uniform(), 0.5 + 0.5 * random.uniform()]
      const isVelocity = !t || t[i] === s![i]
      low![i] = isVelocity ? 0 : ends[0]
      high![i] = isVelocity ? 1 : ends[1]
    }
  }

  const streamsOf = (step: number) => ({
    data: random(seeds.data, 'data', step),
    noise: random(seeds.noise, 'noise', step),
    times: random(seeds.noise, 'times', step),
    none: random(seeds.noise, 'classes', step),
    scales: random(seeds.noise, 'guidance', step),
    intervals: random(seeds.noise, 'intervals', step),
    matching: random(seeds.noise, 'matching', step),
    beginnings: random(seeds.noise, 'beginnings', step),
  })
  let streams = streamsOf(0)

  /** @param batch  counted from 1 over the whole training; those of one update go on in its streams */
  const drawBatch = (batch: number, i: number): void => {
    const step = Math.ceil(batch / accumulate)
    if ((batch - 1) % accumulate === 0) streams = streamsOf(step)
    const { data, noise, times, none, scales, intervals, matching, beginnings } = streams
    last[i] = Number(batch % accumulate === 0)
    gap = valueAt(config.times.gap, progressAt(config, step))
    terms.forEach(({ rows, inputs }, k) => {
      const arrays: Arrays = Object.fromEntries(
        inputs.map(name => {
          const size = rows * width(name)
          return [name, buffers[k][name]!.subarray(i * size, (i + 1) * size)]
        }),
      )
      drawTimes(clock, times, arrays)
      if (config.sourceNoise > 0) keepFromEnds(arrays)
      const seen = drawPoints(data, noise, none, matching, beginnings, arrays)
      if (condition && seen) writeTold(seen, arrays[condition.kind]!)
      if (arrays.scale) drawScales(scales, seen, arrays.scale)
      if (arrays.low) drawIntervals(intervals, arrays)
      if (arrays.z) base.draw(noise, arrays.z, dimension)
      if (arrays.noise) base.draw(noise, arrays.noise, dimension)
      if (arrays.noise2) base.draw(noise, arrays.noise2, dimension)
    })
    writeUpdates(config, updates, step, missed, rates.subarray(i * ratesWidth, (i + 1) * ratesWidth))
    writeScheduledValues(
      config,
      moments,
      step,
      present.subarray(i * moments.length, (i + 1) * moments.length),
    )
  }

  return {
    draw(first, count) {
      for (let i = 0; i < count; i++) drawBatch(first + i, i)
      const arrays = buffers.flatMap((buffer, k) => terms[k].inputs.map(name => buffer[name]!))
      const fed = [rates, ...(moments.length > 0 ? [present] : []), ...(accumulate > 1 ? [last] : [])]
      return [...arrays, ...fed].map(array => array.subarray(0, (array.length / chunk) * count))
    },
  }
}
