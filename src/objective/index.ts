export {
  type DiagonalId,
  diagonals,
  type Jumps,
  type Objective,
  type ObjectiveDefaults,
  objectives,
  type Rule,
  type Setting,
} from './catalogue.ts'
export {
  adaptive,
  cauchy,
  type Draw,
  type ErrorFunction,
  type Loss,
  pseudoHuber,
  squaredError,
} from './loss.ts'
export {
  diagonalLaws,
  type TimeLaw,
  type TimeLawName,
  type TimeOptions,
  type Times,
  timeLaws,
} from './times.ts'
