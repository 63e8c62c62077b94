import { kindOf, velocityKeys } from '../model/index.ts'
import { ADAPTER_RATE } from './adapter.ts'
import { ConfigError } from './error.ts'
import { isGuidedByTeacher } from './guidance.ts'
import { findObjective } from './objective.ts'
import { merge } from './plain.ts'
import { resolveConfig } from './resolve.ts'
import type { Config, UserConfig } from './schema.ts'

/** What `initFrom` calls the teacher that a run trains first. */
export const OWN_TEACHER = 'teacher'

/** Whether a run trains its own teacher before itself. */
export const trainsTeacher = ({ teacher }: Pick<Config, 'teacher'>): boolean => teacher === 'train'

/** A teacher is given this part of the run's steps, unless `teacherTraining.steps` says otherwise. */
const SHARE = 2 / 3

/**
 * The configuration of the teacher that a run trains first: a velocity on the same data, with the run's network,
 * optimiser and seeds, or a flow map where the objective learns from one.
 *
 * @throws ConfigError when `teacherTraining` has a key that the two must share, or one that is refused
 */
export function teacherConfig(config: Config): UserConfig {
  const {
    data,
    source,
    sourceNoise,
    standardize,
    holdOut,
    interpolant,
    network,
    condition,
    schedule,
    adapter,
  } = config
  const learningRate = config.optimizer.learningRate / (adapter ? ADAPTER_RATE : 1)
  const optimizer = { ...config.optimizer, learningRate }
  const { ema, recompute, batch, steps, seeds, logEvery, log, checkpointEvery, chunk, teacherTraining } =
    config
  for (const key of [
    'data',
    'source',
    'sourceNoise',
    'standardize',
    'holdOut',
    'interpolant',
    'condition',
    'recipe',
  ]) {
    if (key in teacherTraining) {
      throw new ConfigError(`teacherTraining.${key}: is the run's own; set it outside of teacherTraining`)
    }
  }
  const map = findObjective(config.objective).needs.includes('flow-map-teacher')
  // A map that is told a noisy point learns from a velocity that is not.
  const told = condition.kind === 'state' && !map ? { ...condition, kind: 'none' as const } : condition
  const shared = {
    ...{
      data,
      source,
      sourceNoise,
      standardize,
      holdOut,
      interpolant,
      condition: told,
      optimizer,
      ema,
      recompute,
      batch,
    },
    ...(config.coupling.kind === 'ot' && { coupling: config.coupling }),
    ...{ seeds, logEvery, log, checkpointEvery, chunk },
    objective: map ? 'psd' : 'flow-matching',
    network: map ? network : { ...velocityKeys(network), ...kindOf(network).ofVelocity?.(network) },
    schedule: { ...schedule, warmup: Math.round(schedule.warmup * SHARE) },
    steps: Math.max(1, Math.round(steps * SHARE)),
  }
  const user = merge(shared, teacherTraining) as UserConfig
  try {
    const { guidance } = resolveConfig(user)
    if (isGuidedByTeacher(config.guidance.rule) && guidance.rule !== 'none') {
      throw new ConfigError(
        `guidance.rule: the run guides its teacher by ${config.guidance.rule}, and scales multiply; use none, found ${guidance.rule}`,
      )
    }
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`teacherTraining: ${error.message}`)
    throw error
  }
  return user
}
