import { signal } from '@preact/signals'
import { stepsOf } from '../../../plan.ts'
import { shortNumber } from '../../draw/number.ts'
import { Wide } from '../../parts/reachable.tsx'
import { Mark } from '../../parts/run-mark.tsx'
import { methodOf, targetName } from '../../parts/run-name.ts'
import { runs } from '../../state/store.ts'
import { answerOf, floorOf, GROUPS, measureOf, type Row, WHAT_IT_IS } from './measures.ts'
import { NFE } from './picture.tsx'
import './table.css'

interface Column {
  readonly id: string
  readonly name: string
  /** What rows are ordered by. */
  readonly value: (row: Row) => number | string
  readonly text?: (row: Row) => string
  /** An interval of 95 % around it; of real data the range of several draws. */
  readonly range?: (row: Row) => string | null | undefined
  /** What several columns are of. */
  readonly group?: string
}

const inJumps = (n: number): string => `${n} ${n === 1 ? 'jump' : 'jumps'}`

/** The columns of a metric: in each number of jumps, with the interval below, and of real data. */
const ofMetric = (metric: string, group: string): readonly Column[] => [
  ...NFE.map(
    (n, i): Column => ({
      id: `${metric}-${n}`,
      group,
      name: inJumps(n),
      value: row => answerOf(row)?.values[i][metric] ?? Number.POSITIVE_INFINITY,
      text: row => measureOf(row, metric, i).text,
      range: row => measureOf(row, metric, i).range,
    }),
  ),
  {
    id: `${metric}-floor`,
    group,
    name: 'real data',
    value: row => answerOf(row)?.floors[metric].value ?? Number.POSITIVE_INFINITY,
    text: row => floorOf(row, metric).text,
    range: row => floorOf(row, metric).range,
  },
]

const columns: readonly Column[] = [
  { id: 'run', name: 'Run', value: ({ at }) => at },
  ...Object.entries(GROUPS).flatMap(([metric, group]) => ofMetric(metric, group)),
  { id: 'target', name: 'Target', value: ({ plan }) => targetName(plan) },
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
const words = new Set(['run', 'target'])

const order = signal<{ readonly by: string; readonly down: boolean }>({ by: 'run', down: false })

function compareBy({ value }: Column, down: boolean): (a: Row, b: Row) => number {
  return (one, other) => {
    const [a, b] = [value(one), value(other)]
    const rise = a < b ? -1 : a > b ? 1 : one.at - other.at
    return down ? -rise : rise
  }
}

function Head({ column: { id, name, group } }: { column: Column }) {
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
        {group && <span class="hidden-but-read">{group}, </span>}
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
          <caption>{WHAT_IT_IS} Click a column’s name to sort by it.</caption>
          <thead>
            <tr class="groups">
              <td />
              {Object.values(GROUPS).map(group => (
                <th key={group} scope="colgroup" colSpan={NFE.length + 1}>
                  {group}
                </th>
              ))}
              <td colSpan={3} />
            </tr>
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
                  <Mark at={row.at} /> {row.at + 1} <span class="by">{methodOf(row.plan)}</span>
                </th>
                {columns.slice(1).map(({ id, value, text, range }) => (
                  <td key={id} class={words.has(id) ? 'word' : undefined}>
                    {text ? text(row) : value(row)}
                    {range && <small>{range(row) ?? ' '}</small>}
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
