import type { Random } from '../random/random.ts'
import { argmaxClock } from './argmax-law.ts'

/** The times of one sample: `t <= m <= s`. */
export interface Times {
  s: number
  t: number
  m: number
}

/** Draws a sample's times into `out`. */
export type TimeLaw = (random: Random, out: Times) => void

/**
 * Between which times an objective's map jumps: from any time to any smaller one; to the data alone (`t = 0`); from pure
 * noise alone (`s = 1`); or in both directions.
 */
export type Jumps = 'any' | 'to-data' | 'from-noise' | 'both-ways'

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
  /** Fraction of samples that jump all the way, from noise (`s = 1`) to data (`t = 0`); default 0. */
  readonly full?: number
  /** Mean of the logit of a gap, for `gap-first`; default -0.8. */
  readonly gapMean?: number
  /** Means of the logits of the two times, for `sorted-pair`; default 0.4 and -1.2. */
  readonly means?: readonly [number, number]
  /**
   * Number of halvings of the largest step, for `dyadic`, or of every step, for `grid`; default 7, so that the smallest is 1/128.
   * Of `ratio-step` the largest is 160.
   */
  readonly levels?: number
  /** `k` of `t -> k t/(1 + (k-1) t)`, which moves times of the law towards noise; default 1. */
  readonly shift?: number
  /** Symbols of a position, for `argmax`; default 27. */
  readonly alphabet?: number
  /** Part of `argmax` that goes by where symbols are decided; default 0.9, the rest is uniform. */
  readonly argmaxShare?: number
  /** Of `argmax`: whether `m` is put between `s` and `t` by the time, or by the clock in which they are drawn; default `time`. */
  readonly clock?: 'time' | 'law'
  /** The time at which the path has a ratio of noise to data, for `lognormal`; default that of the linear path. */
  readonly timeOfRatio?: (r: number) => number
}

/** Closer times than this are moved apart: in float32 a formula that divides by `t - s` needs some room. */
const GAP = 1e-5

/** `k t/(1 + (k-1) t)`, written so that 1 stays 1 whatever the rounding. Esser et al. 2024, arXiv:2403.03206, eq. 23. */
export const shifted = (t: number, shift: number): number => shift / (shift + (1 / t - 1))

/** Keeps the times apart, makes some pairs full jumps and some equal, and puts `m` between them. */
function finish(
  { between = [0.2, 0.8], equal = 0, full = 0, shift = 1 }: TimeOptions,
  pair: TimeLaw,
): TimeLaw {
  const [low, high] = between
  return (random, out) => {
    pair(random, out)
    if (shift !== 1) {
      out.s = shifted(out.s, shift)
      out.t = shifted(out.t, shift)
    }
    if (full > 0 && random.uniform() < full) {
      out.s = 1
      out.t = 0
      out.m = low + (high - low) * random.uniform()
      return
    }
    if (out.s - out.t < GAP) {
      out.t = Math.max(0, out.s - GAP)
      out.s = Math.max(out.s, out.t + GAP)
    }
    if (equal > 0 && random.uniform() < equal) out.t = out.s
    out.m = out.t + (low + (high - low) * random.uniform()) * (out.s - out.t)
  }
}

/** Noise levels `sigma = exp(mean + deviation z)` kept between these. Karras et al. 2022, arXiv:2206.00364. */
const NOISE_LEVELS = [0.002, 80] as const

/** The time at which the path has a lognormal ratio of noise to data; on the linear path `t = sigma / (1 + sigma)`. */
const lognormal =
  ({ mean = -1.1, deviation = 2, timeOfRatio = r => r / (1 + r) }: TimeOptions) =>
  (random: Random): number => {
    const sigma = Math.exp(mean + deviation * random.normal())
    const kept = Math.min(NOISE_LEVELS[1], Math.max(NOISE_LEVELS[0], sigma))
    return timeOfRatio(kept)
  }

const decidedOf = ({ alphabet = 27, argmaxShare = 0.9 }: TimeOptions) => ({ alphabet, share: argmaxShare })

const logitNormal =
  ({ mean = -0.4, deviation = 1 }: TimeOptions) =>
  (random: Random): number =>
    1 / (1 + Math.exp(-mean - deviation * random.normal()))

/** A normal number of at most `limit`. Robert 1995, arXiv:0907.4010: an exponential proposal where that is far below 0. */
function normalBelow(random: Random, limit: number): number {
  if (limit > -0.5) {
    for (;;) {
      const z = random.normal()
      if (z <= limit) return z
    }
  }
  const rate = (-limit + Math.sqrt(limit * limit + 4)) / 2
  for (;;) {
    const y = -limit - Math.log(1 - random.uniform()) / rate
    if (random.uniform() <= Math.exp(-((y - rate) ** 2) / 2)) return -y
  }
}

function sorted(draw: (random: Random) => number): TimeLaw {
  return (random, out) => {
    const [a, b] = [draw(random), draw(random)]
    out.s = Math.max(a, b)
    out.t = Math.min(a, b)
  }
}

/** The largest ratio of noise to data between which steps of `ratio-step` are counted. */
const LARGEST_RATIO = 160

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
  /** Two lognormal noise levels, sorted. Song & Dhariwal 2024 (iCT), arXiv:2310.14189, with its mean -1.1 and deviation 2. */
  lognormal: (options: TimeOptions = {}): TimeLaw => finish(options, sorted(lognormal(options))),
  /**
   * One logit-normal number of each mean, sorted; equal times are one such number, of mean 0. Lee et al. 2025 (Decoupled
   * MeanFlow), arXiv:2510.24474, with its means 0.4 and -1.2 and deviation 1.
   */
  'sorted-pair': ({ equal = 0, ...options }: TimeOptions = {}): TimeLaw => {
    const { means = [0.4, -1.2], mean = 0, deviation = 1 } = options
    const [first, second, single] = [...means, mean].map(mean => logitNormal({ mean, deviation }))
    const pair = finish(options, (random, out) => {
      const [a, b] = [first(random), second(random)]
      out.s = Math.max(a, b)
      out.t = Math.min(a, b)
    })
    return (random, out) => {
      pair(random, out)
      // The larger time of a pair is seldom near the data, where a velocity must be learned too.
      if (equal > 0 && random.uniform() < equal) out.s = out.t = out.m = single(random)
    }
  },
  /**
   * A logit-normal gap, then a logit-normal target time among those that leave room for it. Zhou et al. 2025 (TVM),
   * arXiv:2511.19797, with its means -0.8 and -0.4 and deviation 1.
   */
  'gap-first': ({ gapMean = -0.8, mean = -0.4, deviation = 1, ...options }: TimeOptions = {}): TimeLaw =>
    finish(options, (random, out) => {
      const gap = logitNormal({ mean: gapMean, deviation })(random)
      const most = 1 - gap
      const limit = (Math.log(most / gap) - mean) / deviation
      out.t = Math.min(most, 1 / (1 + Math.exp(-mean - deviation * normalBelow(random, limit))))
      out.s = Math.min(1, out.t + gap)
    }),
  /** A logit-normal gap, then a uniform target time. Sabour et al. 2025 (Align Your Flow), arXiv:2506.14603. */
  'gap-uniform': ({ gapMean = -0.8, deviation = 1, ...options }: TimeOptions = {}): TimeLaw =>
    finish(options, (random, out) => {
      const gap = logitNormal({ mean: gapMean, deviation })(random)
      out.t = (1 - gap) * random.uniform()
      out.s = Math.min(1, out.t + gap)
    }),
  /** A step `d = 2^-k`, `k` uniform up to `levels`, from a multiple of `d`. Frans et al. 2025, arXiv:2410.12557. */
  dyadic: (options: TimeOptions = {}): TimeLaw => {
    const { levels = 7 } = options
    return finish(options, (random, out) => {
      const count = 2 ** Math.floor(random.uniform() * (levels + 1))
      const j = Math.floor(random.uniform() * count)
      out.t = j / count
      out.s = (j + 1) / count
    })
  },
  /**
   * `s ~ U(minimum, 1 - minimum)`, `t ~ U(minimum, s)`, and `m` a fixed step below `s` in `s/(1-s)`, the ratio of noise to
   * data, but not below `t`. Zhou et al. 2025 (IMM), arXiv:2503.07565, whose step is `160/2^levels`.
   */
  'ratio-step': (options: TimeOptions = {}): TimeLaw => {
    const { minimum = 0.006, levels = 12 } = options
    const pair = finish(options, (random, out) => {
      out.s = minimum + (1 - 2 * minimum) * random.uniform()
      out.t = minimum + (out.s - minimum) * random.uniform()
    })
    const step = LARGEST_RATIO / 2 ** levels
    return (random, out) => {
      pair(random, out)
      // A whole jump begins where the ratio is infinite: its m is that of other laws.
      if (out.s === 1) return
      const ratio = out.s / (1 - out.s) - step
      out.m = Math.max(out.t, ratio > 0 ? ratio / (1 + ratio) : 0)
    }
  },
  /**
   * `triangle` in the clock in which equal steps decide equal parts of the symbols; see `argmaxTime`. Lee et al. 2026, arXiv:2602.16813;
   * Potaptchik et al. 2026, arXiv:2604.09784.
   */
  argmax: (options: TimeOptions = {}): TimeLaw => {
    const { time, part } = argmaxClock(decidedOf(options))
    const least = part(options.minimum ?? 0)
    const pair = finish(options, (random, out) => {
      const p = least + (1 - least) * random.uniform()
      out.s = time(p)
      out.t = time(p * random.uniform())
    })
    if (options.clock !== 'law') return pair
    return (random, out) => {
      pair(random, out)
      if (out.s === out.t) return
      const [from, to] = [part(out.s), part(out.t)]
      const way = (out.m - out.t) / (out.s - out.t)
      out.m = Math.min(out.s, Math.max(out.t, time(to + way * (from - to))))
    }
  },
  /** One of `2^levels` equal steps. Salimans & Ho 2022, arXiv:2202.00512. */
  grid: (options: TimeOptions = {}): TimeLaw => {
    const count = 2 ** (options.levels ?? 7)
    return finish(options, (random, out) => {
      const j = Math.floor(random.uniform() * count)
      out.t = j / count
      out.s = (j + 1) / count
    })
  },
} as const

/** Whether a law draws no source time below the minimum. */
export const keepsMinimum = (law: TimeLawName): boolean =>
  ['triangle', 'target-first', 'sorted-uniform', 'ratio-step', 'argmax'].includes(law)

const uniform =
  ({ minimum = 0 }: TimeOptions) =>
  (random: Random): number =>
    minimum + (1 - minimum) * random.uniform()

/**
 * How the one time of a diagonal sample is drawn beside each law of pairs: from the law of a single time. The larger
 * time of a pair would leave times near the data out, and a self-distilled velocity then runs away there.
 */
const diagonalLaws: {
  readonly [L in TimeLawName]: (options: TimeOptions) => (random: Random) => number
} = {
  triangle: uniform,
  'target-first': uniform,
  'sorted-uniform': uniform,
  'logit-normal': logitNormal,
  lognormal,
  'sorted-pair': ({ mean = 0, deviation = 1 }) => logitNormal({ mean, deviation }),
  'gap-first': logitNormal,
  'gap-uniform': uniform,
  dyadic: uniform,
  'ratio-step': uniform,
  argmax: options => {
    const { time, part } = argmaxClock(decidedOf(options))
    const least = part(options.minimum ?? 0)
    return random => time(least + (1 - least) * random.uniform())
  },
  grid: uniform,
}

/** Draws the one time of a diagonal sample; see `diagonalLaws`. */
export function singleTime(law: TimeLawName, options: TimeOptions): (random: Random) => number {
  const draw = diagonalLaws[law](options)
  const { shift = 1 } = options
  return shift === 1 ? draw : random => shifted(draw(random), shift)
}

/** A law's pairs bent to the jumps that an objective makes, none longer than `gap()` times what the law gives. */
export function bend(
  law: TimeLaw,
  single: (random: Random) => number,
  jumps: Jumps,
  gap: () => number,
): TimeLaw {
  if (jumps === 'to-data') {
    return (random, out) => {
      out.s = Math.max(single(random), GAP)
      out.t = 0
      out.m = 0.5 * out.s
    }
  }
  if (jumps === 'from-noise') {
    return (random, out) => {
      out.s = 1
      out.t = Math.min(single(random), 1 - GAP)
      out.m = 0.5 * (1 + out.t)
    }
  }
  return (random, out) => {
    law(random, out)
    const shorter = gap()
    if (shorter < 1) {
      out.t = out.s - shorter * (out.s - out.t)
      out.m = out.s - shorter * (out.s - out.m)
    }
    if (jumps === 'both-ways' && random.uniform() < 0.5) {
      const { s } = out
      out.s = out.t
      out.t = s
    }
  }
}

export type TimeLawName = keyof typeof timeLaws
