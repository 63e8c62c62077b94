import type { UserConfig } from '../config/index.ts'
import { train as trainRun } from '../training/train.ts'
import type { TrainOptions, TrainResult } from '../training/train-options.ts'

/**
 * Trains a flow map and writes its run directory, the model card included.
 *
 * @param config  any part of a configuration; see `resolveConfig`
 * @throws ConfigError, DataError or RunError before any work when something is wrong; DivergenceError when a loss or
 *   gradient is not finite
 */
export const train = (config: UserConfig, options: TrainOptions): Promise<TrainResult> =>
  // What writes the card is loaded at the end, so that the first step comes soon.
  trainRun(config, options, async () => (await import('./card.ts')).writeCard(options.directory))
