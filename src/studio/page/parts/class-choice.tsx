import { selectedLive, state, update } from '../state/store.ts'

/** The class that is looked at in all views, where the selected map is told one. */
export function ClassChoice() {
  const classes = selectedLive.value?.classes
  if (!classes) return null
  const { names, none } = classes
  const { class: told } = state.value
  const value = told !== undefined && told < names.length ? String(told) : none ? '' : '0'
  return (
    <label class="field inline">
      Class
      <select
        value={value}
        onChange={({ currentTarget }) =>
          update({ class: currentTarget.value === '' ? undefined : Number(currentTarget.value) })
        }
      >
        {none && <option value="">no class</option>}
        {names.map((name, i) => (
          <option key={name} value={String(i)}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
