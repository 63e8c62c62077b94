import type { Tensor } from '../autodiff/index.ts'
import { type Config, ConfigError, findObjective } from '../config/index.ts'
import { asksTeacher } from '../config/validate.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import {
  type Condition,
  type FlowMap,
  gaussianFlowMap,
  interpolants,
  mixtureVelocity,
  type Standardization,
  type VelocityField,
} from '../model/index.ts'
import { checkColumns } from '../serialization/columns.ts'
import { asMap, hasClasses, type Model } from '../serialization/model.ts'
import { readModelFor } from '../serialization/model-files.ts'
import type { Teachers } from './step.ts'

/**
 * What a distillation learns from: the exact velocity of the data, or a run's.
 *
 * @throws ConfigError when there is none of that name, or it does not fit the data or the objective
 */
export function openTeachers(config: Config, dataset: StandardizedDataset): Teachers {
  const { teacher, objective } = config
  if (teacher === null) return {}
  const row = findObjective(objective)
  return {
    ...(row.needs.includes('flow-map-teacher') && { pretrained: openFlowMap(teacher, config, dataset) }),
    ...(asksTeacher(config, row) && { teacher: openVelocity('teacher', teacher, config, dataset) }),
  }
}

/** The velocity whose trajectories a coupling solves; nothing without a coupling. */
export function openCouplingTeacher(config: Config, dataset: StandardizedDataset): VelocityField | undefined {
  const { coupling, teacher } = config
  if (coupling.kind === 'independent') return undefined
  const [key, name] =
    coupling.teacher === null
      ? (['teacher', teacher!] as const)
      : (['coupling.teacher', coupling.teacher] as const)
  return openVelocity(key, name, config, dataset)(undefined)
}

type ToldWith<M> = (condition: Condition<Tensor> | undefined) => M

const TRAIN_ONE = 'train a teacher with --objective flow-matching'

/** Closed forms are of the data's own units. */
function refuseScaled(key: string, { standardization }: StandardizedDataset): void {
  if (standardization) {
    throw new ConfigError(`${key}: exact knows the data in its own units alone; use --standardize none`)
  }
}

function openVelocity(
  key: string,
  name: string,
  config: Config,
  dataset: StandardizedDataset,
): ToldWith<VelocityField> {
  if (name === 'exact') {
    refuseScaled(key, dataset)
    if (!dataset.mixture) {
      throw new ConfigError(
        `${key}: exact needs data that is a Gaussian mixture, and ${dataset.name} is none; ${TRAIN_ONE}`,
      )
    }
    const { mixture } = dataset
    return condition => mixtureVelocity(mixture, interpolants[config.interpolant], condition?.class)
  }
  const model = openRun(key, name, config, dataset)
  const { id, jumps } = findObjective(model.config.objective)
  if (jumps === 'to-data' || jumps === 'from-noise') {
    throw new ConfigError(
      `${key}: ${name} was trained by ${id}, which learns jumps ${jumps === 'to-data' ? 'to the data' : 'from pure noise'} and no velocity; ${TRAIN_ONE}`,
    )
  }
  return condition => {
    const map = asMap(model, 'float32', condition)
    return { velocity: (x, t) => map.velocity(x, t) }
  }
}

function openFlowMap(name: string, config: Config, dataset: StandardizedDataset): ToldWith<FlowMap> {
  const { objective } = config
  if (name === 'exact') {
    refuseScaled('teacher', dataset)
    const map = exactFlowMap(config, dataset)
    return () => map
  }
  const model = openRun('teacher', name, config, dataset)
  const row = findObjective(model.config.objective)
  if (!row.parts || row.jumps === 'to-data' || row.jumps === 'from-noise') {
    throw new ConfigError(
      `teacher: ${objective} needs a flow map between any times, and ${name} was trained by ${row.id}; train one, e.g. with --objective psd`,
    )
  }
  return condition => asMap(model, 'float32', condition)
}

function exactFlowMap({ objective, interpolant }: Config, { mixture, name }: StandardizedDataset): FlowMap {
  const [only, ...others] = mixture?.components ?? []
  const round = only?.scales.every(scale => scale === only.scales[0])
  if (!only || others.length > 0 || !round || interpolant !== 'linear') {
    throw new ConfigError(
      `teacher: the exact flow map is known for one round Gaussian on the linear path alone, and ${objective} needs one of ${name}; train one, e.g. with --objective lmd --teacher exact`,
    )
  }
  return gaussianFlowMap(only.mean, only.scales[0])
}

function openRun(key: string, name: string, config: Config, dataset: StandardizedDataset): Model {
  const { interpolant } = config
  const model = readModelFor(key, name)
  if (model.dimension !== dataset.dimension) {
    throw new ConfigError(
      `${key}: ${name} has points of ${model.dimension} coordinates, ${dataset.name} of ${dataset.dimension}`,
    )
  }
  if (model.config.interpolant !== interpolant) {
    throw new ConfigError(
      `${key}: ${name} was trained on the ${model.config.interpolant} path, this run is on ${interpolant}`,
    )
  }
  checkColumns(key, name, model, dataset)
  checkClasses(key, name, model, config, dataset)
  if (!sameScale(model.data.standardization, dataset.standardization)) {
    throw new ConfigError(
      `${key}: ${name} sees its data scaled otherwise than this run; train both on the same data and with the same standardize`,
    )
  }
  return model
}

/** Whether a teacher can be told what the run tells its own map. */
function checkClasses(
  key: string,
  name: string,
  model: Model,
  { condition }: Config,
  { labels }: StandardizedDataset,
): void {
  if (condition.kind === 'none') {
    if (!hasClasses(model) || model.config.condition.drop > 0) return
    throw new ConfigError(
      `${key}: ${name} was told the class of every sample and does not know the data as a whole; train it with --condition.drop 0.1, or this run with --condition class`,
    )
  }
  if (!hasClasses(model)) {
    throw new ConfigError(
      `${key}: ${name} was trained without classes, which this run has; train it with --condition class`,
    )
  }
  const [theirs, ours] = [model.data.labels, labels].map(each => each?.names.join(', '))
  if (theirs !== ours)
    throw new ConfigError(`${key}: ${name} knows the classes ${theirs}; this run has ${ours}`)
  if (condition.drop > 0 && model.config.condition.drop === 0) {
    throw new ConfigError(
      `${key}: ${name} was never shown a sample without its class; use --condition.drop 0`,
    )
  }
}

/** As recorded: the same data gives the same numbers. */
const sameScale = (a: Standardization | undefined, b: Standardization | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)
