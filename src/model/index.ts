export {
  bindMap,
  flatten,
  type MapConfig,
  mapOf,
  mlpOptions,
  parameterCount,
  sizeOfShapes,
  unflatten,
} from './bound-map.ts'
export type { BoundNetwork } from './bound-network.ts'
export { coefficientsAt } from './coefficients.ts'
export { type Conditioning, conditionings, type EmbeddingName, embeddings, timeCount } from './embedding.ts'
export { gaussianFlowMap, mixtureVelocity } from './exact.ts'
export {
  type FlowMap,
  flowMap,
  fromVelocity,
  type ParameterizationName,
  parameterizations,
  type VelocityField,
} from './flow-map.ts'
export {
  type Interpolant,
  type InterpolantName,
  interpolants,
  noisePath,
  type Path,
  pathOf,
  trajectoryPath,
} from './interpolant.ts'
export type { Mixture, MixtureComponent } from './mixture.ts'
export {
  type Activation,
  applyMlp,
  initializeMlp,
  type Layer,
  type MlpOptions,
  type MlpParameters,
  mlpShapes,
  type Parameter,
  sourceLayersOf,
} from './mlp.ts'
export {
  type Standardization,
  standardized,
  unstandardized,
  unstandardizedJump,
  unstandardizedVelocity,
} from './standardization.ts'
export { uncertainty, uncertaintyShapes } from './uncertainty.ts'
