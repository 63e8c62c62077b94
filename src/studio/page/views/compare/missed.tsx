import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { runs, state, update } from '../../state/store.ts'
import { ResidualMaps } from './residuals.tsx'

/** The run whose sample off the data was asked about. */
export const asked = signal<number | null>(null)

/** The first sample off the data behind a point, all around; null where there is none. */
export function nextStray(marks: Uint8Array, point: number | null): number | null {
  const begin = point === null ? 0 : point + 1
  for (let i = 0; i < marks.length; i++) {
    const at = (begin + i) % marks.length
    if (marks[at]) return at
  }
  return null
}

/** Why a sample that is followed misses the data: where its map is none of a flow. */
export function WhyItMisses() {
  const { point } = state.value.jump
  const at = asked.value
  const place = useRef<HTMLElement>(null)
  const isShown = at !== null && at < runs.value.length && point !== null
  useEffect(() => {
    if (isShown) place.current!.scrollIntoView({ block: 'nearest' })
  }, [isShown, at])
  if (!isShown) return null
  return (
    <section ref={place} class="why-it-misses" aria-labelledby="misses-heading">
      <h3 id="misses-heading">
        Why does it fail? Sample {point + 1} of run {at + 1}
      </h3>
      <p class="soft">
        A jump of a flow map ends where small steps would end. Bright cells are jumps that do not; the one
        from noise (s = 1) to data (t = 0) is in the lower right corner. If all cells are dark and samples
        still miss, the velocity itself is wrong.
      </p>
      <ResidualMaps run={at} />
      <div class="buttons">
        <button type="button" onClick={() => update({ selected: at, view: 'why' })}>
          Show its velocity and losses
        </button>
        <button
          type="button"
          onClick={() => {
            asked.value = null
          }}
        >
          Close
        </button>
      </div>
    </section>
  )
}
