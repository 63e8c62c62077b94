import type { Tensor } from '../autodiff/index.ts'
import { type Annealed, isSchedule, valueAt } from '../objective/index.ts'
import { aloneRounds, TOGETHER, togetherAt } from './alone.ts'
import { type Average, averagesOf } from './averages.ts'
import type { Config } from './schema.ts'

/** A number of the training step that changes from step to step. */
interface ScheduledValue {
  readonly name: string
  /** @param step  counted from 1 */
  readonly at: (step: number, progress: number) => number
}

/** Part of the training that is left: what the progressive gap weight goes by. */
export const LEFT = 'left'

/** The name of an average's weight. */
export const weightName = ({ vector }: Pick<Average, 'vector'>): string => `weight.${vector}`

const annealed = (name: string, value: Annealed): ScheduledValue => ({
  name,
  at: (_, progress) => valueAt(value, progress),
})

/** A loss that is added late reaches its weight in this part of the training. */
const RISE = 0.02

/** The weight of what is added to an objective, where it begins later than the training. */
const lateWeight = (
  name: string,
  added: { readonly weight: number; readonly from: number } | null,
): ScheduledValue[] =>
  added === null || added.from === 0
    ? []
    : [
        annealed(`${name}.weight`, {
          kind: 'linear',
          from: 0,
          to: added.weight,
          start: added.from,
          end: Math.min(1, added.from + RISE),
        }),
      ]

/**
 * The numbers that change over a run: scheduled options of the objective and of its diagonal term, what weights over times
 * need, weights of what is added late, and those of averages.
 */
export function scheduledValuesOf(config: Config): ScheduledValue[] {
  const { options, diagonal, loss } = config
  const scheduled = (block: string, values: Readonly<Record<string, unknown>>): ScheduledValue[] =>
    Object.entries(values).flatMap(([key, value]) =>
      isSchedule(value) ? [annealed(`${block}.${key}`, value)] : [],
    )
  const left = annealed(LEFT, { kind: 'linear', from: 1, to: 0 })
  return [
    ...scheduled('options', options),
    ...scheduled('diagonal.options', diagonal.options),
    ...(loss.gapWeight === null ? [] : [left]),
    ...(['adversarial', 'matching'] as const).flatMap(name => lateWeight(name, config[name])),
    ...(aloneRounds(config) > 0 ? [{ name: TOGETHER, at: (step: number) => togetherAt(config, step) }] : []),
    ...averagesOf(config).flatMap(average => {
      const { weight } = average
      return typeof weight === 'number' ? [] : [{ name: weightName(average), at: weight }]
    }),
  ]
}

/** Part of the training that is done at a step, counted from 1. */
export const progressAt = ({ steps }: Config, step: number): number => Math.min(1, step / steps)

/** Writes the values of a step, counted from 1. */
export function writeScheduledValues(
  config: Config,
  moments: readonly ScheduledValue[],
  step: number,
  out: Float32Array,
): void {
  const progress = progressAt(config, step)
  moments.forEach(({ at }, i) => {
    out[i] = at(step, progress)
  })
}

/** The present values by name: tensors `[]` in a graph. */
export type PresentValues = Readonly<Record<string, Tensor | number>>

/** Options with their schedules replaced by the present values. */
export const withPresent = (
  options: Readonly<Record<string, unknown>>,
  block: string,
  present: PresentValues,
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, present[`${block}.${key}`] ?? value]),
  )
