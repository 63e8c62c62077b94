import { type Signal, useSignal } from '@preact/signals'
import type { Objective } from '../../../objective/index.ts'
import { methodsBy, type Refusals, RULES } from './methods.ts'

function Choice({ row: { id, name }, refusal }: { row: Objective; refusal: string | null | undefined }) {
  return (
    <option value={id} disabled={Boolean(refusal)}>
      {id}: {name}
      {refusal ? ` (${refusal})` : ''}
    </option>
  )
}

/** The whole catalogue, by the rule that each method goes by, and a search for a name or a paper. */
export function MethodSearch({
  value,
  refusals,
  onChoose,
  sought,
}: {
  value: string
  refusals: Refusals
  onChoose: (id: string) => void
  /** The words of the search, where they outlast what is shown. */
  sought?: Signal<string>
}) {
  const own = useSignal('')
  const words = sought ?? own
  const found = methodsBy(words.value)
  const shown = found.some(({ id }) => id === value)
  return (
    <>
      <label class="field">
        Search
        <input
          type="search"
          placeholder="consistency, Align Your Flow, 2505.13447 …"
          value={words.value}
          onInput={event => {
            words.value = event.currentTarget.value
          }}
        />
      </label>
      <label class="field">
        Objective
        <select value={shown ? value : ''} onChange={event => onChoose(event.currentTarget.value)}>
          {!shown && (
            <option value="" disabled>
              {found.length === 1 ? '1 method' : `${found.length} methods`}
            </option>
          )}
          {RULES.map(([rule, title]) => {
            const rows = found.filter(row => row.rule === rule)
            return (
              rows.length > 0 && (
                <optgroup key={rule} label={title}>
                  {rows.map(row => (
                    <Choice key={row.id} row={row} refusal={refusals.get(row.id)} />
                  ))}
                </optgroup>
              )
            )
          })}
        </select>
      </label>
    </>
  )
}
