import './class-chips.css'

/** One of the classes, by its place; or all of them, null, where that can be chosen. */
export function ClassChips({
  names,
  value,
  withAll = false,
  onChange,
}: {
  names: readonly string[]
  value: number | null
  withAll?: boolean
  onChange: (place: number | null) => void
}) {
  const places = [...(withAll ? [null] : []), ...names.keys()]
  return (
    <fieldset class="choice chips">
      <legend>Class</legend>
      <div class="buttons">
        {places.map(each => (
          <button key={each} type="button" aria-pressed={value === each} onClick={() => onChange(each)}>
            {each === null ? 'All' : names[each]}
          </button>
        ))}
      </div>
    </fieldset>
  )
}
