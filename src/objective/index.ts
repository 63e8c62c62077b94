export { diagonalIds, objectives } from './catalogue.ts'
export { type GuidanceRule, type GuidanceRuleName, guidanceRules, guidedDraw } from './guidance.ts'
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
export {
  type CouplingKind,
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
  diagonalLaws,
  type Jumps,
  keepsMinimum,
  type TimeLaw,
  type TimeLawName,
  type TimeOptions,
  type Times,
  timeLaws,
} from './times.ts'
export { minSnr, progressiveGap } from './weighting.ts'
