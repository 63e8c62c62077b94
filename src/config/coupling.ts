import { type Objective, objectives, traitsOf } from '../objective/index.ts'
import type { Check } from './check.ts'
import { base } from './defaults.ts'
import type { Config } from './schema.ts'

type Coupling = Pick<Config['coupling'], 'kind'>

/** Couplings that draw from trajectories of a teacher, which are solved before the training. */
export type SolvedKind = 'reflow' | 'samples' | 'trajectory'

/** Whether trajectories of a teacher are solved for it. */
export const isSolved = ({ kind }: Coupling): boolean => kind !== 'independent' && kind !== 'ot'

/** Whether the noise of a training is not drawn apart from its data, so that points of its path are not data with fresh noise. */
export const isMatched = ({ coupling: { kind }, source }: Pick<Config, 'coupling' | 'source'>): boolean =>
  source !== null || kind === 'ot' || kind === 'reflow'

/** Whether a diagonal term trains a velocity beside an objective's own parts. */
export const isGrounded = ({ diagonal: { fraction, objective } }: Pick<Config, 'diagonal'>): boolean =>
  fraction > 0 && objective !== null

/** The traits of a run's own formula and of its diagonal term, one after the other. */
export function allTraits({ options, diagonal }: Config, objective: Objective) {
  const ground = diagonal.fraction > 0 ? objectives.get(diagonal.objective ?? '') : undefined
  return [
    traitsOf(objective, options),
    ...(ground && objective.parts ? [traitsOf(ground, diagonal.options)] : []),
  ]
}

/** What needs noise that was drawn apart from its data. */
export const apartChecks: readonly Check[] = [
  ({ coupling: { kind }, condition }) =>
    kind === 'ot' &&
    condition.kind !== 'none' &&
    `coupling.kind: ot ignores the ${condition.kind}, so each ${condition.kind} would be matched to different noise; use independent, or condition.kind none`,
  (config, objective) =>
    config.coupling.kind === 'ot' &&
    allTraits(config, objective).some(traits => traits.freshNoise || traits.posterior) &&
    `coupling.kind: ${objective.id} needs noise that is independent of the data, but ot matches the two; use independent`,
  (config, objective) =>
    config.coupling.kind === 'ot' &&
    allTraits(config, objective).some(({ draws }) => draws?.includes('logWeight')) &&
    `coupling.kind: ${objective.id} weighs points of the data, and with ot the noise that they are matched with too; use independent`,
  ({ coupling: { kind }, teacher }) =>
    kind === 'ot' &&
    teacher === 'exact' &&
    'coupling.kind: ot trains another flow than the exact one, which is that of data and noise drawn apart; use independent, or a teacher that was trained with ot',
  ({ coupling: { kind, group, regularization } }) => {
    const key = group !== base.coupling.group ? 'group' : regularization !== null && 'regularization'
    return (
      kind !== 'ot' && key && `coupling.${key}: only the coupling ot matches noise with data, found ${kind}`
    )
  },
]
