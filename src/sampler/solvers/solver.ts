import type { z } from 'zod'
import type { Coefficients, Interpolant, PairAt } from '../../model/index.ts'
import type { Question, Step } from '../steps.ts'

/**
 * What a solver asks of the path and the grid:
 * * `falling`: steps towards data only;
 * * `ends`: a grid from 1 to 0;
 * * `finite-ratio`: a start that holds some data, `alpha > 0`;
 * * `velocity-at-end`: the velocity at `t = 0`, which a path that is steep there does not have;
 * * `noise-at-start`: towards noise, a start whose noise the network's prediction tells;
 * * `points`: the points themselves, which a graph that is made beforehand does not have.
 */
export type SolverNeed = 'falling' | 'ends' | 'finite-ratio' | 'velocity-at-end' | 'noise-at-start' | 'points'

/** One step of a grid, from time `s` to `t`. */
export interface Interval {
  readonly s: number
  readonly t: number
  /** The path at both. */
  readonly from: Coefficients
  readonly to: Coefficients
  /** `q = (sigma_t alpha_s)/(sigma_s alpha_t)`: how much of the noise ratio is left. */
  readonly q: number
  /** `h = -ln q`, the step in half log-SNR; infinite into `sigma = 0` and out of `alpha = 0`. */
  readonly h: number
  readonly isFirst: boolean
  readonly isLast: boolean
  /** Of the grid. */
  readonly steps: number
}

/** What a solver has at hand; over arrays and over the tensors of a graph alike. */
export interface Tools<X> {
  readonly path: Interpolant
  /** Whether points are neither added nor scaled. */
  readonly isCurved?: boolean
  /** `sum_k c_k x_k` */
  combine(...terms: readonly (readonly [coefficient: number, x: X])[]): X
  /** What the network's prediction says at a time. */
  meaning(t: number): PairAt
  /** Fresh standard normal noise for this step. */
  noise(): X
  /** The largest element of `|error|` in units of `tolerance (1 + max(|x|, |y|))`; absent on a graph, whose steps are fixed. */
  readonly errorRatio?: (error: X, x: X, y: X, tolerance: number) => number
}

/** Takes points through an interval: asks its questions one after another. A solver of several steps remembers the last. */
export type Stepper<X> = (x: X, interval: Interval) => Step<X>

/** A way through a grid of times. */
export interface Solver<O = unknown> {
  readonly id: string
  /** In a few words, for lists. */
  readonly title: string
  readonly paper: string
  /** Order of its trajectories, and of the law of its points; null where it has none. */
  readonly order: { readonly path: number | null; readonly law: number | null }
  /** Evaluations of the network in a step; null where the points decide. */
  readonly evaluations: number | null
  readonly options: z.ZodType<O>
  readonly needs: (options: O) => readonly SolverNeed[]
  /** Whether a step adds noise. */
  readonly adds: (options: O, interval: Interval) => boolean
  /** The largest ratio of noise to data that it begins at; default any. */
  readonly largest?: (options: O) => number
  /** Whether it holds in a curved space: it adds no points and no vectors of two points. */
  readonly curved?: boolean
  /** Which jumps of a map it asks for; absent where it asks what the network predicts. */
  readonly jumps?: 'each' | 'to-data'
  /** The grid that goes with it, by its name; default uniform times. */
  readonly grid?: string
  /** Begins a run through a grid. */
  readonly begin: <X>(options: O, tools: Tools<X>) => Stepper<X>
}

/** Data, noise, velocity and score of noisy points, as far as a network knows them; each is made when it is asked for. */
export class Said<X> {
  readonly #as: (what: keyof PairAt) => X

  constructor({ combine }: Tools<X>, x: X, out: X, at: PairAt) {
    this.#as = what => {
      const { x: onX, out: onOut } = at[what]
      return onX === 0 && onOut === 1 ? out : combine([onX, x], [onOut, out])
    }
  }

  get x0(): X {
    return this.#as('x0')
  }

  get eps(): X {
    return this.#as('eps')
  }

  get velocity(): X {
    return this.#as('velocity')
  }
}

/** What the network says at a point and a time. */
export function* said<X>(tools: Tools<X>, x: X, s: number): Generator<Question<X>, Said<X>, X> {
  const out = yield { x, s }
  return new Said(tools, x, out, tools.meaning(s))
}
