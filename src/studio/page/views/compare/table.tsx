import { signal } from '@preact/signals'
import type { Questions } from '../../../engine/protocol.ts'
import { type Plan, stepsOf } from '../../../plan.ts'
import type { QueryResult } from '../../connection/query-cache.ts'
import { landingPercent } from '../../draw/landing.ts'
import { floorRange, shortNumber } from '../../draw/number.ts'
import { Wide } from '../../parts/reachable.tsx'
import { Mark } from '../../parts/run-mark.tsx'
import { objectiveOf, targetName } from '../../parts/run-name.ts'
import { runs } from '../../state/store.ts'
import { NFE } from './picture.tsx'
import './table.css'

interface Row {
  readonly at: number
  readonly plan: Plan
  readonly measured: QueryResult
  readonly comparable: boolean
}

interface Column {
  readonly id: string
  readonly name: string
  /** What rows are ordered by. */
  readonly value: (row: Row) => number | string
  readonly text?: (row: Row) => string
}

const METRIC = 'slicedWasserstein'
const answerOf = ({ measured }: Row) => measured.answer as Questions['metrics']['answer'] | null

const inJumps = (n: number): string => `${n} ${n === 1 ? 'jump' : 'jumps'}`

const columns: readonly Column[] = [
  { id: 'run', name: 'Run', value: ({ at }) => at },
  { id: 'objective', name: 'Objective', value: ({ plan }) => objectiveOf(plan) },
  { id: 'target', name: 'Target', value: ({ plan }) => targetName(plan) },
  ...NFE.map(
    (n, i): Column => ({
      id: `on-${n}`,
      name: `On data, ${inJumps(n)}`,
      value: row => answerOf(row)?.values[i].strays ?? Number.POSITIVE_INFINITY,
      text: row => landingPercent(answerOf(row)?.values[i].strays) || '…',
    }),
  ),
  {
    id: 'on-floor',
    name: 'On data, real data',
    value: row => answerOf(row)?.floors.strays.value ?? Number.POSITIVE_INFINITY,
    text: row => landingPercent(answerOf(row)?.floors.strays.value) || '…',
  },
  ...NFE.map(
    (n, i): Column => ({
      id: `nfe-${n}`,
      name: `Distance, ${inJumps(n)}`,
      value: row => answerOf(row)?.values[i][METRIC] ?? Number.POSITIVE_INFINITY,
      text: row => shortNumber(answerOf(row)?.values[i][METRIC]) || '…',
    }),
  ),
  {
    id: 'floor',
    name: 'Distance, real data',
    value: row => answerOf(row)?.floors[METRIC].value ?? Number.POSITIVE_INFINITY,
    text: row => (answerOf(row) ? floorRange(answerOf(row)!.floors[METRIC]) : '…'),
  },
  {
    id: 'steps',
    name: 'Steps',
    value: ({ plan }) => stepsOf(plan),
    text: ({ plan }) => (plan.start && stepsOf(plan) === 0 ? 'trained' : stepsOf(plan).toLocaleString('en')),
  },
  {
    id: 'speed',
    name: 'Steps/s',
    value: ({ at }) => runs.value[at]?.live?.stepsPerSecond ?? 0,
    text: ({ at }) => shortNumber(runs.value[at]?.live?.stepsPerSecond || null) || '–',
  },
]

/** Columns of words. */
const words = new Set(['run', 'objective', 'target'])

const order = signal<{ readonly by: string; readonly down: boolean }>({ by: 'run', down: false })

function compareBy({ value }: Column, down: boolean): (a: Row, b: Row) => number {
  return (one, other) => {
    const [a, b] = [value(one), value(other)]
    const rise = a < b ? -1 : a > b ? 1 : one.at - other.at
    return down ? -rise : rise
  }
}

function Head({ column: { id, name } }: { column: Column }) {
  const { by, down } = order.value
  const own = by === id
  return (
    <th
      scope="col"
      class={words.has(id) ? 'word' : undefined}
      aria-sort={own ? (down ? 'descending' : 'ascending') : undefined}
    >
      <button
        type="button"
        class="sort"
        onClick={() => {
          order.value = { by: id, down: own && !down }
        }}
      >
        {name}
        <span aria-hidden="true">{own ? (down ? ' ▼' : ' ▲') : ''}</span>
      </button>
    </th>
  )
}

/** All runs in numbers; a head sorts by its column. */
export function CompareTable({ rows }: { rows: readonly Row[] }) {
  const { by, down } = order.value
  const sorted = [...rows].sort(compareBy(columns.find(({ id }) => id === by)!, down))
  return (
    <section aria-labelledby="table-heading" aria-busy={rows.some(({ measured }) => !measured.fresh)}>
      <h3 id="table-heading">In numbers</h3>
      <Wide>
        <table>
          <caption>
            Of 2,000 samples in 1 to 8 jumps: how many land on the data of the run’s target, and their sliced
            Wasserstein distance to it, where lower is better; beside each what real data scores. Click a
            column’s name to sort by it.
          </caption>
          <thead>
            <tr>
              {columns.map(column => (
                <Head key={column.id} column={column} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map(row => (
              <tr key={row.at} class={row.comparable ? undefined : 'other'}>
                <th scope="row">
                  <Mark at={row.at} /> {row.at + 1}
                </th>
                {columns.slice(1).map(({ id, value, text }) => (
                  <td key={id} class={words.has(id) ? 'word' : undefined}>
                    {text ? text(row) : value(row)}
                    {id === 'target' && !row.comparable ? ' (other)' : ''}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  )
}
