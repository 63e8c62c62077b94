import { type Interpolant, type Points, type Prediction, pairAt } from '../model/index.ts'
import { type Random, random } from '../random/random.ts'
import { arrays } from './arrays.ts'
import { intervalsOf } from './intervals.ts'
import type { Interval, Solver } from './solvers/solver.ts'
import { type Question, takeLater } from './steps.ts'

/** Answers what a solver asks: a jump where it names two times, else what the network predicts. */
export type Answers<P extends Points> = (question: Question<P>) => Promise<P>

/** Draws the `k`-th noise that is added, of as many numbers as `like`. */
export type AddedNoise = <P extends Points>(k: number, like: P) => P

export interface Way<O, P extends Points = Points> {
  readonly path: Interpolant
  /** Whether points are neither added nor scaled. */
  readonly isCurved?: boolean
  /** What the network predicts. */
  readonly prediction: Prediction
  readonly solver: Solver<O>
  readonly options: O
  readonly noise: AddedNoise
  /** Hears of the points after each step. */
  readonly onStep?: (points: P, interval: Interval) => void
}

/**
 * Takes points `[n, D]` through a grid by a solver.
 *
 * @param grid  at least two times, whose needs are met (see `whyUnfit`)
 * @returns the points `[n, D]` at its last time
 */
export async function through<P extends Points, O>(
  answer: Answers<P>,
  start: P,
  grid: readonly number[],
  { path, isCurved = false, prediction, solver, options, noise, onStep }: Way<O, P>,
): Promise<P> {
  let x = start
  let added = 0
  const step = solver.begin<P>(options, {
    ...arrays<P>(),
    path,
    isCurved,
    meaning: t => pairAt(path, prediction, t),
    noise: () => noise(added++, x),
  })
  for (const interval of intervalsOf(path, grid)) {
    x = await takeLater(step(x, interval), answer)
    onStep?.(x, interval)
  }
  return x
}

/** Fresh noise of a solver, addressed by its number, so that a smaller count of points is the beginning of a larger one. */
export function seededNoise(id: string, seed: number): AddedNoise {
  const sources = new Map<number, Random>()
  return (k, like) => {
    const source = sources.get(k) ?? random(seed, id, k)
    sources.set(k, source)
    return like.map(() => source.normal()) as typeof like
  }
}
