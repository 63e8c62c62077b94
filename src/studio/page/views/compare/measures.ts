import type { Questions } from '../../../engine/protocol.ts'
import type { Plan } from '../../../plan.ts'
import type { QueryResult } from '../../connection/query-cache.ts'
import { metricRange, metricText } from '../../draw/landing.ts'
import { METRIC } from './picture.tsx'

/** What is measured of a run. */
export interface Row {
  readonly at: number
  readonly plan: Plan
  readonly measured: QueryResult
  readonly comparable: boolean
}

export const answerOf = ({ measured }: Row) => measured.answer as Questions['metrics']['answer'] | null

/** What is measured, by the metrics' names: how many land comes first. */
export const GROUPS = { strays: 'On the data', [METRIC]: 'Distance' } as const

/** A value with its interval, where it is known. */
interface Measure {
  readonly text: string
  readonly range: string | null
}

/** A metric of a run's samples in the number of jumps at this place. */
export function measureOf(row: Row, metric: string, i: number): Measure {
  const answer = answerOf(row)
  return {
    text: metricText(metric, answer?.values[i][metric]) || '…',
    range: answer && metricRange(metric, answer.intervals[i][metric]),
  }
}

/** The same of real data, with the range of several draws. */
export function floorOf(row: Row, metric: string): Measure {
  const floor = answerOf(row)?.floors[metric]
  return {
    text: metricText(metric, floor?.value) || '…',
    range: floor ? metricRange(metric, [floor.low, floor.high]) : null,
  }
}

/** What the numbers are, and what their intervals say: not how another training would have ended. */
export const WHAT_IT_IS =
  'For 2,000 samples: how many land on the data of the run’s target, and their sliced Wasserstein distance to it (lower is better). Next to or below each is its 95 % confidence interval: how much it would vary with other samples of the same map, not with another training run. For real data, it is the range over ten draws.'
