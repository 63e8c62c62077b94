import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { PictureTraits } from '../../../../engine/pictures/map.ts'
import type { Colour } from '../../../draw/cloud.ts'
import { colourOf } from '../../../draw/colours.ts'
import { FlightFilm, FlightLoop } from '../flight-loop.tsx'
import { drawDigits } from './drawing.ts'
import { held, moveMorph } from './morph.ts'
import type { DigitFlight } from './use-digit-flight.ts'

const css = ([red, green, blue]: Colour): string =>
  `rgb(${[red, green, blue].map(part => Math.round(255 * part)).join(' ')})`

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
  const canvas = useRef<HTMLCanvasElement>(null)
  const colours = { ink: css(colourOf('--ink')), stray: css(colourOf('--stray')) }
  const at = useMemo(() => computed(() => (isHeld.value ? 1 : progress.value)), [progress, isHeld])
  useEffect(() => {
    const own = canvas.current!
    let frame = 0
    const draw = (): void => {
      frame = 0
      const { clientWidth, clientHeight } = own
      const [width, height] = [clientWidth, clientHeight].map(side => Math.round(side * devicePixelRatio))
      if (own.width !== width || own.height !== height) Object.assign(own, { width, height })
      if (flight) drawDigits(own, { flight, shape, misread, ...colours, progress: at.peek() })
    }
    const later = (): void => {
      if (frame === 0) frame = requestAnimationFrame(draw)
    }
    const sizes = new ResizeObserver(later)
    sizes.observe(own)
    const end = at.subscribe(later)
    return () => {
      end()
      sizes.disconnect()
      cancelAnimationFrame(frame)
    }
  }, [flight, misread, at, colours.ink, colours.stray])
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
