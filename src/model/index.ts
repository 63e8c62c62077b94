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
export { type BoundNetwork, timeShape } from './bound-network.ts'
export { coefficientsAt } from './coefficients.ts'
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
  seenConditions,
  seenSize,
  seenSpec,
} from './condition.ts'
export { type Conditioning, conditionings, type EmbeddingName, embeddings, timeCount } from './embedding.ts'
export { gaussianFlowMap, mixtureVelocity } from './exact.ts'
export {
  asRows,
  type FlowMap,
  flowMap,
  fromVelocity,
  type ParameterizationName,
  parameterizations,
  type VelocityField,
} from './flow-map.ts'
export { extrapolate, type Interval, type Intervals, isInside } from './guidance.ts'
export {
  clippedPath,
  type Interpolant,
  type InterpolantName,
  interpolants,
  noisePath,
  type Path,
  pathOf,
  trajectoryPath,
} from './interpolant.ts'
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
export { conversionOf, DEFAULT_KIND, inheritedFrom, kindOf, networkOf, networks } from './networks.ts'
export { powerExponent, powerWeight, WIDEST_AVERAGE } from './power-average.ts'
export { rowsAtOnce, rowsOfUnknown } from './rows.ts'
export { type ErrorFunction, flat, type Space, spaceOf, spaces } from './space.ts'
export {
  type Standardization,
  standardized,
  unstandardized,
  unstandardizedJump,
  unstandardizedVelocity,
} from './standardization.ts'
export { uncertaintyNetwork } from './uncertainty.ts'
