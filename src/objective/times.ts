import type { Random } from '../random/random.ts'

/** The times of one sample: `t <= m <= s`. */
export interface Times {
  s: number
  t: number
  m: number
}

/** Draws a sample's times into `out`. */
export type TimeLaw = (random: Random, out: Times) => void

export interface TimeOptions {
  /** Smallest source time; default 0. */
  readonly minimum?: number
  /** Where `m` lies between `t` (0) and `s` (1): uniform in this range; default 0.2 to 0.8. */
  readonly between?: readonly [number, number]
  /** Mean and standard deviation of the logit of a time; default -0.4 and 1. */
  readonly mean?: number
  readonly deviation?: number
  /** Fraction of samples with `t = s`; default 0. */
  readonly equal?: number
}

/** Closer times than this are moved apart: in float32 a formula that divides by `t - s` needs some room. */
const GAP = 1e-5

/** Keeps the times apart, makes some pairs equal, and puts `m` between them. */
function finish({ between = [0.2, 0.8], equal = 0 }: TimeOptions, pair: TimeLaw): TimeLaw {
  const [low, high] = between
  return (random, out) => {
    pair(random, out)
    if (out.s - out.t < GAP) {
      out.t = Math.max(0, out.s - GAP)
      out.s = Math.max(out.s, out.t + GAP)
    }
    if (equal > 0 && random.uniform() < equal) out.t = out.s
    out.m = out.t + (low + (high - low) * random.uniform()) * (out.s - out.t)
  }
}

const logitNormal =
  ({ mean = -0.4, deviation = 1 }: TimeOptions) =>
  (random: Random): number =>
    1 / (1 + Math.exp(-mean - deviation * random.normal()))

function sorted(draw: (random: Random) => number): TimeLaw {
  return (random, out) => {
    const [a, b] = [draw(random), draw(random)]
    out.s = Math.max(a, b)
    out.t = Math.min(a, b)
  }
}

/** How pairs of times are drawn. */
export const timeLaws = {
  /** `s ~ U(minimum, 1)`, `t = s U(0, 1)`. */
  triangle: (options: TimeOptions = {}): TimeLaw => {
    const { minimum = 0 } = options
    return finish(options, (random, out) => {
      out.s = minimum + (1 - minimum) * random.uniform()
      out.t = out.s * random.uniform()
    })
  },
  /** `t ~ U(0, 1)`, `s ~ U(t, 1)`: `triangle` seen from the other end, with the target drawn first. */
  'target-first': (options: TimeOptions = {}): TimeLaw => {
    const { minimum = 0 } = options
    return finish(options, (random, out) => {
      out.t = random.uniform()
      const low = Math.max(out.t, minimum)
      out.s = low + (1 - low) * random.uniform()
    })
  },
  /** Two uniform numbers, sorted: uniform on the triangle `t <= s`. */
  'sorted-uniform': (options: TimeOptions = {}): TimeLaw => {
    const { minimum = 0 } = options
    return finish(
      options,
      sorted(random => minimum + (1 - minimum) * random.uniform()),
    )
  },
  /** Two logit-normal numbers, sorted. Geng et al. 2025, arXiv:2505.13447, with its mean -0.4 and deviation 1. */
  'logit-normal': (options: TimeOptions = {}): TimeLaw => finish(options, sorted(logitNormal(options))),
} as const

const uniform =
  ({ minimum = 0 }: TimeOptions) =>
  (random: Random): number =>
    minimum + (1 - minimum) * random.uniform()

/**
 * How the one time of a diagonal sample is drawn beside each law of pairs: from the law of a single time. The larger
 * time of a pair would leave times near the data out, and a self-distilled velocity then runs away there.
 */
export const diagonalLaws: {
  readonly [L in TimeLawName]: (options: TimeOptions) => (random: Random) => number
} = {
  triangle: uniform,
  'target-first': uniform,
  'sorted-uniform': uniform,
  'logit-normal': options => logitNormal(options),
}

export type TimeLawName = keyof typeof timeLaws
