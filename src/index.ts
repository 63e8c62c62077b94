/**
 * Train, measure, sample and steer flow maps in Node.
 *
 * @module oxbow
 */
export { generatedDataset, openDataset } from './config/dataset.ts'
export { type Config, ConfigError, resolveConfig, type UserConfig } from './config/index.ts'
export { ArgumentError } from './data/arguments.ts'
export { datasets } from './data/built-in.ts'
export type { DatasetSpec } from './data/catalogue.ts'
export type { Dataset, Fingerprint, Mixture } from './data/dataset.ts'
export { DataError } from './data/error.ts'
export { collectDataset, type Item, type PointsOptions, pointsDataset } from './data/in-memory.ts'
export type { OpenOptions } from './data/open.ts'
export {
  type Evaluation,
  type EvaluationRequest,
  evaluateRun,
  type MetricValue,
} from './evaluation/evaluate.ts'
export { evaluateSamples, type SavedEvaluation, type SavedRequest } from './evaluation/saved-samples.ts'
export { metrics } from './metric/catalogue.ts'
export { prepareMetrics } from './metric/prepare.ts'
export { measureResiduals, type Residuals } from './metric/residuals.ts'
export { type Interpolant, interpolants, type Space, spaces } from './model/index.ts'
export { type Draw, type Jumps, type Loss, type Objective, objectives } from './objective/index.ts'
export { train } from './report/train.ts'
export type { Device } from './runtime/device.ts'
export type { Runtime } from './runtime/runtime.ts'
export { solve } from './sampler/adaptive.ts'
export { checkGrid, checkWholeGrid, GridError } from './sampler/grid.ts'
export type { MethodName, SamplingMethod } from './sampler/names.ts'
export { type RenoiseOptions, renoise } from './sampler/renoise.ts'
export {
  drawNoise,
  euler,
  heun,
  type Jump,
  jumpThrough,
  uniformGrid,
  type Velocity,
} from './sampler/sampler.ts'
export { type SampleOptions, sample } from './sampler/sampling.ts'
export {
  dynamicShift,
  type FlowMatchOptions,
  flowMapEulerGrid,
  flowMatchEulerGrid,
} from './sampler/schedulers.ts'
export type { ClassChoice, Given, KnownCondition, VectorChoice } from './serialization/conditions.ts'
export type { OpenReward } from './serialization/formula-reward.ts'
export { type LoadOptions, load } from './serialization/load.ts'
export { loadReward, type RewardOptions } from './serialization/load-reward.ts'
export type { LoadedMap } from './serialization/loaded-map.ts'
export { RunError } from './serialization/run.ts'
export { statePosterior, steerable } from './serialization/steerable.ts'
export {
  type Decoding,
  decodeText,
  sampleTexts,
  type TextOptions,
  type Texts,
} from './serialization/texts.ts'
export { mixed, renoised, slerp, straight } from './steering/edit.ts'
export { byGradient, byPosterior, guided } from './steering/guided.ts'
export { type InversionOptions, inverted } from './steering/invert.ts'
export {
  eulerMaruyamaKernel,
  jumpKernel,
  type Kernel,
  posteriorKernel,
  renoiseKernel,
} from './steering/kernels.ts'
export { type LookAhead, type LookAheadOptions, lookAhead } from './steering/look-ahead.ts'
export { noiseSpace } from './steering/noise-space.ts'
export { type ParticlesOptions, particles, type Steered } from './steering/particles.ts'
export { innerPosterior } from './steering/posterior.ts'
export { type SteerOptions, type SteerResult, steer } from './steering/steer.ts'
export { type PointReward, type SteerableMap, SteeringError } from './steering/steerable.ts'
export { type SteeredEditOptions, steeredEdit } from './steering/steered-edit.ts'
export {
  DivergenceError,
  type Progress,
  type TrainOptions,
  type TrainResult,
} from './training/train-options.ts'
