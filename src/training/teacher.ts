import { sizeOf, type Tensor } from '../autodiff/index.ts'
import { isGrounded, isSolved } from '../config/coupling.ts'
import { guidanceRecord, isGuidedByTeacher } from '../config/guidance.ts'
import { type Config, ConfigError, findObjective, pointOf } from '../config/index.ts'
import { tellable } from '../config/point.ts'
import { asksTeacher } from '../config/validate.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import {
  type Condition,
  exactText,
  type FlowMap,
  fromVelocity,
  gaussianFlowMap,
  glassVelocity,
  type Interval,
  interpolants,
  type Language,
  mixtureVelocity,
  pluralOf,
  type Standardization,
  seenState,
  stateOf,
  type VelocityField,
} from '../model/index.ts'
import { type Draw, whyNoJumps, whyNoTrajectories, whyNoVelocity } from '../objective/index.ts'
import { checkColumns } from '../serialization/columns.ts'
import { asMap, type Model } from '../serialization/model.ts'
import { readModelFor } from '../serialization/model-files.ts'
import { energyOfData } from './energy.ts'
import { guidedTeacher } from './guidance.ts'
import type { Teachers } from './step.ts'

/**
 * What a distillation learns from: the exact velocity of the data, or a run's.
 *
 * @throws ConfigError when there is none of that name, or it does not fit the data or the objective
 */
export function openTeachers(config: Config, dataset: StandardizedDataset): Teachers {
  const { teacher, objective } = config
  const row = findObjective(objective)
  const energy = row.needs.includes('energy') && energyOfData(dataset)
  if (teacher === null) return energy ? { energy } : {}
  return {
    ...(energy && { energy }),
    ...(row.needs.includes('flow-map-teacher') && { pretrained: openFlowMap(teacher, config, dataset) }),
    ...(config.posterior.map !== null && {
      posterior: openPosterior(config.posterior.map, config, dataset),
    }),
    ...(asksTeacher(config, row) && { teacher: openVelocity('teacher', teacher, config, dataset) }),
    ...(config.guidance.weak !== null && {
      weak: openVelocity('guidance.weak', config.guidance.weak, config, dataset),
    }),
  }
}

/** The velocity whose trajectories a coupling solves; nothing without a coupling. */
export function openCouplingTeacher(
  config: Config,
  dataset: StandardizedDataset,
): ToldWith<VelocityField> | undefined {
  const { coupling, teacher: own } = config
  if (!isSolved(coupling)) return undefined
  const { rule, weak, scale, interval, form } = config.guidance
  const [key, name] =
    coupling.teacher === null
      ? (['teacher', own!] as const)
      : (['coupling.teacher', coupling.teacher] as const)
  const none = name === 'exact' ? undefined : whyNoTrajectories(readModelFor(key, name).config.objective)
  if (none) {
    throw new ConfigError(`${key}: ${name} has no trajectories to solve: ${none}; ${TRAIN_ONE}`)
  }
  const teacher = openVelocity(key, name, config, dataset)
  if (!isGuidedByTeacher(rule)) return teacher
  const weaker = weak === null ? undefined : openVelocity('guidance.weak', weak, config, dataset)
  // With a coupling neither scales nor intervals are drawn.
  const guidance = { scale, interval: interval as Interval, form }
  return guidedTeacher(guidance, pointOf(config, dataset).condition!, teacher, weaker)
}

/** What is told the condition of each sample. */
export type ToldWith<M> = (condition: Condition<Tensor> | undefined) => M

const TRAIN_ONE = 'train a teacher with --objective flow-matching'

/** Closed forms are of the data's own units. */
function refuseScaled(key: string, { standardization }: StandardizedDataset): void {
  if (standardization) {
    throw new ConfigError(
      `${key}: exact only works in the original units of the data; use --standardize none`,
    )
  }
}

/** The closed form of a class is known: that of its component. */
function refuseTold(key: string, { condition: { kind } }: Config): void {
  if (kind === 'none' || kind === 'class') return
  throw new ConfigError(
    `${key}: exact knows the data as a whole and by class, not by ${kind}; ${TRAIN_ONE} --condition ${kind}`,
  )
}

/**
 * A velocity by its name. A map that is told a noisy point learns from the velocity of the data given that point, which the velocity of
 * the data alone tells.
 */
function openVelocity(
  key: string,
  name: string,
  config: Config,
  dataset: StandardizedDataset,
): ToldWith<VelocityField> {
  if (config.condition.kind !== 'state') return openOuterVelocity(key, name, config, dataset)
  const outer = openOuterVelocity(key, name, outerOf(config), dataset)(undefined)
  return condition => {
    if (!condition?.state) return outer
    const { xTau, tau } = stateOf(condition.state, dataset.shape)
    return glassVelocity(outer, xTau, tau)
  }
}

/** The same run without noisy points that are told. */
const outerOf = (config: Config): Config => ({
  ...config,
  condition: { ...config.condition, kind: 'none' },
})

function openOuterVelocity(
  key: string,
  name: string,
  config: Config,
  dataset: StandardizedDataset,
): ToldWith<VelocityField> {
  if (name === 'exact') {
    refuseTold(key, config)
    refuseScaled(key, dataset)
    const { mixture, language, shape, name } = dataset
    if (language) return () => exactOfText(language, shape)
    if (!mixture) {
      throw new ConfigError(
        `${key}: exact needs a Gaussian mixture or a language with a known distribution, but ${name} is neither; ${TRAIN_ONE}`,
      )
    }
    return condition => mixtureVelocity(mixture, interpolants[config.interpolant], condition?.class)
  }
  const model = openRun(key, name, config, dataset)
  const none = whyNoVelocity(model.config.objective, isGrounded(model.config))
  if (none) throw new ConfigError(`${key}: ${name} is no velocity: ${none}; ${TRAIN_ONE}`)
  return condition => {
    const map = asMap(model, 'float32', condition)
    return { velocity: (x, t) => map.velocity(x, t), ...(map.logits && { logits: map.logits }) }
  }
}

/** The exact velocity of a language, of points `[B, L, K]`. */
function exactOfText(language: Language, shape: readonly number[]): VelocityField {
  const { velocity } = exactText(language, shape as readonly [number, number])
  const row = (x: Tensor) => x.reshape([x.shape[0], sizeOf(shape)])
  return { velocity: (x, t) => velocity(row(x), t.reshape([t.shape[0], 1])).reshape([x.shape[0], ...shape]) }
}

function openFlowMap(name: string, config: Config, dataset: StandardizedDataset): ToldWith<FlowMap> {
  const { objective } = config
  // A velocity is the flow map of its Euler steps.
  const takesVelocity = objective === 'pfmm' && config.options.space === 'velocity'
  if (name === 'exact' && takesVelocity) {
    const velocityOf = openVelocity('teacher', name, config, dataset)
    return condition => fromVelocity((x, s) => velocityOf(condition).velocity(x, s))
  }
  if (name === 'exact') {
    refuseScaled('teacher', dataset)
    if (config.condition.kind !== 'none') {
      throw new ConfigError(
        `teacher: the exact flow map is unconditional, but this run has ${pluralOf(config.condition.kind)}; train one with --condition ${config.condition.kind}`,
      )
    }
    const map = exactFlowMap(config, dataset)
    return () => map
  }
  const model = openRun('teacher', name, config, dataset)
  const row = findObjective(model.config.objective)
  const none = whyNoTrajectories(row.id)
  if (none)
    throw new ConfigError(`teacher: ${name} is no flow map: ${none}; train one, e.g. with --objective psd`)
  if ((!row.parts && !takesVelocity) || row.jumps === 'to-data' || row.jumps === 'from-noise') {
    throw new ConfigError(
      `teacher: ${objective} needs a flow map between any times, but ${name} was trained with ${row.id}; train one, e.g. with --objective psd`,
    )
  }
  return condition => asMap(model, 'float32', condition)
}

/** The stochastic map of a run: how data is drawn given a noisy point. */
function openPosterior(name: string, config: Config, dataset: StandardizedDataset): Draw['posterior'] {
  const told: Config = { ...config, condition: { ...config.condition, kind: 'state' } }
  const model = openRun('posterior.map', name, told, dataset)
  return (x, s) => asMap(model, 'float32', { state: seenState(x, s) })
}

function exactFlowMap({ objective, interpolant }: Config, { mixture, name }: StandardizedDataset): FlowMap {
  const [only, ...others] = mixture?.components ?? []
  const round = only?.scales.every(scale => scale === only.scales[0])
  if (!only || others.length > 0 || !round || interpolant !== 'linear') {
    throw new ConfigError(
      `teacher: the exact flow map is only known for one round Gaussian on the linear path, but ${objective} needs that of ${name}; train one, e.g. with --objective lmd --teacher exact`,
    )
  }
  return gaussianFlowMap(only.mean, only.scales[0])
}

function openRun(key: string, name: string, config: Config, dataset: StandardizedDataset): Model {
  const { interpolant } = config
  const model = readModelFor(key, name)
  const noJumps = whyNoJumps(model.config.objective)
  if (noJumps) throw new ConfigError(`${key}: ${noJumps}, so ${name} teaches none; ${TRAIN_ONE}`)
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
  if (config.coupling.kind === 'ot' && model.config.coupling.kind !== 'ot') {
    throw new ConfigError(
      `${key}: ${name} was trained with the coupling ${model.config.coupling.kind}, which has a different flow from ot; train both with the same coupling`,
    )
  }
  const [theirs, own] = [model.data.source, dataset.source].map(source => source?.fingerprint.sha256)
  if (theirs !== own || model.config.sourceNoise !== config.sourceNoise) {
    const begins = model.data.source?.name ?? 'noise'
    throw new ConfigError(
      `${key}: ${name} begins at ${begins} with sourceNoise ${model.config.sourceNoise}, this run at ${dataset.source?.name ?? 'noise'} with ${config.sourceNoise}`,
    )
  }
  checkColumns(key, name, model, dataset)
  checkCondition(key, name, model, config, dataset)
  checkGuidance(key, name, model, config)
  if (!sameScale(model.data.standardization, dataset.standardization)) {
    throw new ConfigError(
      `${key}: ${name} scales its data differently from this run; train both on the same data and with the same standardize`,
    )
  }
  return model
}

/** Whether a teacher can be told what the run tells its own map. */
function checkCondition(
  key: string,
  name: string,
  model: Model,
  { condition }: Config,
  dataset: StandardizedDataset,
): void {
  const refuse: (message: string) => never = message => {
    throw new ConfigError(`${key}: ${name} ${message}`)
  }
  const theirs = model.config.condition
  const { kind } = condition
  if (kind === 'none') {
    if (theirs.kind === 'none' || theirs.drop > 0) return
    refuse(
      `was trained with the ${theirs.kind} of every sample and is not unconditional; train it with --condition.drop 0.1, or this run with --condition ${theirs.kind}`,
    )
  }
  if (theirs.kind !== kind) {
    refuse(`was trained without ${pluralOf(kind)}, which this run has; train it with --condition ${kind}`)
  }
  const [known, own] = [model.data, dataset].map(data => tellable(kind, data))
  if (known !== own) refuse(`knows ${known}; this run has ${own}`)
  const [before, now] = [pointOf(model.config, model.data), pointOf({ condition }, dataset)]
  if (JSON.stringify(before.condition) !== JSON.stringify(now.condition)) {
    refuse(`scales its ${pluralOf(kind)} differently from this run; train both on the same data`)
  }
  if (condition.drop > 0 && theirs.drop === 0) {
    refuse(`was never trained without the ${kind}; use --condition.drop 0`)
  }
}
/** Whether a teacher can be guided: scales multiply, and what is without condition must have been trained. */
function checkGuidance(key: string, name: string, model: Model, { guidance: { rule } }: Config): void {
  if (!isGuidedByTeacher(rule)) return
  const { applied, scale, range, null: none } = guidanceRecord(model.config)
  if (applied !== 'none') {
    const found = applied === 'baked' ? `at the scale ${scale}` : `on scales of ${range!.join(' to ')}`
    throw new ConfigError(
      `${key}: ${name} was itself trained with guidance, ${found}, and scales multiply; use guidance.rule none, or an unguided run`,
    )
  }
  if (rule === 'teacher' && !none) {
    throw new ConfigError(
      `${key}: ${name} was trained with the ${model.config.condition.kind} of every sample, but guidance also needs its unconditional velocity; train it with --condition.drop 0.1`,
    )
  }
}

/** As recorded: the same data gives the same numbers. */
const sameScale = (a: Standardization | undefined, b: Standardization | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)
