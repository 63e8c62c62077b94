import { averagesOf } from '../config/averages.ts'
import type { Config } from '../config/index.ts'
import { powerWidth, type Weights } from '../config/weights-name.ts'
import type { Checkpoint } from './checkpoint.ts'
import { readPowerAverage } from './power-average.ts'
import { RunError } from './run-error.ts'

/** That a file has but one kind of weights. */
export const onlyInRuns = (path: string, weights: Weights): RunError =>
  new RunError(`${path}: ${weights} weights are in a run's checkpoints; name the run directory`)

/**
 * The map's parameters `[P]` in a run's newest checkpoint, or made of its snapshots.
 *
 * @throws RunError when the run does not keep these
 */
export function parametersNamed(
  directory: string,
  config: Config,
  checkpoint: Checkpoint | undefined,
  weights: Weights,
): Float32Array {
  const width = powerWidth(weights)
  if (width !== undefined) return readPowerAverage(directory, config, checkpoint, width)
  // Before players had vectors of their own, the map's came first of all.
  const raw = checkpoint?.state['map.parameters'] ?? checkpoint?.state.parameters
  const kept = averagesOf(config).filter(({ name }) => powerWidth(name) === undefined)
  const average = kept.find(({ name }) => name === weights)
  const found = weights === 'raw' ? raw : average && checkpoint?.state[`map.${average.vector}`]
  if (found) return found
  if (weights !== 'raw' && !average) {
    throw new RunError(
      `${directory}: keeps no weights "${weights}"; it has ${['raw', ...kept.map(({ name }) => name)].join(', ')}`,
    )
  }
  const what = weights === 'raw' ? 'raw weights' : `the weights "${weights}"`
  throw new RunError(
    `${directory}: the run has no checkpoint with ${what}; take the averaged ones with --weights ema`,
  )
}
