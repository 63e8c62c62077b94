import type { Tensor } from '../autodiff/index.ts'
import { type Annealed, isSchedule, valueAt } from '../objective/index.ts'
import type { Config } from './schema.ts'

/** A number of the training step that changes from step to step. */
interface ScheduledValue {
  readonly name: string
  readonly value: Annealed
}

/** Part of the training that is left: what the progressive gap weight goes by. */
export const LEFT = 'left'

/** The numbers that change over a run: scheduled options of the objective and of its diagonal term, and what weights need. */
export function scheduledValuesOf({ options, diagonal, loss }: Config): ScheduledValue[] {
  const scheduled = (block: string, values: Readonly<Record<string, unknown>>): ScheduledValue[] =>
    Object.entries(values).flatMap(([key, value]) =>
      isSchedule(value) ? [{ name: `${block}.${key}`, value }] : [],
    )
  const left: ScheduledValue = { name: LEFT, value: { kind: 'linear', from: 1, to: 0 } }
  return [
    ...scheduled('options', options),
    ...scheduled('diagonal.options', diagonal.options),
    ...(loss.gapWeight === null ? [] : [left]),
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
  moments.forEach(({ value }, i) => {
    out[i] = valueAt(value, progress)
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
