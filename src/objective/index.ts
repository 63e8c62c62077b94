export { aliases, otherNames, ownId } from './aliases.ts'
export { argmaxClock, type Decided } from './argmax-law.ts'
export { diagonalIds, objectives, whyNoJumps, whyNoTrajectories, whyNoVelocity } from './catalogue.ts'
export {
  type GuidanceRule,
  type GuidanceRuleName,
  guidanceRules,
  guidedDraw,
  guidedMean,
} from './guidance.ts'
export { spelledOut } from './list.ts'
export { MOST_TRAINED } from './log-determinant.ts'
export {
  adaptive,
  cauchy,
  comparing,
  type Draw,
  type ErrorFunction,
  type Loss,
  meanSquare,
  pseudoHuber,
  squaredError,
} from './loss.ts'
export { criticAccuracy, ganCritic, ganMap } from './matching/critic.ts'
export { type GameName, games } from './matching/games.ts'
export { drawnVelocity, outerStep } from './matching/levels.ts'
export * as players from './matching/players.ts'
export { isRandom, randomCount, randomFeatures } from './matching/random-features.ts'
export { dmd, fakeScore, fisherDistance } from './matching/score.ts'
export { type MatchingWeight, matchingWeights } from './matching/weights.ts'
export {
  type Compared,
  type CouplingKind,
  isTwoLevel,
  type KeptOf,
  type Memory,
  type Need,
  type Objective,
  type ObjectiveDefaults,
  type Part,
  type Player,
  type Rule,
  type Setting,
  type Traits,
  type Turn,
  traitsOf,
} from './objective.ts'
export { type Features, perceptual, perceptualError } from './perceptual.ts'
export { type ScaleLawName, scaleLaws } from './scales.ts'
export { type Annealed, annealed, isSchedule, type Schedule, valueAt } from './schedule.ts'
export {
  bend,
  type Jumps,
  keepsMinimum,
  shifted,
  singleTime,
  type TimeLaw,
  type TimeLawName,
  type TimeOptions,
  type Times,
  timeLaws,
} from './times.ts'
export { minSnr, progressiveGap } from './weighting.ts'
