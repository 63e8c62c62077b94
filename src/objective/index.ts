export { diagonals, objectives } from './catalogue.ts'
export {
  adaptive,
  cauchy,
  type Draw,
  type ErrorFunction,
  type Loss,
  pseudoHuber,
  squaredError,
} from './loss.ts'
export type {
  CouplingKind,
  DiagonalId,
  Need,
  Objective,
  ObjectiveDefaults,
  Part,
  Rule,
  Setting,
} from './objective.ts'
export { type Annealed, annealed, isSchedule, type Schedule, valueAt } from './schedule.ts'
export {
  bend,
  diagonalLaws,
  type Jumps,
  type TimeLaw,
  type TimeLawName,
  type TimeOptions,
  type Times,
  timeLaws,
} from './times.ts'
export { minSnr, progressiveGap } from './weighting.ts'
