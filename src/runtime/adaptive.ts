import type { Buffer, Program } from './program.ts'

/** Runs between two looks at the alternative. */
const PATIENCE = 40
/** Runs of one look. */
const LOOK = 3
/** The alternative must be this much faster. */
const MARGIN = 0.95

/** One way of running the same graph. */
class Way {
  private readonly rates: number[] = []

  constructor(readonly program: Program) {}

  record(rate: number): void {
    this.rates.push(rate)
    if (this.rates.length > LOOK) this.rates.shift()
  }

  /** Median time of a unit of work over the latest runs. */
  get rate(): number {
    const sorted = [...this.rates].sort((a, b) => a - b)
    return sorted[sorted.length >> 1] ?? Infinity
  }
}

/**
 * One program that can be run in two ways with equal results, of which one or the other is faster from moment to moment:
 * it keeps to the faster and looks at the other now and then.
 *
 * @param work  the amount of work in a run, so that runs of different sizes compare
 * @param clock  milliseconds
 */
export function adaptive(
  first: Program,
  second: Program,
  work: (inputs: readonly Buffer[]) => number,
  clock: () => number = () => performance.now(),
): Program {
  let [current, other] = [new Way(first), new Way(second)]
  let runs = 0

  const chosen = (): Way => {
    const turn = runs++ % PATIENCE
    if (turn < LOOK) return current
    if (turn < 2 * LOOK) return other
    if (turn === 2 * LOOK && other.rate < MARGIN * current.rate) [current, other] = [other, current]
    return current
  }

  return {
    async run(inputs) {
      const way = chosen()
      const start = clock()
      const outputs = await way.program.run(inputs)
      way.record((clock() - start) / work(inputs))
      return outputs
    },
    async close() {
      await first.close()
      await second.close()
    },
  }
}
