import { z } from 'zod'
import type { Operand } from '../autodiff/index.ts'

/** How a number goes from `from` to `to` over a part of the training. `x` runs from 0 to 1 over that part. */
const shapes = {
  linear: (x: number, from: number, to: number) => from + (to - from) * x,
  cosine: (x: number, from: number, to: number) => to + (from - to) * 0.5 * (1 + Math.cos(Math.PI * x)),
  /** Equal factors in equal times. */
  exponential: (x: number, from: number, to: number) => from * (to / from) ** x,
  /** A sigmoid of steepness 25, stretched to reach both ends. Zhang et al. 2025 (AlphaFlow), arXiv:2510.20771. */
  sigmoid: (x: number, from: number, to: number) => {
    const at = (y: number) => 1 / (1 + Math.exp(-25 * (y - 0.5)))
    return from + ((to - from) * (at(x) - at(0))) / (at(1) - at(0))
  },
  /** Halved in stages of equal length. Song & Dhariwal 2024 (iCT), arXiv:2310.14189, section 3.4. */
  halving: (x: number, from: number, to: number) => {
    const stages = Math.floor(Math.log2(from / to) + 1e-9) + 1
    return Math.max(to, from / 2 ** Math.min(stages - 1, Math.floor(x * stages)))
  },
  /** `1/N` for a number of steps whose square grows linearly. Song et al. 2023 (CT), arXiv:2303.01469, appendix C. */
  steps: (x: number, from: number, to: number) => 1 / Math.sqrt(from ** -2 + x * (to ** -2 - from ** -2)),
} as const

const fraction = z.number().min(0).max(1)

/** A number that changes over training, between two fractions of it. */
export interface Schedule {
  readonly kind: keyof typeof shapes
  readonly from: number
  readonly to: number
  /** Fraction of the training before which the value is `from`; default 0. */
  readonly start?: number
  /** Fraction from which it is `to`; default 1. */
  readonly end?: number
}

/** A number, or how it changes over training. */
export type Annealed = number | Schedule

const DIVIDES: ReadonlySet<string> = new Set(['exponential', 'halving', 'steps'])

/** Accepts a number in a range, or a schedule between two of them. */
export function annealed(number: z.ZodNumber): z.ZodType<Annealed> {
  const schedule = z
    .strictObject({
      kind: z.enum(Object.keys(shapes) as [keyof typeof shapes]),
      from: number,
      to: number,
      start: fraction.optional(),
      end: fraction.optional(),
    })
    .refine(({ start = 0, end = 1 }) => start < end, 'expected start before end')
    .refine(
      ({ kind, from, to }) => !DIVIDES.has(kind) || (from > 0 && to > 0),
      'expected from and to above 0 for this kind',
    )
    .refine(({ kind, from, to }) => kind !== 'halving' || from >= to, 'expected to at most from')
  return z.union([number, schedule], {
    error: `expected a number${bounds(number)} or {kind, from, to, start, end} with kind one of ${Object.keys(shapes).join(', ')}`,
  })
}

function bounds({ minValue, maxValue }: z.ZodNumber): string {
  const low = Number.isFinite(minValue) ? minValue : null
  const high = Number.isFinite(maxValue) ? maxValue : null
  if (low !== null && high !== null) return ` from ${low} to ${high}`
  return low === null ? '' : ` of at least ${low}`
}

export const isSchedule = (value: unknown): value is Schedule =>
  typeof value === 'object' && value !== null && 'kind' in value && 'from' in value && 'to' in value

/**
 * The value at a moment of the training.
 *
 * @param progress  0 at the start, 1 at the last step
 */
export function valueAt(value: Annealed, progress: number): number {
  if (typeof value === 'number') return value
  const { kind, from, to, start = 0, end = 1 } = value
  const x = (progress - start) / (end - start)
  if (x <= 0) return from
  return x >= 1 ? to : shapes[kind](x, from, to)
}

/** Options with each schedule replaced by its present value. */
export type Present<O> = { [K in keyof O]: Schedule extends O[K] ? Exclude<O[K], Schedule> | Operand : O[K] }
