import { useEffect, useRef } from 'preact/hooks'

interface Props {
  readonly value: number
  readonly min: number
  readonly max: number
  readonly 'aria-label'?: string
  /** Takes what was typed; gives what is shown from then on. */
  readonly commit: (typed: number) => number
}

/** A field for a number that is taken once it is whole. What is being typed outlives whatever else the page shows anew. */
export function NumberInput({ value, commit, ...rest }: Props) {
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    input.current!.value = String(value)
  }, [value])
  return (
    <input
      ref={input}
      type="number"
      step={1}
      defaultValue={String(value)}
      onChange={({ currentTarget }) => {
        currentTarget.value = String(commit(currentTarget.valueAsNumber))
      }}
      {...rest}
    />
  )
}
