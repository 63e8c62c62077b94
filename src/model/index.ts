export {
  adapted,
  adaptedNetwork,
  adapterChanges,
  adapterParameters,
  adapterProblem,
  isAdapted,
  merged,
  type WeightedChanges,
} from './adapter.ts'
export type { AdapterKeys } from './adapter-keys.ts'
export { joinArrays, type Points } from './arrays.ts'
export { bindMap, type MapConfig, mapOf, parameterCount } from './bound-map.ts'
export { type BoundNetwork, type Divergence, divergenceOf, timeShape } from './bound-network.ts'
export { exactText } from './categorical/exact-text.ts'
export type { Language } from './categorical/language.ts'
export { curvedFlow, fromJump, gaussianFlow } from './closed-flow.ts'
export {
  baseDeviation,
  type Coefficients,
  coefficientsAt,
  coefficientsOf,
  processAt,
  ratioAt,
  timeOfRatio,
  wronskian,
} from './coefficients.ts'
export {
  type Condition,
  type ConditionKind,
  type ConditionSpec,
  conditionInputs,
  conditionKinds,
  conditionOfInputs,
  conditionSize,
  isNull,
  isToldOf,
  nullCondition,
  pluralOf,
  type RowConditionKind,
  seenConditions,
  seenSize,
  seenSpec,
  seenState,
  stateOf,
} from './condition.ts'
export { scaleOfHead } from './divergence-head.ts'
export { type Conditioning, conditionings, type EmbeddingName, embeddings, timeCount } from './embedding.ts'
export { type Energy, energies, mixtureEnergy, type Observable } from './energy/index.ts'
export { gaussianFlowMap, mixtureLogDensityAt, mixtureVelocity } from './exact.ts'
export {
  asRows,
  type FlowMap,
  flowMap,
  fromVelocity,
  type ParameterizationName,
  type Predicted,
  parameterizations,
  type VelocityField,
} from './flow-map.ts'
export { glassVelocity, innerFlow } from './glass.ts'
export { extrapolate, type Interval, type Intervals, isInside } from './guidance.ts'
export { innerPlace, numbers } from './inner-path.ts'
export type { Interpolant } from './interpolants/interpolant.ts'
export { type InterpolantName, interpolants } from './interpolants/table.ts'
export { logSumExp } from './log-sum-exp.ts'
export type { Mixture, MixtureComponent } from './mixture.ts'
export type { MlpKeys } from './mlp-kind.ts'
export {
  type CommonKeys,
  flatten,
  flattenArrays,
  type Named,
  type Network,
  type NetworkConfig,
  type NetworkKind,
  type ParameterSpec,
  type PointSpec,
  sizeOfNetwork,
  unflatten,
  unflattenArray,
} from './network.ts'
export {
  conversionOf,
  DEFAULT_KIND,
  inheritedFrom,
  kindOf,
  networkOf,
  networks,
  velocityKeys,
} from './networks.ts'
export { bridgeNoise, clippedPath, noisePath, type Path, pathOf, trajectoryPath } from './path.ts'
export {
  type Policy,
  type PolicyAt,
  type PolicyKeys,
  policyAt,
  policyOutputs,
} from './policy.ts'
export { powerExponent, powerWeight, WIDEST_AVERAGE } from './power-average.ts'
export {
  type Pair,
  type PairAt,
  type Prediction,
  type PredictionName,
  pairAt,
  predictions,
} from './predictions.ts'
export { type Quadratic, scaledQuadratic } from './quadratic.ts'
export { rowsAtOnce, rowsOfUnknown } from './rows.ts'
export { coordinates, type ErrorFunction, flat, type Space } from './space.ts'
export { spaceOf, spaces } from './space-of.ts'
export { holdsPoints } from './spaces/table.ts'
export {
  type Standardization,
  standardized,
  unstandardized,
  unstandardizedJump,
  unstandardizedVelocity,
  unstandardizedVolume,
} from './standardization.ts'
export { uncertaintyNetwork } from './uncertainty.ts'
