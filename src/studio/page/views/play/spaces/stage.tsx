import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { SpaceName } from '../../../../example/space-maps.ts'
import { colourOf, cssOf } from '../../../draw/colours.ts'
import { useDrawnCanvas } from '../drawn-canvas.ts'
import { FlightFilm, FlightLoop } from '../flight-loop.tsx'
import { drawStage, type Turn } from './drawing.ts'
import { dataPoints, type SpaceFlight } from './model.ts'

interface StageProps {
  readonly name: SpaceName
  readonly flight: SpaceFlight | null
  readonly turn: Signal<Turn>
  readonly label: string
}

/** Furthest tilt of a globe. */
const MOST_TILT = Math.PI / 2

/** One picture of the stage, drawn again with every change of its progress and of where it is seen from. */
function Picture({
  name,
  flight,
  turn,
  label,
  progress,
}: StageProps & { readonly progress: ReadonlySignal<number> }) {
  const data = useMemo(() => dataPoints(name), [name])
  const colours = {
    still: cssOf(colourOf('--target')),
    line: cssOf(colourOf('--target')),
    flying: cssOf(colourOf('--run-0')),
    stray: cssOf(colourOf('--stray')),
  }
  const form = Object.values(colours).join()
  const canvas = useDrawnCanvas(
    own => {
      const context = own.getContext('2d')!
      context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
      const shown = { name, data, flight, colours, progress: progress.peek(), turn: turn.peek() }
      drawStage(context, shown, own.clientWidth, own.clientHeight)
    },
    [progress, turn],
    [name, data, flight, form, progress, turn],
  )
  const drag = (event: PointerEvent & { currentTarget: HTMLCanvasElement }): void => {
    if (name !== 'sphere' || event.buttons === 0) return
    const radius = 0.44 * event.currentTarget.clientHeight
    const { yaw, pitch } = turn.value
    turn.value = {
      yaw: yaw - event.movementX / radius,
      pitch: Math.max(-MOST_TILT, Math.min(MOST_TILT, pitch + event.movementY / radius)),
    }
  }
  return (
    <canvas
      ref={canvas}
      class={`space-stage${name === 'sphere' ? ' turns' : ''}`}
      role="img"
      aria-label={label}
      onPointerDown={event => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
    />
  )
}

export const SpaceLoop = (props: StageProps) => (
  <FlightLoop draw={progress => <Picture {...props} progress={progress} />} />
)

const STOPS = [0, 0.5, 1].map(part => signal(part))

export const SpaceFilm = (props: StageProps) => (
  <FlightFilm
    stops={STOPS}
    label={props.label}
    draw={(progress, label) => <Picture {...props} label={label} progress={progress} />}
  />
)
