interface Range {
  readonly name: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  /** What is shown and said of the value; the number itself where absent. */
  readonly text?: string
  /** Takes the value while it is moved; may give one that it is held at. */
  readonly onChange: (value: number) => unknown
  /** Told when it is let go. */
  readonly onRelease?: () => void
}

/** A slider with its name and its value. */
export function Slider({ name, value, min, max, step, text, onChange, onRelease }: Range) {
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
        aria-valuetext={text}
        onInput={({ currentTarget }) => {
          const held = onChange(currentTarget.valueAsNumber)
          // The handle must not run ahead of it.
          if (typeof held === 'number') currentTarget.valueAsNumber = held
        }}
        onChange={onRelease}
      />
    </label>
  )
}
