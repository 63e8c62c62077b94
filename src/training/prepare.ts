import { withAbsolutePaths } from '../config/config-paths.ts'
import { withSpaceInData, withUsualObjective } from '../config/dataset.ts'
import {
  type Config,
  ConfigError,
  findObjective,
  pointOf,
  resolveConfig,
  type UserConfig,
} from '../config/index.ts'
import { checkSpace } from '../config/space-checks.ts'
import { teacherConfig, trainsTeacher } from '../config/teacher-config.ts'
import { remarksOn } from '../config/validate.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import type { VelocityField } from '../model/index.ts'
import { openRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { defaultThreads } from '../runtime/threads.ts'
import type { Checkpoint } from '../serialization/checkpoint.ts'
import { RunError, readRecord } from '../serialization/run.ts'
import { withBakedGuidance } from './baked.ts'
import { checkCapacity } from './capacity.ts'
import { type Continued, openContinued } from './continuing.ts'
import { hasTrajectoryCache } from './coupling.ts'

import { openTrainingData } from './data.ts'
import { checkEnergy } from './energy.ts'
import { withHeadScale } from './head-scale.ts'
import { openBase, withInitialNetwork } from './initial.ts'
import type { Starts } from './initial-parameters.ts'
import { absentIn } from './memories.ts'
import { openResumed, withMovedRuns } from './moved.ts'
import { withOwnTeacher } from './own-teacher.ts'
import { openCompared, openPerceptual, type PerceptualNetwork } from './perceptual-network.ts'
import { stateOfPlayers } from './players.ts'
import { proposals } from './proposals.ts'
import { resumedConfig } from './resume.ts'
import { checkReward, withSeenRewards } from './reward.ts'
import { openStarts } from './starts.ts'
import { buildStep, type StepGraph, sizesOf, type Teachers } from './step.ts'
import { openCouplingTeacher, openTeachers, type ToldWith } from './teacher.ts'
import type { TrainOptions } from './train-options.ts'

export interface Prepared {
  readonly config: Config
  readonly dataset: StandardizedDataset
  readonly checkpoint?: Checkpoint
  /** Absent for a new run. */
  readonly continued?: Continued
  /** Threads of an operator. */
  readonly threads: number
  readonly runtime: Runtime
  /** Of a perceptual loss. */
  readonly perceptual?: PerceptualNetwork
  /** What samples are compared by, where that is a network. */
  readonly compared?: PerceptualNetwork
  /** Absent while the teacher is still to be trained. */
  readonly sources?: Sources
  /** Lines on what the user may not know of. */
  readonly proposed?: readonly string[]
  /** Lines on runs that were found elsewhere than they were recorded. */
  readonly moved?: readonly string[]
}

/** What a run takes from other runs or from closed forms. */
export interface Sources {
  readonly teachers: Teachers
  readonly couplingTeacher?: ToldWith<VelocityField>
  /** Parameters of other runs that training starts from. */
  readonly starts?: Starts
  /** Parameters that stay, where an adapter changes them. */
  readonly base?: Float32Array
}

/** @throws ConfigError when something is not there or does not fit */
export function openSources(
  config: Config,
  dataset: StandardizedDataset,
  checkpoint: Checkpoint | undefined,
  directory: string,
): Sources {
  const named = withOwnTeacher(config, directory)
  return {
    teachers: openTeachers(named, dataset),
    // A run with a checkpoint no longer needs what it started from, one with pairs not whom they are from.
    couplingTeacher: hasTrajectoryCache(directory) ? undefined : openCouplingTeacher(named, dataset),
    starts: checkpoint || config.adapter ? undefined : openStarts(named, dataset),
    base: openBase(named, dataset, directory, checkpoint !== undefined),
  }
}

const runtimeOf = async ({ runtime, device }: TrainOptions, threads: number): Promise<Runtime> =>
  runtime ?? openRuntime({ device, threads })

/** Opens what is to be trained, and refuses everything that is wrong before any work. */
export async function prepare(asked: UserConfig, options: TrainOptions): Promise<Prepared> {
  const { directory, resume, data: given } = options
  const user = given ? { ...asked, data: { given: given.name } } : withUsualObjective(withSpaceInData(asked))
  if (!resume) {
    // Opened by the paths as they were written, so that messages name those.
    const whole = withInitialNetwork(user)
    const config = resolveConfig(whole)
    const dataset = await openTrainingData(config, given)
    checkReward(config, dataset)
    checkEnergy(config, dataset)
    checkSpace(config, dataset)
    checkCapacity(config, pointOf(config, dataset))
    const perceptual = openPerceptual(config, dataset, directory, false)
    const compared = openCompared(config, dataset, directory, false)
    const own = trainsTeacher(config)
    if (own) checkCapacity(resolveConfig(teacherConfig(config)), pointOf(config, dataset))
    const sources = own ? undefined : openSources(config, dataset, undefined, directory)
    const threads = options.threads ?? defaultThreads()
    return {
      config: withHeadScale(withBakedGuidance(resolveConfig(withAbsolutePaths(whole))), dataset),
      dataset,
      threads,
      perceptual,
      compared,
      sources,
      proposed: proposals(whole, config, dataset),
      runtime: await runtimeOf(options, threads),
    }
  }
  const record = readRecord(directory)
  const continued = openContinued(directory, record, options.threads)
  const { checkpoint, threads } = continued
  const { data: other, ...changes } = withAbsolutePaths(user)
  const opened = await openResumed(directory, record, given, other)
  const { recorded, asked: wanted, notes: moved } = withMovedRuns(record.config, changes, directory)
  const config = resumedConfig({ ...recorded, data: opened.spec }, wanted)
  const dataset = await openTrainingData(config, opened.dataset, record.data)
  checkCapacity(config, pointOf(config, dataset))
  if (checkpoint && checkpoint.step > config.steps) {
    throw new ConfigError(
      `steps: the run is already at step ${checkpoint.step}, more than the ${config.steps} asked for`,
    )
  }
  const perceptual = openPerceptual(config, dataset, directory, checkpoint !== undefined)
  const compared = openCompared(config, dataset, directory, checkpoint !== undefined)
  const waits = trainsTeacher(config) && !checkpoint
  const sources = waits ? undefined : openSources(config, dataset, checkpoint, directory)
  return {
    config,
    dataset,
    checkpoint,
    continued,
    threads,
    perceptual,
    compared,
    sources,
    moved,
    runtime: await runtimeOf(options, threads),
  }
}

/** What is odd about the data, and what the configuration should know. */
export const warningsOf = ({
  config,
  dataset,
  continued,
  moved = [],
  proposed = [],
}: Pick<Prepared, 'config' | 'dataset' | 'continued' | 'moved' | 'proposed'>): string[] => [
  ...(continued?.notes ?? []),
  ...moved,
  ...proposed,
  ...(dataset.warnings ?? []),
  ...remarksOn(config, findObjective(config.objective)),
]

function checkFits({ state }: Checkpoint, step: StepGraph, directory: string): void {
  const split = { ...state, ...stateOfPlayers(state, step.players) }
  const sizes = sizesOf(step.players, step.memories)
  const watching = absentIn(state, step.memories).filter(({ memory }) => memory.watches)
  const own = [...step.players, ...step.memories.filter(memory => !watching.includes(memory))]
  for (const name of step.state.filter(each => own.some(({ name }) => each.startsWith(`${name}.`)))) {
    const [found, size] = [split[name]?.length ?? 0, sizes(name)]
    if (found === size) continue
    throw new RunError(
      `${directory}: the checkpoint has ${found} numbers of ${name}, the network needs ${size}`,
    )
  }
}

/** The networks for features of a run. */
export const featuresIn = ({
  perceptual,
  compared,
}: Pick<Prepared, 'perceptual' | 'compared'>): Pick<Teachers, 'features' | 'compared'> => ({
  ...(perceptual && { features: perceptual.features }),
  ...(compared && { compared: compared.features }),
})

/** The graph of a step, which a checkpoint must fit. */
export function stepWith(prepared: Prepared, { teachers, base }: Sources, directory: string): StepGraph {
  const { config, dataset, checkpoint } = prepared
  const learned = { ...teachers, ...featuresIn(prepared) }
  const step = buildStep(withSeenRewards(config, dataset), pointOf(config, dataset), learned, base)
  if (checkpoint) checkFits(checkpoint, step, directory)
  return step
}
