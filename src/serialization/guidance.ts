import { z } from 'zod'
import type { GuidanceForm, GuidanceRecord } from '../config/guidance.ts'
import { ArgumentError } from '../data/arguments.ts'
import { objectives } from '../objective/index.ts'
import type { Told } from './conditions.ts'
import type { InnerMap } from './inner-map.ts'

/** What a file says of a map that says nothing. */
export const UNKNOWN: GuidanceRecord = {
  rule: 'none',
  applied: 'none',
  scale: null,
  range: null,
  interval: null,
  input: null,
  null: false,
}

const pair = z.tuple([z.number(), z.number()]).nullable()
const recordSchema = z.object({
  rule: z.string(),
  applied: z.enum(['none', 'baked', 'input']),
  scale: z.number().nullable(),
  range: pair,
  interval: z.union([pair, z.literal('input')]),
  input: z.enum(['inverse', 'complement']).nullable(),
  null: z.boolean(),
  form: z.literal('logit').optional(),
})

/** The record in a file's metadata, where there is one. */
export function guidanceIn(text: string | undefined): GuidanceRecord | undefined {
  if (text === undefined) return undefined
  try {
    return recordSchema.parse(JSON.parse(text)) as GuidanceRecord
  } catch {
    return undefined
  }
}

/** How a map is guided when it is sampled. */
export interface GuidanceChoice {
  /** 1 is no guidance, 0 is without condition. */
  readonly scale: number
  /** Source times in which guidance acts; default all. */
  readonly interval?: readonly [low: number, high: number]
  /**
   * Whether jumps are led away from jumps without condition, which is not the jump of the guided flow: samples come out
   * oversaturated. Off by default.
   */
  readonly onJumps?: boolean
  /** What is led: the velocity, which for text is the probabilities, or the logits of text. Default `velocity`. */
  readonly form?: GuidanceForm
}

/** Inputs of a graph for guidance, behind all others: of the scale, and of the interval in which it acts. */
export const GUIDANCE_INPUTS = ['w', 'low', 'high'] as const

/** Those of them that a map has. */
export function guidanceInputs({ applied, interval }: GuidanceRecord): readonly string[] {
  if (applied !== 'input') return []
  return interval === 'input' ? GUIDANCE_INPUTS : GUIDANCE_INPUTS.slice(0, 1)
}

/** Inputs with those of guidance behind them. */
export function withGuidance(
  told: Told | undefined,
  record: GuidanceRecord,
  { scale, interval: [low, high] = [0, 1] }: GuidanceChoice,
): Told {
  const values = [scale, low, high].slice(0, guidanceInputs(record).length)
  return (from, count, total) => [
    ...(told?.(from, count, total) ?? []),
    ...values.map(value => new Float32Array(count).fill(value)),
  ]
}

/** The scale that a map which is told scales has where nobody says: none, or what is nearest to it. */
export const usualScale = ({ range }: GuidanceRecord): number =>
  range ? Math.min(range[1], Math.max(range[0], 1)) : 1

/**
 * Refuses a choice that a map was not trained for.
 *
 * @param map  its objective, whether it knows the data as a whole, and whether it is told something now
 * @throws ArgumentError
 */
export function checkGuidance(
  name: string,
  { scale, interval, form }: GuidanceChoice,
  record: GuidanceRecord,
  isTold: boolean,
): void {
  const refuse = (why: string): never => {
    throw new ArgumentError(`${name}: guidance: ${why}`)
  }
  if (!Number.isFinite(scale) || scale < 0) refuse(`expected a scale of at least 0, found ${scale}`)
  const { applied, range, scale: baked } = record
  const trained = record.form ?? 'velocity'
  if (applied !== 'none' && form !== undefined && form !== trained) {
    refuse(`was trained in the form ${trained}, which cannot be changed; remove the form, found ${form}`)
  }
  if (applied === 'input') {
    const [low, high] = range!
    if (scale < low || scale > high) {
      refuse(`was trained on scales of ${low} to ${high}, found ${scale}`)
    }
    if (interval && record.interval !== 'input') {
      refuse('takes its scale as an input, with the interval used in training; remove the interval')
    }
    if (interval && (interval[0] > 0.5 || interval[1] < 0.5)) {
      refuse(`was trained on intervals from 0-0.5 to 0.5-1, found ${interval.join(' to ')}`)
    }
    return
  }
  if (applied === 'baked') {
    if (scale !== baked) {
      refuse(
        `was trained at the scale ${baked}, which cannot be changed, and guiding it again would multiply scales; use ${baked}, found ${scale}`,
      )
    }
    return
  }
  if (scale === 1) return
  if (!record.null) {
    refuse('needs a map that is also unconditional; train it with --condition.drop 0.1')
  }
  if (!isTold) refuse('guides towards a condition, but there is none; name a class or a vector')
}

/** `softmax((1-w) z_0 + w z_c)` over each `K` numbers. Unlike `D_0 + w (D_c - D_0)` it stays a probability. */
export function guidedProbabilities(
  without: Float32Array,
  told: Float32Array,
  w: number,
  K: number,
): Float32Array {
  const psi = without.map((z, i) => z + w * (told[i] - z))
  for (let at = 0; at < psi.length; at += K) {
    const row = psi.subarray(at, at + K)
    const most = row.reduce((a, b) => Math.max(a, b))
    let sum = 0
    for (let k = 0; k < K; k++) sum += row[k] = Math.exp(row[k] - most)
    for (let k = 0; k < K; k++) row[k] /= sum
  }
  return psi
}

/** Divides in the place of smaller times, as in the parameterization `simplex`. */
const SMALLEST_TIME = 1e-6

/**
 * A map of text guided by its logits: `psi = softmax((1-w) z_0 + w z_c)`, `V = (x - psi)/s`,
 * `F = (t/s) x + (1 - t/s) psi`.
 */
function guidedByLogits(
  { scale, interval: [low, high] = [0, 1] }: GuidanceChoice,
  K: number,
  told: InnerMap,
  untold: InnerMap,
): Pick<InnerMap, 'velocity' | 'jump'> {
  const psi = async (x: Float32Array, s: number, t: number) =>
    guidedProbabilities(await untold.logits!(x, s, t), await told.logits!(x, s, t), scale, K)
  const isInside = (s: number) => s >= low && s <= high
  return {
    velocity: async (x, s) => {
      if (!isInside(s)) return told.velocity(x, s)
      const D = await psi(x, s, s)
      return x.map((value, i) => (value - D[i]) / Math.max(s, SMALLEST_TIME))
    },
    jump: async (x, s, t) => {
      if (!isInside(s)) return told.jump(x, s, t)
      const D = await psi(x, s, t)
      const kept = t / Math.max(s, SMALLEST_TIME)
      return x.map((value, i) => kept * value + (1 - kept) * D[i])
    },
  }
}

/**
 * A map guided by itself: `v_0 + w (v_c - v_0)`. Ho & Salimans 2022, arXiv:2207.12598.
 *
 * @param told  the map with its condition
 * @param untold  the same without
 * @param K  number of symbols, of a map of text
 * @throws ArgumentError for the form `logit` of a map without logits
 */
export function guidedInner(
  name: string,
  choice: GuidanceChoice,
  objective: string | undefined,
  told: InnerMap,
  untold: InnerMap,
  K = 0,
): InnerMap {
  const { scale, interval: [low, high] = [0, 1], onJumps = false, form = 'velocity' } = choice
  if (form === 'logit' && !told.logits) {
    throw new ArgumentError(
      `${name}: guidance: the form logit is of maps of text with their network, whose parameterization is simplex; use velocity`,
    )
  }
  const byLogits = form === 'logit' ? guidedByLogits(choice, K, told, untold) : undefined
  const led = (own: Float32Array, without: Float32Array): Float32Array =>
    own.map((value, i) => without[i] + scale * (value - without[i]))
  const isInside = (s: number) => s >= low && s <= high
  // A velocity's jump is Euler's step, and that of a guided velocity is right.
  const isVelocity = objectives.get(objective ?? '')?.parts === null
  const [ownBack, withoutBack] = [told.velocityPullback, untold.velocityPullback]
  const { along } = told
  return {
    ...(along && { along }),
    ...(ownBack &&
      withoutBack &&
      !byLogits && {
        velocityPullback: async (x, s, g) => {
          const own = await ownBack(x, s, g)
          return isInside(s) ? led(own, await withoutBack(x, s, g)) : own
        },
      }),
    ...(told.output &&
      untold.output && {
        output: async (x: Float32Array, s: number) => {
          const own = await told.output!(x, s)
          return isInside(s) ? led(own, await untold.output!(x, s)) : own
        },
      }),
    velocity: async (x, s) => {
      if (byLogits) return byLogits.velocity(x, s)
      const own = await told.velocity(x, s)
      return isInside(s) ? led(own, await untold.velocity(x, s)) : own
    },
    jump: async (x, s, t) => {
      if (!isVelocity && !onJumps) {
        throw new ArgumentError(
          `${name}: guidance: a guided jump is not the jump of the guided flow; follow the velocity (--method euler or heun), train with guidance, or allow it with --guidance-on-jumps`,
        )
      }
      if (byLogits) return byLogits.jump(x, s, t)
      if (along) {
        if (!isVelocity)
          throw new ArgumentError(`${name}: guidance: the ends of jumps do not add here; use --method euler`)
        const own = await told.velocity(x, s)
        const v = isInside(s) ? led(own, await untold.velocity(x, s)) : own
        return along(
          x,
          v.map(value => (t - s) * value),
        )
      }
      const own = await told.jump(x, s, t)
      return isInside(s) ? led(own, await untold.jump(x, s, t)) : own
    },
  }
}
