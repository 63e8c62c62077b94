import { isBatchwise } from '../config/batchwise-checks.ts'
import { type Config, findObjective } from '../config/index.ts'
import type { MetricsLine } from '../serialization/metrics-log.ts'
import { PERCEPTUAL } from './perceptual.ts'

/**
 * How a training went, by its plain residual: the sum over its terms of the mean squared residual, whatever their weights. An
 * adaptive loss is near 1 in a good training and in one that ran away; this is not.
 */
export interface Verdict {
  /** At the first step that was recorded, and over the last tenth of the lines. */
  readonly first: number
  readonly last: number
  /** The residual ended far above the beginning, or rose far above it and did not come back below. */
  readonly diverged: boolean
  /** One line in plain English; a warning where it diverged. */
  readonly text: string
}

/**
 * Growth that no healthy training shows: of 33 objectives on the ring, 300 and 3,000 steps, the most was 3, for objectives
 * that learn from themselves (`docs/reports.md`).
 */
const GROWTH = 10
/** The same from a trained network, whose residual may be next to nothing when training begins. */
const GROWTH_FROM_TRAINED = 1000
/** A residual below it is next to nothing, whatever it began with: a distillation may begin where it should end. */
const NOTHING = 1e-3
/** Between these parts of the first residual the last one is about the same. */
const LEVEL = [0.8, 1.25] as const

const RESIDUAL = 'residual'

/** The plain residual of a line: the sum over its terms, without what is of features and would drown it. */
export const residualOf = ({ terms }: Pick<MetricsLine, 'terms'>): number =>
  Object.entries(terms ?? {}).reduce(
    (sum, [name, { residual }]) => (name === PERCEPTUAL ? sum : sum + residual),
    0,
  )

/** Whether a residual has grown as it does only in a training that diverges. */
export const hasRunAway = (
  first: number,
  now: number,
  config: Pick<Config, 'initFrom' | 'objective' | 'options'>,
): boolean =>
  // What samples of a batch are to each other, or to what other players know of them, is no residual.
  !isBatchwise(findObjective(config.objective), config) &&
  findObjective(config.objective).turns === undefined &&
  isFarAbove(first, now, config)

const isFarAbove = (first: number, now: number, { initFrom }: Pick<Config, 'initFrom'>): boolean =>
  !(now <= (initFrom === null ? first * GROWTH : Math.max(first * GROWTH_FROM_TRAINED, NOTHING)))

/** What may help a training that ran away. */
export const remedies = ({ optimizer, schedule, consistency }: Config): string[] => [
  `a lower learning rate (now ${optimizer.learningRate})`,
  ...(optimizer.clip === null ? ['gradient clipping (--optimizer.clip 1)'] : []),
  ...(schedule.warmup === 0 ? ['a warm-up (--schedule.warmup 500)'] : []),
  ...(consistency.weight > 0.1 ? ['a lower --consistency.weight'] : []),
]

const number = (value: number): string => value.toPrecision(2).replace('e+', 'e')

/** The middle of the last tenth of some lines: a single line may be a spike. */
function lastOf(residuals: readonly number[]): number {
  const tail = residuals.slice(-Math.max(1, Math.ceil(residuals.length / 10))).sort((a, b) => a - b)
  return tail[tail.length >> 1]
}

/**
 * What tells how a training goes, by its name in the log: the plain residual, but of players that know each other the first number
 * that is no loss.
 */
export function toldBy(lines: readonly MetricsLine[], { objective }: Pick<Config, 'objective'>): string {
  const [measure] = Object.keys(lines[0]?.measures ?? {})
  return findObjective(objective).keepsTrajectories === false && measure !== undefined ? measure : RESIDUAL
}

/** The verdict on a training by its recorded lines; nothing where there are none. */
export function verdictOf(lines: readonly MetricsLine[], config: Config): Verdict | undefined {
  if (lines.length === 0) return undefined
  const name = toldBy(lines, config)
  const residuals = lines.map(line =>
    name === RESIDUAL ? residualOf(line) : (line.measures?.[name] ?? Number.NaN),
  )
  const [first, last] = [residuals[0], lastOf(residuals)]
  const peak = Math.max(...residuals)
  const ratio = last / first
  const grew = hasRunAway(first, last, config)
  // A network that blew up may end where nothing moves it any more, with the residual of one that knows nothing.
  const diverged = grew || (hasRunAway(first, peak, config) && !(ratio < LEVEL[0]))
  const found = { first, last, diverged }
  if (diverged) {
    const grown = grew
      ? `the residual grew from ${number(first)} to ${number(last)}`
      : `the residual rose from ${number(first)} to ${number(peak)} and ended at ${number(last)}, no better than it began`
    return { ...found, text: `${grown}: the training diverged; try ${remedies(config).join(', or ')}` }
  }
  const how =
    lines.length === 1
      ? ''
      : ratio < LEVEL[0]
        ? `, down from ${number(first)}`
        : ratio > LEVEL[1]
          ? `, up from ${number(first)}`
          : `, about as at the beginning (${number(first)})`
  return { ...found, text: `${name} ${number(last)}${how}` }
}
