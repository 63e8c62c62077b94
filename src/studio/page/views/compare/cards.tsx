import { Mark } from '../../parts/run-mark.tsx'
import { methodOf, targetName } from '../../parts/run-name.ts'
import {
  floorOf,
  GROUPS,
  inJumps,
  measureOf,
  type Row,
  speedText,
  stepsText,
  WHAT_IT_IS,
} from './measures.ts'
import { NFE } from './picture.tsx'
import './cards.css'

function Card({ row }: { row: Row }) {
  const { at, plan, comparable } = row
  const floors = Object.keys(GROUPS).map(metric => floorOf(row, metric).range ?? '…')
  const speed = speedText(at)
  return (
    <article class={comparable ? 'card' : 'card other'} aria-label={`Run ${at + 1} in numbers`}>
      <table>
        <caption>
          <Mark at={at} /> <strong>{at + 1}</strong> {methodOf(plan)} on {targetName(plan)}
          {comparable ? '' : ' (other)'}
        </caption>
        <thead>
          <tr>
            {NFE.map(n => (
              <th key={n} scope="col">
                {inJumps(n)}
              </th>
            ))}
          </tr>
        </thead>
        {Object.entries(GROUPS).map(([metric, group]) => (
          <tbody key={metric}>
            <tr>
              <th scope="rowgroup" colSpan={NFE.length}>
                {group}
              </th>
            </tr>
            <tr>
              {NFE.map((n, i) => {
                const { text, range } = measureOf(row, metric, i)
                return (
                  <td key={n}>
                    {text}
                    <small>{range ?? ' '}</small>
                  </td>
                )
              })}
            </tr>
          </tbody>
        ))}
      </table>
      <p class="soft">
        Real data: {floors[0]} %, {floors[1]}. Steps: {stepsText(plan)}
        {speed === '–' ? '' : `, ${speed} a second`}.
      </p>
    </article>
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
      <p class="soft">{WHAT_IT_IS}</p>
    </section>
  )
}
