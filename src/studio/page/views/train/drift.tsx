import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { Questions } from '../../../engine/protocol.ts'
import { type DriftShown, driftOf } from '../../../players.ts'
import { arrowPath, arrowScale } from '../../draw/arrows.ts'
import { useConfig } from '../../parts/loss-terms.tsx'
import { state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import './drift.css'

/** Whether the drift is over the stage. */
export const driftShown = signal(false)

type Drift = Questions['drift']['answer']

/** Length of most arrows, in units of the data. */
const LENGTH = 0.6

/** What moves the samples of the training, where it says so. */
export function useMover(): DriftShown | undefined {
  const config = useConfig()
  return useMemo(() => driftOf(config), [config])
}

export function useDrift(): Drift | null {
  const { weights } = state.value
  const mover = useMover()
  const wanted = mover !== undefined && driftShown.value
  const { answer, key } = useAnswer('drift', `${mover?.says} ${weights}`, wanted ? { weights } : null)
  return wanted && key?.startsWith(`drift ${mover.says}`) ? answer : null
}

/** What is said of it to who does not see it. */
export const driftWords = (drift: Drift | null): string =>
  drift ? `; ${drift.points.length / 2} arrows, where training moves samples` : ''

export function DriftArrows({ drift }: { drift: Drift | null }) {
  const path = useMemo(() => {
    if (!drift) return ''
    const scale = arrowScale(drift.drift, LENGTH, new Array(drift.points.length / 2).fill(true))
    return arrowPath(drift.points, drift.drift, scale, LENGTH, () => true)
  }, [drift])
  return drift && <path class="drift" d={path} />
}

export const DriftKey = ({ drift }: { drift: Drift | null }) =>
  drift && (
    <span class="key">
      <svg class="of-drift" width="22" height="10" viewBox="0 0 22 10" aria-hidden="true">
        <path class="drift" d="M1 5H20M15 1L20 5L15 9" />
      </svg>
      drift of {drift.points.length / 2} samples, to a scale of its own
    </span>
  )
