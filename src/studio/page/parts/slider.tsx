interface Range {
  readonly name: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  /** What is shown of the value; the number itself where absent. */
  readonly text?: string
  readonly onChange: (value: number) => void
}

/** A slider with its name and its value. */
export function Slider({ name, value, min, max, step, text, onChange }: Range) {
  return (
    <label class="field">
      <span class="name">
        {name} <span class="number">{text ?? value}</span>
      </span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        onInput={event => onChange(event.currentTarget.valueAsNumber)}
      />
    </label>
  )
}
