import { WAYS } from '../../draw/ways.ts'
import { state, update } from '../../state/store.ts'
import { Choice } from '../shared.tsx'

/** In how many jumps noise becomes data, or in steps along the velocity. */
export function WayChoice({ name }: { name: string }) {
  const { play } = state.value
  return (
    <Choice
      name={name}
      options={WAYS.map(({ label }) => [label, label] as const)}
      value={WAYS[play.way].label}
      onChange={label => update({ play: { ...play, way: WAYS.findIndex(each => each.label === label) } })}
    />
  )
}
