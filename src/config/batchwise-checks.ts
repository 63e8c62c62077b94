import { isRandom, type Objective, randomCount } from '../objective/index.ts'
import type { Check } from './check.ts'
import { base } from './defaults.ts'
import type { Config } from './schema.ts'

/** Random features: so many that their covariance is still quickly taken the root of. */
const MOST_FEATURES = 2048

/** Whether an objective compares the samples of a batch with each other. */
export const isBatchwise = ({ parts }: Objective, { options }: Pick<Config, 'options'>): boolean =>
  parts?.(options as never).some(({ batchwise }) => batchwise) ?? false

/** Samples of a batch that train an objective's own parts. */
export const ownRows = (
  { batch, consistency }: Pick<Config, 'batch' | 'consistency'>,
  diagonalRows: number,
): number => Math.max(1, Math.floor((batch - diagonalRows) * consistency.fraction))

/** What may not be where samples of a batch are compared with each other. @param diagonalRows  samples of a diagonal term */
export const batchwiseChecks = (diagonalRows: (config: Config) => number): readonly Check[] => [
  (config, objective) =>
    config.times.group > 1 &&
    !(isBatchwise(objective, config) && objective.jumps === 'any') &&
    `times.group: ${objective.id} compares no samples of the same times; use 1, found ${config.times.group}`,
  (config, objective) => {
    const rows = ownRows(config, diagonalRows(config))
    const { group } = config.times
    return (
      group > 1 &&
      rows % group !== 0 &&
      `times.group: ${rows} samples of a batch train ${objective.id}, which is no whole number of groups of ${group}; change batch or times.group`
    )
  },
  ({ times: { group }, options }, objective) =>
    group === 1 &&
    options.diagonal === false &&
    `options.diagonal: without the diagonal, a group of 1 has no pairs for ${objective.id}; use times.group of at least 2`,
  (config, objective) =>
    isBatchwise(objective, config) &&
    config.batch < 2 &&
    `batch: ${objective.id} compares the samples of a batch with each other; use at least 2, found ${config.batch}`,
  (config, objective) =>
    isBatchwise(objective, config) &&
    config.optimizer.accumulate > 1 &&
    `optimizer.accumulate: ${objective.id} compares the samples of a batch, and those of several batches are not compared; use 1 and a larger batch, found ${config.optimizer.accumulate}`,
  (config, objective) =>
    isBatchwise(objective, config) &&
    config.loss.learned &&
    `loss.learned: ${objective.id} compares the samples of a batch, which cannot be weighed one by one; use false`,
  (config, objective) =>
    isBatchwise(objective, config) &&
    config.guidance.rule !== 'none' &&
    `guidance.rule: ${objective.id} matches samples with data as they are, which ${config.guidance.rule} does not guide; use none`,
  (config, { id }) => {
    const rows = ownRows(config, diagonalRows(config))
    const { queue } = config.options
    return (
      typeof queue === 'number' &&
      queue < rows &&
      `options.queue: a batch has ${rows} samples for ${id}, of which a queue of ${queue} keeps a part; use at least ${rows}`
    )
  },
  ({ options: { queue, beta } }, { options }) =>
    typeof queue === 'number' &&
    beta !== (options.parse({}) as { beta: number }).beta &&
    `options.beta: with a queue, moments are not averaged over steps; remove this key, found ${beta}`,
  ({ options: { classes }, condition: { kind } }, { id }) =>
    classes === true &&
    kind !== 'class' &&
    `options.classes: ${id} compares samples with data of their class, which needs condition.kind class, found ${kind}`,
  ({ times: { law, minimum } }) =>
    law === 'ratio-step' &&
    minimum >= 0.5 &&
    `times.minimum: ratio-step draws times from it to 1 less it; use less than 0.5, found ${minimum}`,
  ({ times: { law, between } }) =>
    law === 'ratio-step' &&
    between.join() !== base.times.between.join() &&
    `times.between: ratio-step places m by times.levels; remove this key, found [${between.join(', ')}]`,
  ({ features }, { id }, traits) =>
    features !== null &&
    !traits.features &&
    `features: ${id} compares no samples by features; drifting and frechet do`,
  ({ features }) =>
    features !== null &&
    isRandom(features) &&
    !(randomCount(features) <= MOST_FEATURES) &&
    `features: expected random:COUNT with a whole number from 1 to ${MOST_FEATURES}, found ${features}`,
]

/** The temperature below which no kernel sees from one cluster of the data to another. */
const NARROW = 0.1

/** Noise that ends below this leaves clusters of the data apart. */
const FAR = 0.9

/** Where what samples are compared by does not see far. */
function narrowRemarks({ options }: Config, { id }: Objective): string[] {
  const range = options.range as readonly number[] | undefined
  if (range && range[1] < FAR) {
    return [
      `options.range: noise ends at ${range[1]}, so the scores only see near data: modes that the start has none of may not be found`,
    ]
  }
  if (id === 'gan' && (options.noise as number) < FAR) {
    return [
      `options.noise: noise ends at ${options.noise}, so the critic tells samples from data without seeing how they differ: modes may be lost`,
    ]
  }
  return []
}

/** Samples that a covariance wants for each feature. */
const SAMPLES = 10

/** What a user should know of it. */
export function batchwiseRemarks(config: Config, objective: Objective): string[] {
  const { options, features } = config
  const { id, rule } = objective
  const remarks = narrowRemarks(config, objective)
  if (rule === 'distributional' && config.target !== 'student' && config.diagonal.fraction === 0) {
    remarks.push(`target: ${id} has no theta-, so ${config.target} has no effect; remove this key`)
  }
  if (id === 'drifting' && Math.max(...(options.temperatures as number[])) < NARROW) {
    remarks.push(
      `options.temperatures: the widest is below ${NARROW}, so samples only see near data: modes that the start has none of are not found`,
    )
  }
  if (id === 'frechet' && features === null) {
    remarks.push(
      'features: without features, frechet only compares the mean and covariance of coordinates, which a Gaussian matches exactly; use e.g. --features random:256',
    )
  }
  const { queue } = options
  if (typeof queue === 'number' && features !== null && queue < SAMPLES * randomCount(features)) {
    remarks.push(
      `options.queue: ${queue} samples are few for the covariance of ${randomCount(features)} features; use at least ${SAMPLES * randomCount(features)}`,
    )
  }
  return remarks
}
