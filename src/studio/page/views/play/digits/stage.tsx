import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import { colourOf, cssOf } from '../../../draw/colours.ts'
import { useDrawnCanvas } from '../drawn-canvas.ts'
import { FlightFilm, FlightLoop } from '../flight-loop.tsx'
import { drawDigits } from './drawing.ts'
import { held, moveMorph } from './morph.ts'
import type { DigitFlight } from './use-digit-flight.ts'

interface StageProps {
  readonly flight: DigitFlight | null
  readonly shape: PictureTraits['shape']
  /** The digits that are read as another one. */
  readonly misread: readonly boolean[] | null
  readonly label: string
}

/** One picture of the stage; what is dragged across it turns the noise into another. */
function Picture({
  flight,
  shape,
  misread,
  label,
  progress,
  isHeld,
}: StageProps & {
  readonly progress: ReadonlySignal<number>
  /** Whether its digits stay in sight, however far the flight is. */
  readonly isHeld: ReadonlySignal<boolean>
}) {
  const colours = { ink: cssOf(colourOf('--ink')), stray: cssOf(colourOf('--stray')) }
  const at = useMemo(() => computed(() => (isHeld.value ? 1 : progress.value)), [progress, isHeld])
  const canvas = useDrawnCanvas(
    own => {
      if (flight) drawDigits(own, { flight, shape, misread, ...colours, progress: at.peek() })
    },
    [at],
    [flight, misread, at, colours.ink, colours.stray],
  )
  const drag = (event: PointerEvent & { currentTarget: HTMLCanvasElement }): void => {
    if (event.buttons > 0) moveMorph(event.movementX / event.currentTarget.clientWidth)
  }
  return (
    <canvas
      ref={canvas}
      class="digit-stage"
      role="img"
      aria-label={label}
      onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
    />
  )
}

export const DigitLoop = (props: StageProps) => (
  <FlightLoop draw={progress => <Picture {...props} progress={progress} isHeld={held} />} />
)

const never = signal(false)
const STOPS = [0, 0.5, 0.8, 1].map(part => signal(part))

export const DigitFilm = (props: StageProps) => (
  <FlightFilm
    stops={STOPS}
    label={props.label}
    draw={(progress, label) => <Picture {...props} label={label} progress={progress} isHeld={never} />}
  />
)
