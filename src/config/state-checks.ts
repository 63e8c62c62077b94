import { type Objective, objectives, type Traits, traitsOf } from '../objective/index.ts'
import type { Check } from './check.ts'
import type { Config } from './schema.ts'

/** The traits of the term that trains the diagonal of a run, where it has one. */
const diagonalTraits = (
  { diagonal, options }: Pick<Config, 'diagonal' | 'options'>,
  { parts }: Objective,
): Traits => {
  const ground = diagonal.fraction > 0 ? objectives.get(diagonal.objective ?? '') : undefined
  return ground ? traitsOf(ground, parts ? diagonal.options : options) : {}
}

/** Whether a formula of the run asks for data given a noisy point. */
const asksPosterior = (config: Pick<Config, 'diagonal' | 'options'>, objective: Objective): boolean =>
  Boolean(traitsOf(objective, config.options).posterior || diagonalTraits(config, objective).posterior)

/** Combinations that make no sense where a map is told a noisy point and its time. */
export const stateChecks: readonly Check[] = [
  ({ condition: { kind }, interpolant }) =>
    kind === 'state' &&
    interpolant !== 'linear' &&
    `condition.kind: state tells a noisy point of the linear path; use interpolant linear, found ${interpolant}`,
  ({ condition: { kind }, coupling }) =>
    kind === 'state' &&
    coupling.kind !== 'independent' &&
    `coupling.kind: condition state needs independent noise for each data point; use independent, found ${coupling.kind}`,
  ({ condition: { kind }, guidance: { rule } }) =>
    kind === 'state' &&
    rule !== 'none' &&
    `guidance.rule: ${rule} leads towards classes and vectors, and a state is neither; use none`,
  (config, objective) =>
    config.condition.kind !== 'none' &&
    asksPosterior(config, objective) &&
    `condition.kind: ${objective.id} draws data given a noisy point, which is known of the data as a whole; use none, found ${config.condition.kind}`,
  (config, objective) =>
    config.interpolant !== 'linear' &&
    asksPosterior(config, objective) &&
    `interpolant: ${objective.id} draws data given a noisy point of the linear path; use linear, found ${config.interpolant}`,
  (config, objective) =>
    config.posterior.map !== null &&
    !asksPosterior(config, objective) &&
    `posterior.map: ${objective.id} draws no data given a noisy point; mfm-ft does, and itm with draw: posterior`,
]
