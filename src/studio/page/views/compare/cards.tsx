import { Mark } from '../../parts/run-mark.tsx'
import { methodOf, targetName } from '../../parts/run-name.ts'
import { floorOf, GROUPS, measureOf, type Row, WHAT_IT_IS } from './measures.ts'
import { METRIC, NFE } from './picture.tsx'
import './cards.css'

function Card({ row }: { row: Row }) {
  const { at, plan, comparable } = row
  return (
    <article class={comparable ? 'card' : 'card other'} aria-label={`Run ${at + 1} in numbers`}>
      <table>
        <caption>
          <Mark at={at} /> <strong>{at + 1}</strong> {methodOf(plan)}
          {comparable ? '' : ` on ${targetName(plan)}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Jumps</th>
            {Object.entries(GROUPS).map(([metric, group]) => (
              <th key={metric} scope="col">
                {group}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {NFE.map((n, i) => (
            <tr key={n}>
              <th scope="row">{n}</th>
              {Object.keys(GROUPS).map(metric => {
                const { text, range } = measureOf(row, metric, i)
                return (
                  <td key={metric}>
                    {text} <small>{range?.replace(' to ', '–')}</small>
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </article>
  )
}

/** What real data scores, of each target once. */
function RealData({ rows }: { rows: readonly Row[] }) {
  const targets = new Map(rows.map(row => [targetName(row.plan), row]))
  return (
    <>
      {[...targets].map(([name, row]) => (
        <p key={name} class="soft">
          Real data of {name}: {floorOf(row, 'strays').range ?? '…'} %, {floorOf(row, METRIC).range ?? '…'}.
        </p>
      ))}
    </>
  )
}

/** All runs in numbers, one below another, where there is no room for a table. */
export function CompareCards({ rows }: { rows: readonly Row[] }) {
  return (
    <section
      class="cards"
      aria-labelledby="table-heading"
      aria-busy={rows.some(({ measured }) => !measured.fresh)}
    >
      <h3 id="table-heading">In numbers</h3>
      {rows.map(row => (
        <Card key={row.at} row={row} />
      ))}
      <RealData rows={rows} />
      <details>
        <summary>What the numbers are</summary>
        <p class="soft">{WHAT_IT_IS}</p>
      </details>
    </section>
  )
}
