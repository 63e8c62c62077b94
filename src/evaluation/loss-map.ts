import { pointOf } from '../config/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { rowsAtOnce } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { readCheckpoint } from '../serialization/checkpoint.ts'
import { readBase } from '../serialization/model-files.ts'
import { RunError, readRecord } from '../serialization/run.ts'
import { hasTrajectoryCache, openTrajectoryCache } from '../training/coupling.ts'
import { withVectorsOf } from '../training/data.ts'
import { networksOf } from '../training/networks.ts'
import { parametersOf, stateOfPlayers } from '../training/players.ts'
import { withSeenRewards } from '../training/reward.ts'
import { openCouplingTeacher, openTeachers } from '../training/teacher.ts'
import { type BinnedLoss, binLosses } from './loss-bins.ts'

/** One part of a run's loss by the times that were drawn. */
export type LossMap = BinnedLoss

export interface LossMapOptions {
  /** Samples drawn, all parts together; default 16,384. */
  readonly draws?: number
  /** For each time; default 8. */
  readonly bins?: number
}

/** Most numbers of points in one run of the graph, so that wide data does not fill the memory. */
const BLOCK_NUMBERS = 2 ** 21
const BLOCK_ROWS = 4096

/**
 * The loss of a trained run by time (`binLosses`) on fresh draws, those that the next steps of the training would see. The
 * networks are the averaged ones where there are such, also in the place of `theta-`.
 *
 * @param seen  as the training sees it (`openTrainingData`)
 * @throws RunError without a checkpoint, ConfigError when the run's teacher is gone
 */
export async function measureLoss(
  runtime: Runtime,
  directory: string,
  seen: StandardizedDataset,
  { draws = 2 ** 14, bins = 8 }: LossMapOptions = {},
): Promise<LossMap[]> {
  const record = readRecord(directory)
  const dataset = withVectorsOf(record.data, seen)
  const config = withSeenRewards(record.config, dataset)
  const checkpoint = readCheckpoint(directory)
  if (!checkpoint) throw new RunError(`${directory}: has no checkpoint to measure the loss of`)
  const { state, step } = checkpoint
  const point = pointOf(config, dataset)
  const networks = networksOf(config, point)
  const couplingTeacher = hasTrajectoryCache(directory) ? undefined : openCouplingTeacher(config, dataset)
  return binLosses({
    config,
    ...(config.adapter && { base: readBase(directory) }),
    dataset,
    teachers: openTeachers(config, dataset),
    parameters: parametersOf(stateOfPlayers(state, networks), networks, 'ema'),
    step: Math.max(config.steps, step),
    pool: await openTrajectoryCache(runtime, directory, config, dataset, couplingTeacher),
    block: Math.max(
      64,
      rowsAtOnce(config.network, point, Math.min(BLOCK_ROWS, Math.floor(BLOCK_NUMBERS / dataset.dimension))),
    ),
    compile: runtime.compile,
    draws,
    bins,
  })
}
